/**
 * The query string of `PUT /payloads/{key}` (docs/protocol.md, section 19).
 *
 * @module
 */

import { QueryError, readInteger, readParams } from "./query.ts";
import { defaultPayloadTtlMs, isPayloadKey, payloadKeyRule } from "./stored-payload.ts";

const longestMs = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Reads how long a payload is kept, in ms.
 *
 * @throws {QueryError} If the query cannot be served.
 */
export function readPayloadTtl(search: string): number {
  const wire = readParams(search, ["ttl_ms"]).get("ttl_ms");
  const ttlMs = wire === undefined ? defaultPayloadTtlMs : readInteger("ttl_ms", wire, longestMs);
  if (ttlMs > 0) return ttlMs;
  throw new QueryError("'ttl_ms' must be 1 or more", 422);
}

/**
 * Demands that a payload can have a key.
 *
 * @throws {QueryError} If it cannot.
 */
export function demandPayloadKey(key: string): void {
  if (!isPayloadKey(key)) throw new QueryError(`'key' must be ${payloadKeyRule}`, 422);
}
