/**
 * The calls that put jobs by their ids and move them.
 *
 * @module
 */

import { concatBytes } from "../../protocol/concat-bytes.ts";
import { checkJobId } from "../../protocol/job-id.ts";
import { checkRequeue } from "../../protocol/movement-request.ts";
import { metadataView } from "../../protocol/record-json.ts";
import { isRejection } from "../../protocol/rejection.ts";
import { readPut, readRequeue } from "../../protocol/request-body.ts";
import { answerEnqueued, answerJob } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Endpoint } from "./call.ts";
import { noSuchJob } from "./jobs.ts";
import { readKey, tellExtensions, toKeyed } from "./keyed.ts";
import { demandFormat, readMessage, type Received, toMessage } from "./message.ts";
import { Refusal, toRefusal } from "./refusal.ts";
import { readWorkerId } from "./worker-id.ts";

/** `PUT /jobs/{id}` */
export const put: Endpoint = async (call) => {
  const [id] = call.params as [string];
  const problem = checkJobId(id);
  if (problem !== undefined) throw new Refusal(400, problem);
  const key = readKey(call);
  const body = { format: demandFormat(call), bytes: await readBody(call) };
  const request = await toMessage(call, body, readPut, "single");
  await call.reach.demandNew([request]);
  const result = await call.engine.movement.put(id, request, {
    by: readWorkerId(call.request.headers),
    // A key is one call, and that is about one id.
    keyed: key === null ? undefined : await toKeyed(key, withId(body, id), call, 3),
  });
  if (isRejection(result)) throw toRefusal(result);
  const answer = answerEnqueued(call.format, result.stored, result.isNew ? 201 : 200);
  if (key !== null) tellExtensions(call, answer);
  return answer;
};

function withId({ format, bytes }: Received, id: string): Received {
  return { format, bytes: concatBytes([new TextEncoder().encode(`${id}\n`), bytes]) };
}

/** `POST /jobs/{id}/requeue` */
export const requeue: Endpoint = async (call) => {
  const request = await readMessage(call, readRequeue, "single");
  const problem = checkRequeue(request);
  if (problem !== undefined) throw toRefusal(problem);
  await call.reach.demandChange({ ...request, dependsOn: request.dependsOn?.ids });
  const by = readWorkerId(call.request.headers);
  const job = await call.engine.movement.requeue(call.params[0]!, { ...request, by });
  if (job === undefined) throw new Refusal(404, noSuchJob);
  if (isRejection(job)) throw toRefusal(job);
  return answerJob(call.format, job, metadataView);
};
