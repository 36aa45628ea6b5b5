/**
 * Reports a success with the jobs that are to be stored with it.
 *
 * | The server         | What it is sent                                                                              |
 * | ------------------ | -------------------------------------------------------------------------------------------- |
 * | is one of Millrace | one call, which does all or nothing                                                          |
 * | is another         | the jobs one by one, each with a unique key while it is kept; then the success               |
 *
 * @module
 */

import type { Client, SuccessOptions } from "../client/client.ts";
import { isMillraceError, type ResponseError } from "../errors.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { Job } from "../protocol/job.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";

/** What is reported. */
export interface EnqueuingSuccess extends Pick<SuccessOptions, "payload" | "result"> {
  /** Requests: what a definition has put together was made into one. */
  readonly enqueue: readonly (EnqueueRequest | PreparedJob)[];
  readonly signal: AbortSignal;
}

/** Reports it. Throws what the client throws; made again, it stores nothing twice. */
export async function succeedAndEnqueue(
  client: Pick<Client, "success"> & Partial<Pick<Client, "enqueue">>,
  job: Job,
  { enqueue, signal, ...success }: EnqueuingSuccess,
): Promise<void> {
  if (enqueue.length === 0) return await client.success(job, { ...success, signal });
  if (job.deliveries !== undefined) {
    await client.success(job, { ...success, enqueue, signal });
    return;
  }
  if (client.enqueue === undefined) {
    throw new TypeError(
      "Cannot finish with jobs to enqueue: the worker's 'client' has no 'enqueue', give it a whole client",
    );
  }
  for (const [place, request] of enqueue.entries()) {
    await client.enqueue(toOnce(request as EnqueueRequest, job, place), { signal });
  }
  await client.success(job, { signal });
}

/** A request that stores a job once, as long as that is kept. */
function toOnce(request: EnqueueRequest, { id }: Job, place: number): EnqueueRequest {
  if (request.uniqueKey !== undefined || request.batch !== undefined) return request;
  return { ...request, uniqueKey: `finish:${id}:${place}`, uniqueWhile: "exists" };
}

/** Answers that are about the caller or the run, and not about the jobs. */
const ofTheRun: readonly (number | undefined)[] = [401, 404, 407, 409];

/** Whether an error says that the jobs will never be stored as they are: then the handler has made a mistake. */
export function isRefusalOfJobs(error: unknown): boolean {
  if (!isMillraceError(error)) return error instanceof TypeError || error instanceof RangeError;
  if (error.code === "payload") return true;
  const { status, fromBroker, retryable } = error as ResponseError;
  return error.code === "refused" && fromBroker && !retryable && !ofTheRun.includes(status);
}
