/**
 * Telling workers that they lose jobs, without having reported anything, or that jobs of theirs are to be cancelled.
 *
 * @module
 */

import type { Cause, ChangedJob, JobsChange } from "../../store/changes.ts";
import type { CancelNotice } from "../../protocol/frames-control.ts";
import type { Members } from "./members.ts";

/**
 * Whether jobs are lost to who has them. That a lease is lost was told when it ended. Every change of a job comes here, and
 * to compare texts costs less than to look into a set.
 */
export function isLoss(cause: Cause): boolean {
  return cause === "timed-out" || cause === "evicted" || cause === "put" || cause === "removed" ||
    cause === "cancelled";
}

const nobody: readonly never[] = [];

/**
 * Tells the members that have the jobs of a change, if they lose them by it, or are to come to an end with them.
 *
 * @returns Jobs that are to be cancelled, and that no member has.
 */
export function tellHolders(
  { cause, reason, jobs, byHolder }: JobsChange,
  members: Pick<Members, "heldJob">,
): readonly CancelNotice[] {
  if (cause === "cancel-asked") {
    return tellCancellations(jobs.map(({ id }) => ({ id, reason: reason! })), members);
  }
  if (isLoss(cause) && !byHolder) tellLosses(jobs, members);
  return nobody;
}

function tellLosses(
  jobs: readonly ChangedJob[],
  { heldJob }: Pick<Members, "heldJob">,
): void {
  const lost = Map.groupBy(jobs, ({ id }) => heldJob(id)?.member);
  for (const [member, jobs] of lost) {
    if (member?.gone === false) member.subscriber.lost?.(jobs.map(({ id }) => id));
  }
}

/**
 * Tells the members that have these jobs that they are to be cancelled.
 *
 * @returns Those that no member has.
 */
export function tellCancellations(
  notices: readonly CancelNotice[],
  { heldJob }: Pick<Members, "heldJob">,
): readonly CancelNotice[] {
  const told = Map.groupBy(notices, ({ id }) => heldJob(id)?.member);
  for (const [member, own] of told) {
    if (member?.gone === false) member.subscriber.cancel?.(own);
  }
  return told.get(undefined) ?? [];
}
