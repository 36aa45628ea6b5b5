/**
 * What becomes of a job in flight that is to be cancelled and would go back to its queue: it dies instead of running again.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { endAsFailed, type FailureMove } from "./finish.ts";
import type { FinishTerms } from "./job-rules.ts";
import { hasTrait, traits } from "./traits.ts";
import type { Transition } from "./transition.ts";

/** Whether a job in flight is to be cancelled. */
export function isUnwanted(job: Pick<JobRecord, "traits">): boolean {
  return hasTrait(job, traits.unwanted);
}

/**
 * Ends it. The caller flushes the ledger.
 *
 * @returns The job as it is now, or was before it was deleted; undefined if it changed since it was read.
 */
export function endUnwanted(
  job: JobRecord,
  { now, defaults }: FinishTerms,
  move: FailureMove,
): Transition<JobRecord | undefined> {
  // What it fails of is what it is cancelled for.
  const failure = { message: "", kill: true };
  return endAsFailed(job, failure, { now, defaults, jitter: 0, cause: "cancelled", ...move });
}
