/**
 * What shall become of a job by the kind of error that its handler threw: a table of rules, asked in order. They are asked
 * only when something was thrown, so they cost a job that succeeds nothing.
 *
 * @module
 */

import type { Random } from "../async/clock.ts";
import { checkNotNegative } from "../async/duration.ts";
import { checkOptions, show } from "../options.ts";
import type { Job } from "../protocol/job.ts";
import { type Delay, toDelayMs } from "./delays.ts";
import { byError, isOutcome, type Outcome } from "./outcome.ts";

/** What was thrown, and by which run of which job. */
export interface ThrownError {
  /** What the handler threw, or a `TimeoutError` if its time was over. */
  readonly error: unknown;
  /** The job as it was delivered. */
  readonly job: Job;
  /** Which try this was, from 1. */
  readonly attempt: number;
  /** Where random numbers come from: from 0 up to 1. */
  readonly random: Random;
}

/**
 * Says what shall become of a job whose handler threw, or undefined to leave that to the next rule. `retryOn`,
 * `requeueOn` and `cancelOn` make rules; a function of your own is one too. If no rule says anything, the job fails by its
 * own backoff and retry limit. What a rule throws is reported instead of the error.
 */
export type ErrorRule = (thrown: ThrownError) => Outcome | undefined;

/**
 * Which errors a rule is about: a class of errors, which its subclasses belong to, or a function that tells. An error of
 * another copy of a module is no instance of a class: tell it by its name then.
 */
export type ErrorMatch =
  | (abstract new (...args: never[]) => Error)
  | ((error: unknown) => boolean);

/** How {@linkcode retryOn} retries. */
export interface RetryOnOptions {
  /** How long to wait: a duration, a range, or a function such as `exponential`. */
  readonly delay: Delay;
  /**
   * After how many failures of the job the rule has no say any more, whatever the errors were; 0 or more.
   *
   * @default {the job's retry limit; 25 if it has none of its own}
   */
  readonly max?: number | undefined;
}

/** How {@linkcode requeueOn} gives back. */
export interface RequeueOnOptions {
  /** How long to wait: a duration, a range of which a random point is taken, or a function such as `exponential`. */
  readonly delay: Delay;
  /**
   * How many runs of a job that did not count as attempts the rule adds to; 0 or more. It counts the job's deliveries,
   * which the broker keeps: a snooze, a broken connection and other rules' requeues count as well, over all of the job's
   * life. With a server that counts no deliveries, the attempts are counted.
   */
  readonly max: number;
}

/** The protocol's default. */
const defaultRetryLimit = 25;

/**
 * A rule: after one of these errors a job is tried again after a delay of the rule instead of the job's backoff. It is a
 * failure as any other: an attempt is counted, and the error is recorded.
 *
 * @param errors Which errors.
 * @param options When to try again, and how often.
 * @throws {TypeError} If the delay is no duration.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { cancelOn, exponential, handle, requeueOn, retryOn } from "@millrace/millrace/worker";
 *
 * class HostIsBusy extends Error {}
 * const isGone = (error: unknown) => error instanceof Error && error.message === "410 Gone";
 * const crawl = defineJob<{ url: string }>({ type: "crawl", queue: "crawl" });
 *
 * const handler = handle(crawl, async ({ url }) => {
 *   const response = await fetch(url);
 *   if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
 * }, {
 *   onError: [
 *     requeueOn([HostIsBusy], { delay: ["5s", "30s"], max: 100 }),
 *     cancelOn([isGone]),
 *     retryOn([TypeError], { delay: exponential("10s", { jitter: 0.2, max: "1h" }) }),
 *   ],
 * });
 * console.log(handler.type); // crawl
 * ```
 */
export function retryOn(errors: readonly ErrorMatch[], options: RetryOnOptions): ErrorRule {
  checkOptions("retryOn", options, { delay: 1, max: 1 });
  const { max } = options;
  const matches = toMatcher(errors);
  const delayMs = toDelayMs(options.delay);
  if (max !== undefined) checkNotNegative("max", max);
  return ({ error, job, attempt, random }) => {
    if (job.attempts >= (max ?? job.retryLimit ?? defaultRetryLimit)) return undefined;
    if (!matches(error)) return undefined;
    return byError("retried", error, { delayMs: delayMs({ attempt, error, random }) });
  };
}

/**
 * A rule: after one of these errors a job goes back to its queue after a delay, as if it had not been run: no attempt is
 * counted, and no error recorded. For what is nobody's fault, such as a host that is busy.
 *
 * @param errors Which errors.
 * @param options When to run it again, and how often.
 * @throws {TypeError} If the delay is no duration.
 * @throws {RangeError} If a number is out of range.
 */
export function requeueOn(errors: readonly ErrorMatch[], options: RequeueOnOptions): ErrorRule {
  checkOptions("requeueOn", options, { delay: 1, max: 1 });
  const { max } = options;
  const matches = toMatcher(errors);
  const delayMs = toDelayMs(options.delay);
  checkNotNegative("max", max);
  return ({ error, job: { attempts, deliveries }, random }) => {
    const uncounted = deliveries === undefined ? attempts : deliveries - attempts - 1;
    if (uncounted >= max || !matches(error)) return undefined;
    const facts = { attempt: uncounted + 1, error, random };
    return byError("snoozed", error, { delayMs: delayMs(facts) });
  };
}

/**
 * A rule: after one of these errors a job is dead at once, with this error recorded. For what no other try can mend.
 *
 * @param errors Which errors.
 */
export function cancelOn(errors: readonly ErrorMatch[]): ErrorRule {
  const matches = toMatcher(errors);
  return ({ error }) => matches(error) ? byError("cancelled", error, {}) : undefined;
}

/** Gives what the first rule says that says anything. */
export function applyRules(
  rules: readonly ErrorRule[],
  thrown: ThrownError,
): Outcome | undefined {
  for (const rule of rules) {
    const outcome: unknown = rule(thrown);
    if (outcome === undefined) continue;
    if (isOutcome(outcome)) return outcome;
    throw new TypeError(
      `A rule of 'onError' gave ${show(outcome)}: expected an outcome or undefined`,
      { cause: thrown.error },
    );
  }
  return undefined;
}

function toMatcher(errors: readonly ErrorMatch[]): (error: unknown) => boolean {
  if (!Array.isArray(errors) || !errors.every((match) => typeof match === "function")) {
    throw new TypeError(
      `Cannot use 'errors' ${show(errors)}: expected a list of error classes and functions`,
    );
  }
  const tests = (errors as readonly ErrorMatch[]).map((match) =>
    isErrorClass(match) ? isInstanceOf(match) : match
  );
  return (error) => tests.some((test) => test(error));
}

function isErrorClass(match: ErrorMatch): match is abstract new (...args: never[]) => Error {
  const { prototype } = match;
  return prototype === Error.prototype || prototype instanceof Error;
}

const isInstanceOf = (type: abstract new (...args: never[]) => Error) => (error: unknown) => {
  try {
    return error instanceof type;
  } catch {
    return false; // A revoked proxy throws when it is looked at.
  }
};
