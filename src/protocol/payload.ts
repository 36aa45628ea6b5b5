/**
 * Payloads between the two formats. A payload is converted only for a reader of the other format than the one it
 * came in.
 *
 * @module
 */

import { msgpackCodec } from "./msgpack.ts";
import type { JobRecord, RawPayload } from "./record.ts";

/** A payload in the format it came in. */
export type StoredPayload = Pick<JobRecord, "payloadJson" | "payloadPack">;

/** The payload of a record as JSON text; `null` when the record came without one. */
export function payloadAsJson({ payloadJson, payloadPack }: StoredPayload): string {
  if (typeof payloadJson === "string") return payloadJson;
  // Some drivers give a plain view of a buffer that is theirs: decoding copies what it keeps.
  return payloadPack ? JSON.stringify(msgpackCodec.decode(payloadPack)) : "null";
}

/** The payload of a record as the bytes of one MessagePack value. */
export function payloadAsPack(
  { payloadJson, payloadPack }: StoredPayload,
): Uint8Array<ArrayBuffer> {
  return payloadPack ?? msgpackCodec.encode(JSON.parse(payloadJson ?? "null"));
}

/** The same value with null in the place of what JSON cannot say: NaN and the infinities. */
export function withoutNonFinite(payload: Uint8Array<ArrayBuffer>): RawPayload {
  const value = JSON.parse(JSON.stringify(msgpackCodec.decode(payload)));
  return msgpackCodec.encode(value);
}
