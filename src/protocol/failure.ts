/**
 * The body of `POST /jobs/{id}/failure`.
 *
 * @module
 */

import { checkInteger, maxExact } from "./integer.ts";

/** Why a job failed, and what shall become of it. */
export interface Failure {
  /** What went wrong; may be empty. */
  readonly message: string;
  /** The kind of error, such as `TypeError`. */
  readonly errorType?: string | undefined;
  /** Where it came from, such as a stack. */
  readonly backtrace?: string | undefined;
  /** When to try again, in ms since the epoch, whatever the retry limit; default by the job's backoff. */
  readonly retryAt?: number | undefined;
  /** Whether the job is dead at once; beats `retryAt`. Default false. */
  readonly kill?: boolean | undefined;
}

/** Writes the body. Throws `RangeError` for an instant that cannot be sent. */
export function toFailureWire(failure: Failure): object {
  return {
    message: failure.message,
    error_type: failure.errorType,
    backtrace: failure.backtrace,
    retry_at: checkInteger("retryAt", failure.retryAt, maxExact),
    kill: failure.kill,
  };
}
