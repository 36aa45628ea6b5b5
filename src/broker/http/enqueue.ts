/**
 * Enqueueing.
 *
 * @module
 */

import { checkBindings } from "../../protocol/binding.ts";
import { checkEnqueue, type NewJob } from "../../protocol/enqueue.ts";
import { readEnqueue, readEnqueueBulk } from "../../protocol/request-body.ts";
import { answerEnqueued, answerEnqueuedMany } from "./answer.ts";
import type { Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** `POST /jobs` */
export const enqueue: Endpoint = async (call) => {
  const job = await readMessage(call, readEnqueue);
  demandAcceptable(job, "");
  demandSupported(job);
  demandBindable(job, "");
  const stored = await call.engine.enqueue([job]);
  if ("refused" in stored) throw new Refusal(422, stored.refused);
  return answerEnqueued(call.format, stored.jobs[0]!);
};

/** `POST /jobs/bulk`: all or none. */
export const enqueueMany: Endpoint = async (call) => {
  const jobs = await readMessage(call, readEnqueueBulk);
  for (const [index, job] of jobs.entries()) demandAcceptable(job, `jobs[${index}]: `);
  for (const job of jobs) demandSupported(job);
  for (const [index, job] of jobs.entries()) demandBindable(job, `jobs[${index}]: `);
  const stored = await call.engine.enqueue(jobs);
  if ("refused" in stored) throw new Refusal(422, `jobs[${stored.index}]: ${stored.refused}`);
  return answerEnqueuedMany(call.format, stored.jobs);
};

function demandAcceptable(job: NewJob, where: string): void {
  const problem = checkEnqueue(job);
  if (problem !== undefined) throw new Refusal(400, where + problem);
}

function demandBindable({ budgets }: NewJob, where: string): void {
  if (budgets.length === 0) return;
  const problem = checkBindings(budgets);
  if (problem !== undefined) throw new Refusal(422, where + problem);
}

/** To drop what says how jobs are merged would run them apart without a word. */
function demandSupported(job: NewJob): void {
  if (job.batch) throw new Refusal(400, "batch is not supported yet");
}
