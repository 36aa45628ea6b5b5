/**
 * One failure of a job, as it is kept and listed.
 *
 * @module
 */

import * as v from "valibot";
import { optional, readAs, text, u32, u64 } from "./schema.ts";

/** One failure of a job. Instants are in ms since the epoch. */
export interface ErrorRecord {
  /** The number of the try that failed; the first is 1. */
  readonly attempt: number;
  /** What went wrong. */
  readonly message: string;
  /** The kind of error, such as `TypeError`. */
  readonly errorType?: string | undefined;
  /** Where in the program it came from, such as a stack. */
  readonly backtrace?: string | undefined;
  /** When the worker took the job. */
  readonly dequeuedAt: number;
  /** When the broker was told of the failure. */
  readonly failedAt: number;
}

/** Reads the wire's spelling. */
export const errorRecordSchema: v.GenericSchema<unknown, ErrorRecord> = v.pipe(
  v.object({
    attempt: u32,
    message: text,
    error_type: optional(text),
    backtrace: optional(text),
    dequeued_at: u64,
    failed_at: u64,
  }, "an object"),
  v.transform((wire): ErrorRecord => ({
    attempt: wire.attempt,
    message: wire.message,
    ...(typeof wire.error_type === "string" && { errorType: wire.error_type }),
    ...(typeof wire.backtrace === "string" && { backtrace: wire.backtrace }),
    dequeuedAt: wire.dequeued_at,
    failedAt: wire.failed_at,
  })),
);

/** Writes the wire's spelling. */
export function toErrorRecordWire(record: ErrorRecord): object {
  return {
    attempt: record.attempt,
    message: record.message,
    error_type: record.errorType,
    backtrace: record.backtrace,
    dequeued_at: record.dequeuedAt,
    failed_at: record.failedAt,
  };
}

/** Reads the answer of `GET /jobs/{id}/errors/{attempt}`. */
export function readErrorRecord(value: unknown): ErrorRecord {
  return readAs(errorRecordSchema, value);
}
