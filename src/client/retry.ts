/**
 * Trying again: which failures, how often, after how long.
 *
 * Only reads and acknowledgements come through here. An enqueue never does: it may have been served before its
 * answer was lost, and a second one would make a second job.
 *
 * @module
 */

import { backoffMs } from "../async/backoff.ts";
import type { Clock, Random } from "../async/clock.ts";
import { wait } from "../async/wait.ts";
import { isMillraceError } from "../errors.ts";

/** How often and how soon a call that is safe to repeat is repeated. */
export interface RetryOptions {
  /** Tries after the first one; default 3. 0 turns retries off. */
  readonly limit?: number | undefined;
  /** Longest wait before the first retry, in ms; doubles with each. Default 100. */
  readonly baseDelayMs?: number | undefined;
  /** Longest wait before any retry, in ms; default 5000. */
  readonly maxDelayMs?: number | undefined;
}

/** What {@linkcode retry} needs to know. */
export interface RetryPolicy {
  readonly limit: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Fills in the defaults. Throws `RangeError` for an option out of range. */
export function toRetryPolicy(options: RetryOptions, clock: Clock, random: Random): RetryPolicy {
  const { limit = 3, baseDelayMs = 100, maxDelayMs = 5000 } = options;
  for (const [name, value] of Object.entries({ limit, baseDelayMs, maxDelayMs })) {
    if (!(value >= 0)) {
      throw new RangeError(`Cannot use 'retry.${name}' ${value}: expected a number of 0 or more`);
    }
  }
  return { limit, baseDelayMs, maxDelayMs, clock, random };
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the policy is used up; the last error is thrown.
 *
 * @param signal Ends a wait at once, with its reason.
 */
export async function retry<Result>(
  attempt: (retries: number) => Promise<Result>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<Result> {
  for (let retries = 0;; retries++) {
    try {
      return await attempt(retries);
    } catch (error) {
      if (retries >= policy.limit || !isMillraceError(error) || !error.retryable) throw error;
    }
    const range = { baseMs: policy.baseDelayMs, maxMs: policy.maxDelayMs };
    await wait(backoffMs(retries + 1, range, policy.random), policy.clock, signal);
  }
}
