/**
 * Marking jobs as taken by a worker: ready → in flight.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { closeBatches } from "./batch.ts";
import { isOneOf } from "./dialect.ts";
import { boundedColumns } from "./jobs-table.ts";
import { isReady } from "./status-sql.ts";
import { report, run, StaleReadError, type Transition } from "./transition.ts";
import { freeKeys } from "./unique.ts";

/**
 * The select list of a ready job as it will be once it is taken, so that the row can be sent as it is. The first
 * parameter is the instant at which it is taken, in ms since the epoch.
 */
export const takenColumns: string = boundedColumns({
  status: `${status.inFlight}`,
  dequeuedAt: "CAST(? AS BIGINT)", // PostgreSQL does not know the type of a parameter in a select list.
  deliveries: "deliveries + 1",
});

const takeSql =
  `UPDATE jobs SET status = ${status.inFlight}, dequeued_at = ?, holder = ?, deliveries = deliveries + 1
   WHERE ${isOneOf("seq", "integers")} AND ${isReady}`;

/**
 * Marks ready jobs as in flight.
 *
 * @param jobs Jobs as they were read, with {@linkcode takenColumns}; at least one.
 * @param holder The row of `holders` that stands for who gets them.
 * @param now In ms since the epoch.
 * @throws {StaleReadError} If one of them was not ready any more: a budget may have been charged for it, and others may
 * have been passed over because of it.
 */
export function* markTaken(
  jobs: readonly JobRecord[],
  holder: number,
  now: number,
): Transition<void> {
  // One statement for all: calling the engine once for each costs as much as what it does.
  const seqs = `[${jobs.map(({ seq }) => seq).join()}]`;
  if ((yield* run(takeSql, [now, holder, seqs])) < jobs.length) {
    throw new StaleReadError("A job was taken meanwhile");
  }
  const releasing = jobs.filter(({ uniqueWhile }) => uniqueWhile === "queued");
  if (releasing.length > 0) yield* freeKeys(releasing.map(({ seq }) => seq));
  const batched = jobs.filter(({ batch }) => batch !== null);
  if (batched.length > 0) yield* closeBatches(batched.map(({ seq }) => seq));
  yield report({ kind: "jobs", from: status.ready, to: status.inFlight, jobs });
}
