/**
 * Taking the first jobs of a queue with one statement, which finds them, marks them as taken and gives them.
 *
 * For brokers that share a database, which is far: to read jobs first and to mark them then takes two ways there and back.
 * It begins where ready jobs may be: before that, PostgreSQL goes over all that was taken and is not vacuumed yet.
 *
 * The statement takes nothing from a queue that is paused or has a limit; of those that may be, the gates know, and such a
 * queue is claimed from in the other way (`claim-merged.ts`). What they do not know yet they hear before long.
 *
 * @module
 */

import { status } from "../protocol/status.ts";
import { type Backlog, comparePositions, type Position } from "./backlog.ts";
import type { ClaimBuilder } from "./claim-builder.ts";
import { claimRows, isOneOfSelected } from "./dialect.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { followTaken, type TakeTerms } from "./mark-taken.ts";
import { isReady } from "./status-sql.ts";
import type { Transition } from "./transition.ts";

const firstJobs = `SELECT seq FROM jobs
  WHERE queue = ? AND ${isReady} AND budget_set = '' AND (priority, seq) >= (?, ?) AND NOT EXISTS (SELECT 1 FROM queue_settings
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
 * @param backlog The queue, of which nothing is known to be paused or limited, and where its ready jobs begin.
 * @param terms Who gets them, and when.
 * @returns Where they begin now; undefined if no more are left.
 */
export function* takeFirstJobs(
  builder: ClaimBuilder,
  { queue, from }: Pick<Backlog, "queue" | "from">,
  { holder, worker, now }: TakeTerms & { readonly holder: number },
): Transition<Position | undefined> {
  let next = from;
  for (let size = firstSize; builder.room() > 0;) {
    const limit = Math.min(size, builder.room());
    const params = [now, holder, queue, next.priority, next.seq, limit];
    const jobs = yield* taken.change(takeFirst, params);
    if (jobs.length > 0) {
      jobs.sort(comparePositions);
      yield* followTaken(jobs, worker);
      for (const job of jobs) builder.add(job);
      next = toPosition(jobs.at(-1)!);
    }
    if (jobs.length < limit) return undefined;
    size = builder.nextSize(firstSize);
  }
  return next;
}

const toPosition = ({ priority, seq }: Position): Position => ({ priority, seq });
