/**
 * Payloads between the two formats. A payload is converted only for a reader of the other format than the one it
 * came in.
 *
 * @module
 */

import { hasExactNumbers, readExactJson } from "../jq/values/exact-json.ts";
import type { Json } from "../jq/values/json.ts";
import { packExactly } from "./exact-pack.ts";
import { parseJsonAgain } from "./json.ts";
import { msgpackCodec } from "./msgpack.ts";
import { type PackSpan, scanPack } from "./msgpack-scan.ts";
import { readPack, readPackExactly } from "./pack-reader.ts";
import { rawJson } from "./raw-json.ts";
import type { JobRecord, RawPayload } from "./record.ts";

/** A payload in the format it came in. */
export type StoredPayload = Pick<JobRecord, "payloadJson" | "payloadPack">;

/** The payload of a record as JSON text; `null` when the record came without one. */
export function payloadAsJson({ payloadJson, payloadPack }: StoredPayload): string {
  if (typeof payloadJson === "string") return payloadJson;
  if (!payloadPack) return "null";
  const { negativeZero, longInteger } = scanPack(payloadPack);
  // Some drivers give a plain view of a buffer that is theirs: reading copies what it keeps.
  const value = longInteger ? readPackExactly(payloadPack) : readPack(payloadPack);
  return JSON.stringify(value, negativeZero ? tellNegativeZero : undefined);
}

/** The payload of a record as the value that expressions work on, with every digit of its numbers. */
export function readPayload(payload: StoredPayload): Json {
  return readExactly(payloadAsJson(payload));
}

/** Parsed in any case: on a text that is cut off, as one of a broken database may be, the exact reader would not end. */
function readExactly(text: string): Json {
  const value = parseJsonAgain(text) as Json;
  return hasExactNumbers(text) ? readExactJson(text) : value;
}

/** What an expression made, as the JSON text of a payload. */
export function writePayload(value: Json): string {
  const text = JSON.stringify(value);
  return bareZero.test(text) ? JSON.stringify(value, tellNegativeZero) : text;
}

/** A zero, which may have been negative. What looks so in a text costs a second look, nothing more. */
const bareZero = /(?:^|[:,[])0(?:$|[,}\]])/;

/** The one number that `JSON.stringify` does not write as it reads it. */
const rawNegativeZero = rawJson("-0");

function tellNegativeZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? rawNegativeZero : value;
}

/** The payload of a record as the bytes of one MessagePack value: integers of up to 64 bits are exact. */
export function payloadAsPack(
  { payloadJson, payloadPack }: StoredPayload,
): Uint8Array<ArrayBuffer> {
  if (payloadPack) return payloadPack;
  const text = payloadJson ?? "null";
  return longInteger.test(text)
    ? packExactly(readExactly(text))
    : msgpackCodec.encode(parseJsonAgain(text));
}

/** An integer beyond 2^53 has so many digits. What looks so costs time, nothing more. */
const longInteger = /[0-9]{16}/;

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
