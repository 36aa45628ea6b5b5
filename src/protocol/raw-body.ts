/**
 * Decodes the body of an enqueue once and cuts the payloads out of it as they are.
 *
 * @module
 */

import type { Format } from "./codec.ts";
import { decodeText, parseJson } from "./json.ts";
import { type PayloadPlace, scanJsonPayloads } from "./json-scan.ts";
import { scanPack } from "./msgpack-scan.ts";
import { readPack } from "./pack-reader.ts";
import { withoutNonFinite } from "./payload.ts";
import type { RawPayload } from "./record.ts";

/** A decoded body with the payload of each job as it was sent; undefined for a job without one. */
export interface RawBody {
  readonly value: unknown;
  readonly payloads: readonly (RawPayload | undefined)[];
}

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
  const value = parseJson(text);
  // A line break can only be white space here (in a string it must be escaped), and would end a frame.
  const oneLine = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, " ") : text;
  return { value, payloads: scanJsonPayloads(oneLine, place) };
}

function fromPack(bytes: Uint8Array<ArrayBuffer>, place: PayloadPlace): RawBody {
  const payloads = scanPack(bytes, place).map((span) => {
    if (span === undefined) return undefined;
    const payload = bytes.subarray(span.start, span.end);
    return span.nonFinite ? withoutNonFinite(payload) : payload;
  });
  return { value: readPack(bytes), payloads };
}
