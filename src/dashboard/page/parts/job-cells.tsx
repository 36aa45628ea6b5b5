/** Cells that tell the same of a job in each list. */

import { count } from "../format.ts";
import type { Job } from "../model.ts";
import { StatusBadge, Text, Time } from "./small.tsx";

/** What their columns are called. */
export const stateHeads = ["Status", "When", "#Tries"] as const;

/** The instant that matters for a job: when it died, was completed, was taken, or is due. */
function momentOf(job: Job): number {
  if (job.status === "dead") return job.failed_at ?? job.ready_at;
  if (job.status === "completed") return job.completed_at ?? job.ready_at;
  if (job.status === "in_flight") return job.dequeued_at ?? job.ready_at;
  return job.ready_at;
}

/** Where it stands, since when, and how often it was tried: three cells. */
export function StateCells({ job }: { readonly job: Job }) {
  return (
    <>
      <td>
        <StatusBadge status={job.status} />
      </td>
      <td>
        <Time at={momentOf(job)} />
      </td>
      <td class="number">{count(job.attempts)}</td>
    </>
  );
}

/** The beginning of what its last try failed of; nothing for a job that has not failed. */
export function LastFailure({ of: { last_error: error } }: { readonly of: Job }) {
  if (error == null) return null;
  return (
    <span class="wrong-text">
      <Text of={error.message.slice(0, 160)} />
    </span>
  );
}
