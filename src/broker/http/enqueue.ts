/**
 * Enqueueing.
 *
 * @module
 */

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
  const [stored] = await call.engine.enqueue([job]);
  return answerEnqueued(call.format, stored!);
};

/** `POST /jobs/bulk` */
export const enqueueMany: Endpoint = async (call) => {
  const jobs = await readMessage(call, readEnqueueBulk);
  for (const [index, job] of jobs.entries()) demandAcceptable(job, `jobs[${index}]: `);
  for (const job of jobs) demandSupported(job);
  return answerEnqueuedMany(call.format, await call.engine.enqueue(jobs));
};

function demandAcceptable(job: NewJob, where: string): void {
  const problem = checkEnqueue(job);
  if (problem !== undefined) throw new Refusal(400, where + problem);
}

/** To drop what makes a job unique would run it twice without a word. */
function demandSupported(job: NewJob): void {
  if (job.uniqueKey !== null) throw new Refusal(400, "unique_key is not supported yet");
  if (job.batch) throw new Refusal(400, "batch is not supported yet");
}
