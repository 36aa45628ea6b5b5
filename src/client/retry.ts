/**
 * Trying again: which failures, how often, after how long.
 *
 * The route table says which calls come through here: reads and acknowledgements do, and enqueues by way of
 * `repeat-keyed.ts`. The broker may have stored the job of one although the answer was lost, and only its idempotency key
 * keeps a second enqueue from storing a second job.
 *
 * @module
 */

import { backoffMs } from "../async/backoff.ts";
import type { Clock, Random } from "../async/clock.ts";
import { checkNotNegative, type Duration, spanMs } from "../async/duration.ts";
import { wait } from "../async/wait.ts";
import { checkOptions } from "../options.ts";
import { askedDelayMs, isMillraceError, type MillraceError } from "../errors.ts";

/** How often and how soon a call that is safe to repeat is repeated. */
export interface RetryOptions {
  /**
   * Tries after the first one; 0 is none.
   *
   * @default {3}
   */
  readonly limit?: number | undefined;
  /**
   * The longest wait before the first retry, in ms. It doubles with each retry.
   *
   * @default {100}
   */
  readonly baseDelayMs?: number | undefined;
  /** The same, in ms or as text (`"100ms"`); in the place of `baseDelayMs`. */
  readonly baseDelay?: Duration | undefined;
  /**
   * The longest wait before any retry, in ms, unless the server asks for a longer one (at most five minutes).
   *
   * @default {5000}
   */
  readonly maxDelayMs?: number | undefined;
  /** The same, in ms or as text (`"5s"`); in the place of `maxDelayMs`. */
  readonly maxDelay?: Duration | undefined;
}

/** What {@linkcode retry} needs to know. */
export interface RetryPolicy {
  readonly limit: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Whose timers the delays are that no server has asked for: who has another clock here can end them early.
   *
   * @default {clock}
   */
  readonly delays?: Clock;
  /**
   * Whether to try again after an error.
   *
   * @default {after those that are retryable}
   */
  readonly isPassing?: (error: MillraceError) => boolean;
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a number is below 0 or none.
 */
export function toRetryPolicy(options: RetryOptions, clock: Clock, random: Random): RetryPolicy {
  checkOptions("retry", options, {
    limit: 1,
    baseDelay: 1,
    baseDelayMs: 1,
    maxDelay: 1,
    maxDelayMs: 1,
  });
  const { limit = 3, baseDelay, maxDelay } = options;
  const baseDelayMs = spanMs("retry.baseDelay", baseDelay, options.baseDelayMs) ?? 100;
  const maxDelayMs = spanMs("retry.maxDelay", maxDelay, options.maxDelayMs) ?? 5000;
  for (const [name, value] of Object.entries({ limit, baseDelayMs, maxDelayMs })) {
    checkNotNegative(`retry.${name}`, value);
  }
  return { limit, baseDelayMs, maxDelayMs, clock, random };
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the policy is used up; the last error is thrown. A server that
 * asks to wait longer is obeyed.
 *
 * @param attempt Makes one try; is told how many were made before.
 * @param policy How often and how soon.
 * @param signal Ends a wait at once, with its reason.
 */
export async function retry<Result>(
  attempt: (retries: number) => Promise<Result>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<Result> {
  const { limit, baseDelayMs, maxDelayMs, clock, random, isPassing = isRetryable } = policy;
  const { delays = clock } = policy;
  const range = { baseMs: baseDelayMs, maxMs: maxDelayMs };
  for (let retries = 0;; retries++) {
    let askedMs = 0;
    try {
      return await attempt(retries);
    } catch (error) {
      if (retries >= limit || !isMillraceError(error) || !isPassing(error)) throw error;
      askedMs = askedDelayMs(error);
    }
    const delayMs = backoffMs(retries + 1, range, random);
    if (askedMs > 0) await wait(askedMs, clock, signal);
    if (delayMs >= askedMs) await wait(delayMs - askedMs, delays, signal);
  }
}

/** Whether a failure may not happen again. */
export function isRetryable(error: unknown): boolean {
  return isMillraceError(error) && error.retryable;
}
