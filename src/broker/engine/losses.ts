/**
 * Telling workers that they lose jobs, without having reported anything.
 *
 * @module
 */

import type { Cause, JobsChange } from "../../store/changes.ts";
import type { Members } from "./members.ts";

/** Why jobs are lost to who has them. That a lease is lost was told when it ended. */
const losing: ReadonlySet<Cause> = new Set(["timed-out", "evicted", "put", "removed"]);

/** Tells the members that have the jobs of a change, if they lose them by it. */
export function tellLosses(
  { cause, jobs, byHolder }: JobsChange,
  { heldJob }: Pick<Members, "heldJob">,
): void {
  if (!losing.has(cause) || byHolder) return;
  const lost = Map.groupBy(jobs, ({ id }) => heldJob(id)?.member);
  for (const [member, jobs] of lost) {
    if (member?.gone === false) member.subscriber.lost?.(jobs.map(({ id }) => id));
  }
}
