/**
 * JSON, as strict as the protocol: UTF-8 without a byte order mark, whole characters, numbers that are doubles.
 *
 * @module
 */

import { type Codec, DecodeError } from "./codec.ts";
import { parseEscapedKeys } from "./escaped-keys.ts";
import { beyondU64, lastBelowBeyond, toMark } from "./integral-float.ts";

const encoder = new TextEncoder();
// With 'ignoreBOM' the mark stays in the text, where JSON has no place for it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Where `JSON.parse` may be too lenient: the escape of a surrogate, which may lack its other half; an exponent of
 * three digits, or so many digits in a row that one of two is enough to leave the range of a double. Three
 * searches are twice as fast as one for all.
 */
const suspects = [/\\u[dD][89a-fA-F]/, /[eE]\+?0*[0-9]{3}/, /(?<![0-9])[0-9]{209}/];

/** The codec of `application/json`. */
export const jsonCodec: Codec = {
  format: "json",
  mediaType: "application/json",
  encode: (value) => encoder.encode(JSON.stringify(value)),
  decode: (bytes) => parseJson(decodeText(bytes)),
};

/** Reads UTF-8. Throws {@linkcode DecodeError}. */
export function decodeText(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DecodeError("text is not UTF-8");
  }
}

/** Reads JSON text. Throws {@linkcode DecodeError}. */
export function parseJson(text: string): unknown {
  const value = parseJsonAgain(text);
  if (suspects.some((suspect) => suspect.test(text))) demandExact(value);
  return value;
}

/** Reads JSON text that was read before, and is strict therefore. Throws {@linkcode DecodeError}. */
export function parseJsonAgain(text: string): unknown {
  try {
    const value = JSON.parse(text);
    return text.includes("\\") ? parseEscapedKeys(text) ?? value : value;
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
}

/**
 * Reads JSON text that was read before, this time with marks in the place of whole floats, and with integers of up to
 * 2^64 − 1 told from larger ones.
 */
export function parseJsonMarked(text: string): unknown {
  try {
    return JSON.parse(text, markNumber);
  } catch {
    // The only difference between the two: with a function to call, engines read by recursion.
    throw new DecodeError("nested too deeply");
  }
}

/** The last argument, the text that a value was read from, is in ES2026 and in no type library yet. */
function markNumber(_key: string, value: unknown, context?: { readonly source?: string }) {
  if (typeof value !== "number") return value;
  const source = context!.source!;
  if (!/^-?[0-9]+$/.test(source)) return toMark(value);
  return value === beyondU64 && BigInt(source) < beyondU64 ? lastBelowBeyond : value;
}

/** Looks at every text and number. Without recursion: the value may be nested as deeply as its sender liked. */
function demandExact(root: unknown): void {
  const waiting = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === "string") demandWholeCharacters(value);
    else if (typeof value === "number" && !Number.isFinite(value)) {
      throw new DecodeError("number is out of the range of a double");
    } else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        demandWholeCharacters(key);
        waiting.push(member);
      }
    }
  }
}

function demandWholeCharacters(text: string): void {
  if (!text.isWellFormed()) throw new DecodeError("text has an escape of half a surrogate pair");
}
