/**
 * Taking all jobs of a queue from the workers that have them.
 *
 * There is no index by the queues of jobs in flight; but those are few, and found by their holders and by their leases.
 *
 * @module
 */

import { evictJobs } from "./evict-jobs.ts";
import type { FinishTerms } from "./job-rules.ts";
import { isInFlight } from "./status-sql.ts";
import { rows, type Transition } from "./transition.ts";

/** Jobs in flight, of whatever queue, that one piece looks at. */
const pieceSize = 500;

/** Where a piece ended: its last job in the order of the holders, or in that of the leases. */
export type EvictionCursor =
  | { readonly by: "holder"; readonly holder: number; readonly seq: number }
  | { readonly by: "lease"; readonly seq: number };

interface FlyingJob {
  readonly id: string;
  readonly seq: number;
  readonly queue: string;
  readonly holder: number;
}

/**
 * Makes jobs in flight of a queue ready again, some at a time, without counting an attempt. What one piece takes from
 * workers may be given to others before the next one.
 *
 * @returns Where the next piece begins; undefined at the end.
 */
export function* evictQueue(
  queue: string,
  terms: FinishTerms,
  after: EvictionCursor = { by: "holder", holder: -1, seq: -1 },
): Transition<EvictionCursor | undefined> {
  let seq = after.seq;
  if (after.by === "holder") {
    const held = yield* rows<FlyingJob>(
      `SELECT id, seq, queue, holder FROM jobs WHERE holder IS NOT NULL AND (holder, seq) > (?, ?)
       AND ${isInFlight} ORDER BY holder, seq LIMIT ?`,
      [after.holder, after.seq, pieceSize],
    );
    yield* evictFrom(held.filter((job) => job.queue === queue), terms);
    const last = held.at(-1);
    if (last !== undefined && held.length === pieceSize) {
      return { by: "holder", holder: last.holder, seq: last.seq };
    }
    // In the same piece: one that has a lease only since it was taken from its holder is not to be taken again.
    seq = -1;
  }
  const leased = yield* rows<FlyingJob>(
    `SELECT id, seq, queue, -1 AS holder FROM leases JOIN jobs ON jobs.seq = leases.job
     WHERE leases.job > ? AND ${isInFlight} ORDER BY leases.job LIMIT ?`,
    [seq, pieceSize],
  );
  yield* evictFrom(leased.filter((job) => job.queue === queue), terms);
  return leased.length === pieceSize ? { by: "lease", seq: leased.at(-1)!.seq } : undefined;
}

function* evictFrom(jobs: readonly FlyingJob[], terms: FinishTerms): Transition<void> {
  yield* evictJobs(jobs.map(({ id }) => id), terms);
}
