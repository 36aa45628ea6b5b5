/**
 * The body of `POST /jobs/{id}/failure`.
 *
 * @module
 */

import { checkInteger, maxExact, toInstant } from "./integer.ts";
import type { RawPayload } from "./record.ts";

/** Why a job failed, and what is to become of it. */
export interface Failure {
  /** What went wrong; may be empty. */
  readonly message: string;
  /** The kind of error, such as `TypeError`. */
  readonly errorType?: string | undefined;
  /**
   * The group of failures that the job is in, if it is dead now; at most 200 characters. Left out, it is the error type. An
   * extension: other servers pass it over.
   */
  readonly failureGroup?: string | undefined;
  /** Where it came from, such as a stack. */
  readonly backtrace?: string | undefined;
  /** When to try again, in ms since the epoch, whatever the retry limit. Left out, the job's backoff decides. */
  readonly retryAt?: number | undefined;
  /**
   * The same as a span from now, in ms, instead of `retryAt`. A Millrace broker counts it by its own clock; for others it
   * is made an instant by what is known of their clock.
   */
  readonly delayMs?: number | undefined;
  /**
   * Whether the job is dead at once, also if there is a `retryAt`.
   *
   * @default {false}
   */
  readonly kill?: boolean | undefined;
  /**
   * Whether the retry limit holds for `retryAt` and `delayMs` too: without a retry left, the job is dead. Only a Millrace
   * broker knows this.
   *
   * @default {false}
   */
  readonly enforceLimit?: boolean | undefined;
  /** A payload that replaces the stored one, such as what was done so far; only a Millrace broker takes it. */
  readonly payload?: unknown;
}

/** A failure as the broker is told of it: nobody has parsed its payload. */
export interface FailureReport extends Omit<Failure, "payload"> {
  /** Undefined leaves the stored one. */
  readonly payload?: RawPayload | undefined;
}

/**
 * Writes the body.
 *
 * @param run Which delivery has failed, undefined for whichever is in flight; the token of its lease; and what a delay is
 * counted from by servers that know no delays, in ms since the epoch.
 * @throws {RangeError} If `retryAt` or `delayMs` cannot be sent.
 */
export function toFailureWire(
  failure: Failure,
  { delivery, token, now }: {
    readonly delivery?: number | undefined;
    readonly token?: string | undefined;
    readonly now: number;
  },
): object {
  const { delayMs } = failure;
  return {
    message: failure.message,
    error_type: failure.errorType,
    backtrace: failure.backtrace,
    retry_at: checkInteger("retryAt", failure.retryAt, maxExact) ?? toInstant(now, delayMs),
    delay_ms: checkInteger("delayMs", delayMs, maxExact),
    kill: failure.kill,
    enforce_limit: failure.enforceLimit,
    failure_group: failure.failureGroup,
    payload: failure.payload,
    delivery,
    lease_token: token,
  };
}
