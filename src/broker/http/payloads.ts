/**
 * The calls on payloads beside jobs (docs/protocol.md, section 19).
 *
 * @module
 */

import { concatBytes } from "../../protocol/concat-bytes.ts";
import { noSuchPayload } from "../../protocol/stored-payload.ts";
import { demandPayloadKey, readPayloadTtl } from "../../protocol/stored-payload-query.ts";
import { answerNothing } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Endpoint } from "./call.ts";
import { answerWhole } from "./long-answer.ts";
import { Refusal } from "./refusal.ts";

/** `PUT /payloads/{key}` */
export const put: Endpoint = async (call) => {
  const [key] = call.params as [string];
  demandPayloadKey(key);
  const ttlMs = readPayloadTtl(call.query);
  await call.engine.payloads.put(key, await readBody(call), ttlMs);
  return answerNothing(204);
};

/** `GET /payloads/{key}` */
export const get: Endpoint = async ({ engine, params }) => {
  const pieces = await engine.payloads.get(params[0]!);
  if (pieces.length === 0) throw new Refusal(404, noSuchPayload);
  const bytes = pieces.length === 1 ? pieces[0]! : concatBytes(pieces);
  // Whatever it is, no browser is to show it as a page of the broker.
  const headers = {
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
  };
  return answerWhole(bytes, { headers });
};

/** `DELETE /payloads/{key}` */
export const remove: Endpoint = async ({ engine, params }) => {
  await engine.payloads.delete(params[0]!);
  return answerNothing(204);
};
