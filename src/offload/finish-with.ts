/**
 * The end of a job with the jobs that follow from it: all of that is one commit.
 *
 * @module
 */

import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { JobContext } from "../worker/context.ts";
import { claim } from "../worker/forgotten.ts";
import { isOutcome, isResult, successOf, withSuccess } from "../worker/outcome.ts";
import { toResult } from "../worker/returned.ts";
import { finish } from "../worker/success-outcome.ts";
import type { PackedPayload } from "./payloads/create-payloads.ts";
import { type DiscardPayload, discardType } from "./records.ts";

/**
 * The job that deletes what lies in stores; none if nothing does. It is a job, as what is deleted before the commit may be needed
 * again, and what is deleted after it may be forgotten.
 *
 * @param queue The queue of a worker that knows the stores.
 */
export function toDiscardJobs(
  stored: readonly PackedPayload[],
  queue: string,
): EnqueueRequest[] {
  if (stored.length === 0) return [];
  const payload: DiscardPayload = { v: 1, payloads: stored };
  return [{ type: discardType, queue, payload }];
}

/**
 * Adds jobs to what a handler returned, if that ends its job well. Of a job that goes on, or is tried again, they are left out.
 *
 * @param returned What the handler returned.
 * @param jobs The jobs.
 * @returns What is to be returned.
 */
export function finishAlso(
  returned: unknown,
  { jobs, context }: {
    readonly jobs: readonly EnqueueRequest[];
    readonly context: JobContext;
  },
): unknown {
  if (jobs.length === 0) return returned;
  if (!isOutcome(returned)) {
    const value = isResult(returned) ? returned.value : returned;
    const result = toResult(value, () => context.log);
    return finish({ enqueue: jobs, result });
  }
  const success = successOf(returned);
  if (success === undefined || success.next !== undefined) return returned;
  claim(returned);
  return withSuccess(returned, { ...success, enqueue: [...success.enqueue ?? [], ...jobs] });
}
