/**
 * The calls on one job.
 *
 * @module
 */

import type { JobPatch } from "../../protocol/patch.ts";
import { checkPatch, type PatchRequest } from "../../protocol/patch-request.ts";
import { isFinished, statusNames } from "../../protocol/status.ts";
import { readCascade, readGetQuery } from "../../protocol/query.ts";
import { readPatch } from "../../protocol/request-body.ts";
import { metadataView } from "../../protocol/record-json.ts";
import { withMaxPayload } from "../../store/many-jobs.ts";
import { answerJob, answerNothing, viewFor } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** The 404 of every call on one job. */
export const noSuchJob = "job not found";

/** `GET /jobs/{id}` */
export const get: Endpoint = async ({ engine, request, params, query, format }) => {
  const { lastError = false, maxPayload = Infinity } = readGetQuery(query);
  const job = await engine.get(params[0]!, { lastError });
  if (job === undefined) throw new Refusal(404, noSuchJob);
  return answerJob(format, withMaxPayload(job, maxPayload), viewFor(request));
};

/** `PATCH /jobs/{id}` */
export const patch: Endpoint = async (call) => {
  const [id] = call.params as [string];
  const patch = toGrantable(await readMessage(call, readPatch));
  await call.reach.demandChange(patch);
  const job = await call.engine.patch(id, patch);
  if (job === undefined) throw new Refusal(404, noSuchJob);
  if (isFinished(job.status)) {
    throw new Refusal(422, `cannot patch job ${id} in ${statusNames[job.status]} status`);
  }
  return answerJob(call.format, job, metadataView);
};

/** `DELETE /jobs/{id}` */
export const remove: Endpoint = async ({ engine, params, query }) => {
  const removed = await engine.remove(params[0]!, query !== "" && readCascade(query));
  if (removed === false) throw new Refusal(404, noSuchJob);
  if (removed !== true) throw toDependentsRefusal(removed);
  return answerNothing(204);
};

/** Refuses to delete jobs that others wait for, and names these. */
export function toDependentsRefusal(dependents: readonly string[]): Refusal {
  const some = dependents.slice(0, 3).join(", ");
  return new Refusal(
    409,
    `other jobs wait for what is to be deleted (${some}${dependents.length > 3 ? ", …" : ""}): ` +
      "delete these as well, or use cascade=true",
    { dependents },
  );
}

/** Demands a patch that can be granted. Throws a {@linkcode Refusal} with 422. */
export function toGrantable(request: PatchRequest): JobPatch {
  const problem = checkPatch(request);
  if (problem !== undefined) throw new Refusal(422, problem);
  return request as JobPatch;
}
