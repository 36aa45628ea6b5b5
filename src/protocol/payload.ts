/**
 * Payloads between the two formats. A payload is converted only for a reader of the other format than the one it
 * came in.
 *
 * @module
 */

import { parseJson } from "./json.ts";
import { msgpackCodec } from "./msgpack.ts";
import { type PackSpan, scanPack } from "./msgpack-scan.ts";
import { readPack } from "./pack-reader.ts";
import type { JobRecord, RawPayload } from "./record.ts";

/** A payload in the format it came in. */
export type StoredPayload = Pick<JobRecord, "payloadJson" | "payloadPack">;

/** The payload of a record as JSON text; `null` when the record came without one. */
export function payloadAsJson({ payloadJson, payloadPack }: StoredPayload): string {
  if (typeof payloadJson === "string") return payloadJson;
  if (!payloadPack) return "null";
  const { negativeZero } = scanPack(payloadPack);
  // Some drivers give a plain view of a buffer that is theirs: reading copies what it keeps.
  return JSON.stringify(readPack(payloadPack), negativeZero ? tellNegativeZero : undefined);
}

/** The one number that `JSON.stringify` does not write as it reads it. In ES2026, and in no type library yet. */
const rawNegativeZero = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON("-0");

function tellNegativeZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? rawNegativeZero : value;
}

/** The payload of a record as the bytes of one MessagePack value. */
export function payloadAsPack(
  { payloadJson, payloadPack }: StoredPayload,
): Uint8Array<ArrayBuffer> {
  return payloadPack ?? msgpackCodec.encode(parseJson(payloadJson ?? "null"));
}

/** A payload of a body with null in the place of what JSON cannot say: NaN and the infinities. */
export function cutPayload(body: Uint8Array<ArrayBuffer>, span: PackSpan): RawPayload {
  const { start, end, nonFinite } = span;
  if (nonFinite === undefined) return body.subarray(start, end);
  const payload = new Uint8Array(end - start);
  let length = 0;
  let from = start;
  for (const at of nonFinite) {
    payload.set(body.subarray(from, at), length);
    length += at - from;
    payload[length++] = 0xc0;
    from = at + (body[at] === 0xca ? 5 : 9);
  }
  payload.set(body.subarray(from, end), length);
  return payload.subarray(0, length + end - from);
}
