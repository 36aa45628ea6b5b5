/**
 * Marking jobs as taken by a worker: ready → in flight.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { closeBatches } from "./batch.ts";
import { jobColumns } from "./jobs-table.ts";
import { isReady } from "./status-sql.ts";
import { changedOf, report, runEach, type Transition } from "./transition.ts";
import { freeKeys } from "./unique.ts";

/**
 * The select list of a ready job as it will be once it is taken, so that the row can be sent as it is. The first
 * parameter is the instant at which it is taken, in ms since the epoch.
 */
export const takenColumns: string = jobColumns({
  status: `${status.inFlight}`,
  dequeuedAt: "CAST(? AS BIGINT)", // PostgreSQL does not know the type of a parameter in a select list.
  deliveries: "deliveries + 1",
});

const takeSql =
  `UPDATE jobs SET status = ${status.inFlight}, dequeued_at = ?, holder = ?, deliveries = deliveries + 1
   WHERE id = ? AND ${isReady}`;

/**
 * Marks ready jobs as in flight.
 *
 * @param jobs Jobs as they were read, with {@linkcode takenColumns}.
 * @param holder The row of `holders` that stands for who gets them.
 * @param now In ms since the epoch.
 * @returns Those of them that were still ready. Nothing is written of the others.
 */
export function* markTaken(
  jobs: readonly JobRecord[],
  holder: number,
  now: number,
): Transition<readonly JobRecord[]> {
  const counts = yield* runEach(takeSql, jobs.map(({ id }) => [now, holder, id]));
  const taken = changedOf(jobs, counts);
  const releasing = taken.filter(({ uniqueWhile }) => uniqueWhile === "queued");
  if (releasing.length > 0) yield* freeKeys(releasing.map(({ id }) => id));
  const batched = taken.filter(({ batch }) => batch !== null);
  if (batched.length > 0) yield* closeBatches(batched.map(({ id }) => id));
  if (taken.length > 0) {
    yield report({
      kind: "jobs",
      from: status.ready,
      to: status.inFlight,
      count: taken.length,
      jobs: taken,
    });
  }
  return taken;
}
