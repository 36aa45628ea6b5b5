/**
 * Which jobs in flight are to be cancelled, why, and until when their workers have time.
 *
 * | Event                                              | The row                                            |
 * | -------------------------------------------------- | -------------------------------------------------- |
 * | somebody cancels a job in flight                   | is written                                         |
 * | somebody cancels it again                          | the later reason counts, and the earlier end       |
 * | the job leaves flight, however that is, or is gone | is deleted                                         |
 *
 * @module
 */

import type { FailureReport } from "../protocol/failure.ts";
import type { CancelNotice } from "../protocol/frames-control.ts";
import type { JobExtra } from "../protocol/job-extra.ts";
import { isOneOf } from "./dialect.ts";
import { fromBytes, toBytes } from "./text-bytes.ts";
import { removeRows, traits, type TraitTable } from "./traits.ts";
import { report, rows, run, type Transition } from "./transition.ts";

/** That a job in flight is to be cancelled. */
export interface Cancellation {
  readonly reason: string;
  /** When the job is taken from its worker, in ms since the epoch; null for never. */
  readonly forceAt: number | null;
}

interface Row {
  readonly job: number;
  readonly reason: Uint8Array;
  readonly forceAt: number | null;
}

const select = `SELECT job, reason, force_at AS "forceAt" FROM cancellations WHERE`;

/** Reads that a job is to be cancelled; undefined if it is not. */
export function* findCancellation(job: number): Transition<Cancellation | undefined> {
  const [row] = yield* rows<Row>(`${select} job = ?`, [job]);
  return row && { reason: fromBytes(row.reason), forceAt: row.forceAt };
}

/** Writes that a job is to be cancelled, in the place of what was written before. */
export function* writeCancellation(
  job: number,
  { reason, forceAt }: Cancellation,
): Transition<void> {
  yield* run(
    `INSERT INTO cancellations (job, reason, force_at) VALUES (?, ?, ?)
     ON CONFLICT (job) DO UPDATE SET reason = excluded.reason, force_at = excluded.force_at`,
    [job, toBytes(reason), forceAt],
  );
  if (forceAt !== null) yield report({ kind: "cancellations", nextAt: forceAt });
}

/** How many jobs a broker looks at that others were asked to cancel. */
const listedAtOnce = 1000;

/** Lists jobs that are to be cancelled. */
export function* listCancellations(): Transition<CancelNotice[]> {
  const found = yield* rows<{ id: string; reason: Uint8Array }>(
    `SELECT jobs.id AS id, reason FROM cancellations JOIN jobs ON jobs.seq = cancellations.job
     ORDER BY cancellations.job LIMIT ?`,
    [listedAtOnce],
  );
  return found.map(({ id, reason }) => ({ id, reason: fromBytes(reason) }));
}

/** Deletes the row of a job that leaves flight. */
export function* deleteCancellation(job: number): Transition<void> {
  yield* run("DELETE FROM cancellations WHERE job = ?", [job]);
}

/** The failure that a cancelled job dies of. */
export function toCancelFailure(reason: string): FailureReport {
  return { message: reason, errorType: cancelledType, kill: true };
}

/** The type of the error record of a cancelled job. */
export const cancelledType = "Cancelled";

/** The jobs that are to be cancelled. */
export const cancellationTable: TraitTable = {
  trait: traits.unwanted,
  remove: (jobs) => removeRows("cancellations", jobs),
  *read(seqs) {
    const found = yield* rows<Row>(`${select} ${isOneOf("job", "integers")}`, [
      JSON.stringify(seqs),
    ]);
    return new Map(
      found.map(({ job, reason, forceAt }): [number, JobExtra] => [
        job,
        { cancelReason: fromBytes(reason), cancelForceAt: forceAt ?? undefined },
      ]),
    );
  },
};
