/**
 * Requeueing dead jobs by what they died of: dead → ready.
 *
 * @module
 */

import { createBudgetLedger } from "./budget-ledger.ts";
import { isOneOf, lockRows } from "./dialect.ts";
import { jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { moveJob } from "./move-job.ts";
import { toNewStay } from "./new-stay.ts";
import { toBytes } from "./text-bytes.ts";
import { rows, run, StaleReadError, type Transition } from "./transition.ts";

/** Where a piece of a requeue ended. */
export interface FailureCursor {
  /** In ms since the epoch. */
  readonly failedAt: number;
  /** The row of the job. */
  readonly job: number;
}

/** Which dead jobs are requeued, and where to. */
export interface Requeue {
  /** The group; undefined for all groups. */
  readonly group: string | undefined;
  /** The queue that they go to; undefined for the one that each died in. */
  readonly queue: string | undefined;
  /** How many at most. */
  readonly limit: number;
  /** Those that died later stay, in ms since the epoch. */
  readonly upTo: number;
  /** In ms since the epoch. */
  readonly now: number;
}

/** What a piece of a requeue did. */
export interface RequeuedPiece {
  readonly requeued: number;
  /** Where it ended; undefined at the end. */
  readonly next: FailureCursor | undefined;
}

/** Jobs of one piece. */
const pieceSize = 200;

/**
 * Requeues some dead jobs, those that died first: each starts afresh, and its error records are gone.
 *
 * @param after Where the last piece ended; undefined at the start.
 */
export function* requeueFailures(
  { group, queue, limit, upTo, now }: Requeue,
  after: FailureCursor | undefined,
): Transition<RequeuedPiece> {
  const size = Math.min(limit, pieceSize);
  const { failedAt, job } = after ?? { failedAt: -1, job: 0 };
  const found = yield* rows<FailureCursor>(
    `SELECT job, failed_at AS "failedAt" FROM failures
     WHERE ${group === undefined ? "" : "failure_group = ? AND"}
       failed_at <= ? AND (failed_at, job) > (?, ?) ORDER BY failed_at, job LIMIT ?`,
    [...group === undefined ? [] : [toBytes(group)], upTo, failedAt, job, size],
  );
  const seqs = JSON.stringify(found.map(({ job }) => job));
  const dead = yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE ${isOneOf("seq", "integers")}
       AND (purge_at IS NULL OR purge_at > ?) ORDER BY seq ${lockRows}`,
    [seqs, now],
  );
  const ledger = createBudgetLedger();
  for (const job of dead) {
    const revived = { ...toNewStay(job, { queue }, now), failedAt: null };
    if (!(yield* moveJob(job, revived, { ledger, cause: "requeued" }))) {
      throw new StaleReadError(`Job ${job.id} was changed meanwhile`);
    }
  }
  yield* ledger.flush();
  // Former deliveries count no more.
  yield* run(`UPDATE jobs SET releases = deliveries WHERE ${isOneOf("seq", "integers")}`, [
    JSON.stringify(dead.map(({ seq }) => seq)),
  ]);
  return { requeued: dead.length, next: found.length < size ? undefined : found.at(-1) };
}
