/**
 * Reading the error records of a job.
 *
 * @module
 */

import { rows, type Transition } from "./transition.ts";

/** One failed run of a job, as the store keeps it. Null means absent; instants are ms since the epoch. */
export interface StoredError {
  readonly attempt: number;
  readonly message: string;
  readonly errorType: string | null;
  readonly backtrace: string | null;
  readonly dequeuedAt: number;
  readonly failedAt: number;
}

const columns = `attempt, message, error_type AS "errorType", backtrace,
  dequeued_at AS "dequeuedAt", failed_at AS "failedAt"`;

/** Reads up to `limit` records after (or, newest first, before) the attempt `from`. */
export function* listErrors(
  id: string,
  { from, order, limit }: {
    readonly from: number | undefined;
    readonly order: "asc" | "desc";
    readonly limit: number;
  },
): Transition<StoredError[]> {
  const cursor = from === undefined ? "" : `AND attempt ${order === "asc" ? ">" : "<"} ?`;
  return yield* rows<StoredError>(
    `SELECT ${columns} FROM errors WHERE job_id = ? ${cursor} ORDER BY attempt ${order} LIMIT ?`,
    from === undefined ? [id, limit] : [id, from, limit],
  );
}

/** Reads the record of one attempt. */
export function* findError(id: string, attempt: number): Transition<StoredError | undefined> {
  return (yield* rows<StoredError>(
    `SELECT ${columns} FROM errors WHERE job_id = ? AND attempt = ?`,
    [id, attempt],
  ))[0];
}
