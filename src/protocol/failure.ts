/**
 * The body of `POST /jobs/{id}/failure`.
 *
 * @module
 */

import { checkInteger, maxExact } from "./integer.ts";

/** Why a job failed, and what is to become of it. */
export interface Failure {
  /** What went wrong; may be empty. */
  readonly message: string;
  /** The kind of error, such as `TypeError`. */
  readonly errorType?: string | undefined;
  /** Where it came from, such as a stack. */
  readonly backtrace?: string | undefined;
  /** When to try again, in ms since the epoch, whatever the retry limit. Left out, the job's backoff decides. */
  readonly retryAt?: number | undefined;
  /**
   * Whether the job is dead at once, also if there is a `retryAt`.
   *
   * @default {false}
   */
  readonly kill?: boolean | undefined;
}

/**
 * Writes the body.
 *
 * @throws {RangeError} If `retryAt` cannot be sent.
 */
export function toFailureWire(failure: Failure): object {
  return {
    message: failure.message,
    error_type: failure.errorType,
    backtrace: failure.backtrace,
    retry_at: checkInteger("retryAt", failure.retryAt, maxExact),
    kill: failure.kill,
  };
}
