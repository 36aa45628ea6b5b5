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
import { type ClaimBuilder, enoughBytes } from "./claim-builder.ts";
import { sizeResults } from "./dependencies-table.ts";
import { claimRows, isOneOfSelected } from "./dialect.ts";
import { createManyJobsReader, payloadBytes } from "./many-jobs.ts";
import { followTaken, type TakeTerms } from "./mark-taken.ts";
import { isReady } from "./status-sql.ts";
import { hasTrait, traits } from "./traits.ts";
import type { Transition } from "./transition.ts";

/** Jobs that a statement takes without a look at how large payloads are. */
const plainSize = 100;
/** Jobs that it takes at most if those that it looks at have small ones, and how many it looks at. */
const trialSize = 1000;
const lookedAt = 10;

const ready =
  `jobs WHERE queue = ? AND ${isReady} AND budget_set = '' AND (priority, seq) >= (?, ?)`;

const toTake = (limit: string) => {
  const first = `SELECT seq FROM ${ready} AND NOT EXISTS (SELECT 1 FROM queue_settings
      WHERE queue_settings.queue = jobs.queue AND (paused = 1 OR max_in_flight IS NOT NULL))
    ORDER BY priority, seq LIMIT ${limit} ${claimRows}`;
  return `UPDATE jobs
    SET status = ${status.inFlight}, dequeued_at = ?, holder = ?, deliveries = deliveries + 1
    WHERE ${isOneOfSelected("seq", first)}`;
};
const take = toTake("?");
/** As many as fit if all are as large as the first ones, but `plainSize` at least. */
const takeTrial = toTake(`(SELECT CAST(least(?, greatest(${plainSize}, ${enoughBytes} / greatest(1,
    coalesce(avg(bytes), 1)))) AS BIGINT)
  FROM (SELECT ${payloadBytes} AS bytes FROM ${ready} ORDER BY priority, seq LIMIT ${lookedAt}) AS looked_at)`);

const taken = createManyJobsReader();
const none: ReadonlyMap<number, number> = new Map();

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
  for (let isFirst = true; builder.room() > 0; isFirst = false) {
    const limit = Math.min(isFirst ? trialSize : builder.nextSize(plainSize), builder.room());
    const place = [queue, next.priority, next.seq];
    const isTrial = isFirst && limit > plainSize;
    const jobs = isTrial
      ? yield* taken.change(takeTrial, [now, holder, ...place, limit, ...place])
      : yield* taken.change(take, [now, holder, ...place, limit]);
    if (jobs.length > 0) {
      jobs.sort(comparePositions);
      yield* followTaken(jobs, worker);
      const dependents = jobs.filter((job) => hasTrait(job, traits.dependent));
      const sizes = dependents.length > 0
        ? yield* sizeResults(dependents.map(({ seq }) => seq))
        : none;
      for (const job of jobs) builder.add(job, sizes.get(job.seq));
      next = toPosition(jobs.at(-1)!);
    }
    // Fewer may be all that fit.
    if (jobs.length < (isTrial ? plainSize : limit)) return undefined;
  }
  return next;
}

const toPosition = ({ priority, seq }: Position): Position => ({ priority, seq });
