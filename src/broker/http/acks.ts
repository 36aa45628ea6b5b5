/**
 * The calls with which a worker reports the end of a job.
 *
 * @module
 */

import { checkIds, toNotFoundWire } from "../../protocol/ack.ts";
import { readFailure, readIds } from "../../protocol/request-body.ts";
import { metadataView } from "../../protocol/record-json.ts";
import { answerJob, answerNothing, answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readListMessage, readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

const notInFlight = "job not found in in-flight set";

/** `POST /jobs/{id}/success` */
export const success: Endpoint = async ({ engine, params }) => {
  const missing = await engine.complete(params);
  if (missing.length > 0) throw new Refusal(404, notInFlight);
  return answerNothing(204);
};

/** `POST /jobs/success` */
export const successMany: Endpoint = async (call) => {
  const ids = await readListMessage(call, "ids", readIds);
  const problem = checkIds(ids);
  if (problem !== undefined) throw new Refusal(400, problem);
  const missing = await call.engine.complete([...new Set(ids)]);
  if (missing.length > 0) return answerValue(call.format, 422, toNotFoundWire(missing));
  return answerNothing(204);
};

/** `POST /jobs/{id}/failure` */
export const failure: Endpoint = async (call) => {
  const message = await readMessage(call, readFailure);
  const job = await call.engine.fail(call.params[0]!, message);
  if (job === undefined) throw new Refusal(404, notInFlight);
  return answerJob(call.format, job, metadataView);
};
