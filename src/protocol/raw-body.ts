/**
 * Decodes a request body once, and cuts the payloads out of it as they are.
 *
 * In what is decoded, a mark stands for a whole number that was sent as a float (`integral-float.ts`).
 *
 * @module
 */

import type { Format } from "./codec.ts";
import { decodeText, parseJson, parseJsonMarked } from "./json.ts";
import { demandParsable, scanJson } from "./json-scan.ts";
import { scanPackBody } from "./msgpack-scan.ts";
import { readPackMarked } from "./pack-reader.ts";
import { cutPayload } from "./payload.ts";
import type { PayloadPlace } from "./payload-place.ts";
import type { RawPayload } from "./record.ts";

/** A decoded body with the payload of each job as it was sent; undefined for a job without one. */
export interface RawBody {
  /** The payloads in it are of no use: there may be nulls in their place, or marks in that of their floats. */
  readonly value: unknown;
  readonly payloads: readonly (RawPayload | undefined)[];
}

/** Decodes a body that has no payloads. Throws `DecodeError` for bytes that are not of the format. */
export function decodeBody(bytes: Uint8Array<ArrayBuffer>, format: Format): unknown {
  if (format === "msgpack") {
    const { spans } = scanPackBody(bytes);
    return readPackMarked(bytes, spans);
  }
  const text = decodeText(bytes);
  demandParsable(text);
  const value = parseJson(text);
  return floatSign.test(text) ? parseJsonMarked(text) : value;
}

/**
 * Decodes a JSON body once more, with integers of up to 2^64 − 1 told from larger ones. For a body that was refused:
 * few have a number so large, and the others need not pay for that.
 *
 * @returns Undefined if the body has no such number.
 */
export function decodeLargeIntegers(bytes: Uint8Array<ArrayBuffer>): unknown {
  const text = decodeText(bytes);
  return /[0-9]{20}/.test(text) ? parseJsonMarked(text) : undefined;
}

/** Finds every float; what it finds in a text costs a second look, nothing more. */
const floatSign = /[:[,\s]-?[0-9]+[.eE]/;

/** Decodes a body. Throws `DecodeError` for bytes that are not of the format. */
export function decodeWithPayloads(
  bytes: Uint8Array<ArrayBuffer>,
  format: Format,
  place: PayloadPlace,
): RawBody {
  return format === "json" ? fromJson(bytes, place) : fromPack(bytes, place);
}

function fromJson(bytes: Uint8Array<ArrayBuffer>, place: PayloadPlace): RawBody {
  const text = decodeText(bytes);
  demandParsable(text);
  const value = parseJson(text);
  // A line break can only be white space here (in a string it must be escaped), and would end a frame.
  const oneLine = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, " ") : text;
  const { payloads, strayFloat } = scanJson(oneLine, place);
  return { value: strayFloat ? parseJsonMarked(oneLine) : value, payloads };
}

function fromPack(bytes: Uint8Array<ArrayBuffer>, place: PayloadPlace): RawBody {
  const { payloads, spans } = scanPackBody(bytes, place);
  const raw = payloads.map((span) => span && cutPayload(bytes, span));
  return { value: readPackMarked(bytes, spans), payloads: raw };
}
