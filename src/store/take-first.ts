/**
 * Taking the first jobs of a queue with one statement, which finds them, marks them as taken and gives them.
 *
 * For brokers that share a database, which is far: to read jobs first and to mark them then takes two ways there and back.
 * The statement takes nothing from a queue that is paused or has a limit; of those that may be, the gates know, and such a
 * queue is claimed from in the other way (`claim-merged.ts`). What they do not know yet they hear before long.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { comparePositions } from "./backlog.ts";
import type { ClaimBuilder } from "./claim-builder.ts";
import { claimRows, isOneOfSelected } from "./dialect.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { followTaken, type TakeTerms } from "./mark-taken.ts";
import { isReady } from "./status-sql.ts";
import type { Transition } from "./transition.ts";

const firstJobs = `SELECT seq FROM jobs
  WHERE queue = ? AND ${isReady} AND budget_set = '' AND NOT EXISTS (SELECT 1 FROM queue_settings
    WHERE queue_settings.queue = jobs.queue AND (paused = 1 OR max_in_flight IS NOT NULL))
  ORDER BY priority, seq LIMIT ? ${claimRows}`;

const takeFirst = `UPDATE jobs
  SET status = ${status.inFlight}, dequeued_at = ?, holder = ?, deliveries = deliveries + 1
  WHERE ${isOneOfSelected("seq", firstJobs)}`;

const taken = createManyJobsReader();

/** Jobs that the first statement takes at most: only then it is known how large their payloads are. */
const firstSize = 100;

/**
 * Takes jobs without budgets of a queue, the first ones first.
 *
 * @param builder Gets the jobs, and says how many more there may be.
 * @param queue The queue, of which nothing is known to be paused or limited.
 * @param terms Who gets them, and when.
 * @returns Whether no more are left.
 */
export function* takeFirstJobs(
  builder: ClaimBuilder,
  queue: string,
  { holder, worker, now }: TakeTerms & { readonly holder: number },
): Transition<boolean> {
  for (let size = firstSize; builder.room() > 0;) {
    const limit = Math.min(size, builder.room());
    const jobs = yield* taken.change(takeFirst, [now, holder, queue, limit]);
    if (jobs.length > 0) {
      const inOrder: readonly JobRecord[] = jobs.sort(comparePositions);
      yield* followTaken(inOrder, worker);
      for (const job of inOrder) builder.add(job);
    }
    if (jobs.length < limit) return true;
    size = builder.nextSize(firstSize);
  }
  return false;
}
