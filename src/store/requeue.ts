/**
 * Moving a job by hand, from any status, also to a queue where it has been.
 *
 * @module
 */

import type { JobRecord, RawPayload } from "../protocol/record.ts";
import { beginAnew } from "./begin-anew.ts";
import { findVisibleJob } from "./jobs.ts";
import { type NewStay, toNewStay } from "./new-stay.ts";
import { withExtras } from "./trait-tables.ts";
import type { Transition } from "./transition.ts";

/** Where a job is moved, and what else becomes of it. */
export interface Requeue extends NewStay {
  /** Replaces that of the job; undefined leaves it. */
  readonly payload?: RawPayload | undefined;
}

/**
 * Moves a job, whoever has it.
 *
 * @param id The id of the job.
 * @param requeue What changes.
 * @param now In ms since the epoch.
 * @returns The job as it is now; undefined if there is none.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* requeueJob(
  id: string,
  requeue: Requeue,
  now: number,
): Transition<JobRecord | undefined> {
  const before = yield* findVisibleJob(id, now);
  if (before === undefined) return undefined;
  const after = toNewStay(before, requeue, now);
  yield* beginAnew(before, after, { payload: requeue.payload });
  return (yield* withExtras([after]))[0];
}
