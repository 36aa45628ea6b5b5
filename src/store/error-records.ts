/**
 * Reading the error records of a job.
 *
 * @module
 */

import type { ErrorRecord } from "../protocol/error-record.ts";
import type { PageQuery } from "../protocol/query.ts";
import { rows, type Transition } from "./transition.ts";

const columns = `attempt, message, error_type AS "errorType", backtrace,
  dequeued_at AS "dequeuedAt", failed_at AS "failedAt"`;

type Row = { [Member in keyof ErrorRecord]: NonNullable<ErrorRecord[Member]> | null };

/** Reads up to `limit` records after (or, newest first, before) the attempt `from`. */
export function* listErrors(
  id: string,
  { from, order, limit }: PageQuery<number>,
): Transition<ErrorRecord[]> {
  const cursor = from === undefined ? "" : `AND attempt ${order === "asc" ? ">" : "<"} ?`;
  const found = yield* rows<Row>(
    `SELECT ${columns} FROM errors WHERE job_id = ? ${cursor} ORDER BY attempt ${order} LIMIT ?`,
    from === undefined ? [id, limit] : [id, from, limit],
  );
  return found.map(toRecord);
}

/** Reads the record of one attempt. */
export function* findError(id: string, attempt: number): Transition<ErrorRecord | undefined> {
  const found = yield* rows<Row>(
    `SELECT ${columns} FROM errors WHERE job_id = ? AND attempt = ?`,
    [id, attempt],
  );
  return found.map(toRecord)[0];
}

function toRecord(row: Row): ErrorRecord {
  return {
    ...row as ErrorRecord,
    errorType: row.errorType ?? undefined,
    backtrace: row.backtrace ?? undefined,
  };
}
