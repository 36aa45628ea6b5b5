/**
 * Enqueueing.
 *
 * @module
 */

import { checkBindings } from "../../protocol/binding.ts";
import { checkEnqueue, type NewJob } from "../../protocol/new-job.ts";
import type { Expressions } from "../engine/expressions.ts";
import { readEnqueue, readEnqueueBulk } from "../../protocol/request-body.ts";
import { answerEnqueued, answerEnqueuedMany } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** `POST /jobs` */
export const enqueue: Endpoint = async (call) => {
  const job = await readMessage(call, readEnqueue);
  demandAcceptable(job, "");
  demandPossible(job, "", call.engine.expressions);
  const stored = await call.engine.enqueue([job]);
  if ("refused" in stored) throw new Refusal(422, stored.refused);
  return answerEnqueued(call.format, stored.jobs[0]!);
};

/** `POST /jobs/bulk`: all or none. */
export const enqueueMany: Endpoint = async (call) => {
  const jobs = await readMessage(call, readEnqueueBulk);
  for (const [index, job] of jobs.entries()) demandAcceptable(job, `jobs[${index}]: `);
  for (const [index, job] of jobs.entries()) {
    demandPossible(job, `jobs[${index}]: `, call.engine.expressions);
  }
  const stored = await call.engine.enqueue(jobs);
  if ("refused" in stored) throw new Refusal(422, `jobs[${stored.index}]: ${stored.refused}`);
  return answerEnqueuedMany(call.format, stored.jobs);
};

function demandAcceptable(job: NewJob, where: string): void {
  const problem = checkEnqueue(job);
  if (problem !== undefined) throw new Refusal(400, where + problem);
}

/** What makes sense by itself may still never work: a budget that cannot be, a batch that folds nothing. */
function demandPossible(job: NewJob, where: string, expressions: Expressions): void {
  const problem = checkBindings(job.budgets) ?? expressions.checkBatch(job);
  if (problem !== undefined) throw new Refusal(422, where + problem);
}
