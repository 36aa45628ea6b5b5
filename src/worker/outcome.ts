/**
 * What a handler can say of its job besides returning and throwing, and what the broker is told of it.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import type { SuccessOptions } from "../client/client.ts";
import { hasBrand } from "../errors.ts";
import type { Failure } from "../protocol/failure.ts";
import { lastDate } from "../protocol/integer.ts";
import { describeError, toMessage } from "./describe-error.ts";
import { noteMade } from "./forgotten.ts";

/**
 * What shall become of a job. `cancel`, `snooze`, `retryAt`, `complete`, `finish` and `advance` make one, which a handler returns or
 * throws; rules for errors (`retryOn` and others) make one of an error.
 */
export interface Outcome {
  /**
   * What becomes of the job: it is dead at once, runs again without being charged an attempt, or is charged one; it is
   * done with what came of it or with jobs that follow, or goes on in another queue.
   */
  readonly kind: "cancelled" | "snoozed" | "retried" | "completed" | "advanced";
  /** The message of the error record, if there is one. */
  readonly message: string;
  /** The error that led to it, if there was one. */
  readonly cause: unknown;
  /** For the compiler only: an object that looks like an outcome is none. */
  readonly "~outcome": true;
}

/** More about an outcome. */
export interface OutcomeOptions {
  /** The error that led to it: its stack goes into the error record. */
  readonly cause?: unknown;
}

/** The same in all copies of this module: each knows the outcomes of the others. */
const brand = Symbol.for("millrace.outcome");

/** An outcome with what only this file reads: when to try again, at an instant or after a span, in ms. */
interface TimedOutcome extends Outcome {
  readonly time: Pick<Failure, "retryAt" | "delayMs">;
  /** Whether the error record is about the cause, and not about the outcome. */
  readonly isOfError?: boolean;
  /** What is said of the job beyond that it succeeded. */
  readonly success?: SuccessNews;
}

/** An outcome that is being made. */
type Unbranded = Omit<TimedOutcome, "~outcome">;

/** What a success says beyond that the job is done. */
export type SuccessNews = Pick<SuccessOptions, "payload" | "next" | "result" | "enqueue">;

/**
 * Gives a job up: it is dead at once, without retries.
 *
 * @param reason The message of the error record.
 * @param options The error that led to it.
 * @returns What the handler has to return or throw.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { cancel, handle } from "@millrace/millrace/worker";
 *
 * const welcome = defineJob<{ user: string }>({ type: "welcome", queue: "mail" });
 * const users = new Map<string, string>();
 *
 * const handler = handle(welcome, ({ user }) => {
 *   const address = users.get(user);
 *   if (address === undefined) return cancel(`User '${user}' has left`);
 *   console.log("Welcome,", address);
 * });
 * console.log(handler.type); // welcome
 * ```
 */
export function cancel(reason: string, options?: OutcomeOptions): Outcome {
  return toOutcome("cancelled", reason, {}, options);
}

/**
 * Runs a job again after a while, as if it had not been run: no attempt is counted, and there is no error record.
 *
 * Other servers than Millrace know this only as a failure with a time: there it counts as an attempt and leaves an error
 * record, whatever the retry limit.
 *
 * @param duration How long to wait, in ms or as text: `60_000`, `"5m"`.
 * @param options The error that led to it, for the listeners of `decided` and for an error record.
 * @returns What the handler has to return or throw.
 * @throws {TypeError} If it is no duration.
 * @throws {RangeError} If the duration is negative or not finite.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { handle, snooze } from "@millrace/millrace/worker";
 *
 * const build = defineJob<{ commit: string }>({ type: "build", queue: "ci" });
 * const isBusy = () => true;
 *
 * handle(build, () => {
 *   if (isBusy()) return snooze("30s");
 * });
 * ```
 */
export function snooze(duration: Duration, options?: OutcomeOptions): Outcome {
  const ms = toMs(duration, "duration");
  return toOutcome("snoozed", `Snoozed for ${ms} ms`, { delayMs: ms }, options);
}

/**
 * Runs a job again at an instant, whatever its backoff and its retry limit.
 *
 * It counts as an attempt, and leaves an error record.
 *
 * @param at When, as a `Date` or in ms since the epoch.
 * @param options The error that led to it.
 * @returns What the handler has to return or throw.
 * @throws {RangeError} If it is no instant.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { handle, retryAt } from "@millrace/millrace/worker";
 *
 * const sync = defineJob<{ account: string }>({ type: "sync", queue: "default" });
 *
 * handle(sync, async (_payload, { signal }) => {
 *   const response = await fetch("https://api.example/sync", { signal });
 *   if (response.status !== 429) return;
 *   throw retryAt(Date.now() + 1000 * Number(response.headers.get("retry-after") ?? 60));
 * });
 * ```
 */
export function retryAt(at: Date | number, options?: OutcomeOptions): Outcome {
  const instant = Math.round(Number(at));
  if (!(instant >= 0 && instant <= lastDate)) {
    throw new RangeError(`Cannot retry at ${at}: expected a Date or ms since the epoch`);
  }
  const message = `Put off until ${new Date(instant).toISOString()}`;
  return toOutcome("retried", message, { retryAt: instant }, options);
}

/** What a job came to, for the jobs that wait for it; made by {@linkcode result}. */
export interface JobResult<Value = unknown> {
  /** The result. */
  readonly value: Value;
}

/** The same in all copies of this module. */
const resultBrand = Symbol.for("millrace.result");

/** The most bytes of a result, as JSON. */
const mostResultBytes = 64 * 1024;

/**
 * Says what a job came to, as returning the value does, but fails if it cannot be a result. It is kept with the completed job
 * (`job.result`) as long as that is kept, and shown to the jobs that wait for it (`job.parentResults`); a broker that is none of
 * Millrace forgets it.
 *
 * @param value Any JSON value of up to 64 KiB.
 * @returns What the handler has to return.
 * @throws {TypeError} If it is no JSON value.
 * @throws {RangeError} If it is too large.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { handle, result } from "@millrace/millrace/worker";
 *
 * const measure = defineJob<{ text: string }>({ type: "measure", queue: "default" });
 * const handler = handle(measure, ({ text }) => result({ length: text.length }));
 * console.log(handler.type); // measure
 * ```
 */
export function result<Value>(value: Value): JobResult<Value> {
  demandResult(value);
  return Object.defineProperty({ value }, resultBrand, { value: true });
}

/** How JSON has half a surrogate pair, which no broker takes; behind a backslash, it is a text that looks so. */
const halfPair = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** Throws what {@linkcode result} throws if a value cannot be a result. */
export function demandResult(value: unknown): void {
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`Cannot give ${typeof value} as a result: expected JSON`);
  }
  if (text.includes("\\ud") && halfPair.test(text)) {
    throw new TypeError("Cannot give half a surrogate pair in a result: expected JSON");
  }
  if (text.length <= mostResultBytes / 3) return; // A character has three bytes at most.
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > mostResultBytes) {
    throw new RangeError(
      `Cannot give a result of ${bytes} bytes: expected up to ${mostResultBytes}`,
    );
  }
}

/** Tells whether what a handler returned is a result. */
export function isResult(value: unknown): value is JobResult {
  return hasBrand(value, resultBrand);
}

/** Tells whether what a handler returned or threw is an outcome. */
export function isOutcome(value: unknown): value is Outcome {
  return hasBrand(value, brand);
}

/** What a success says beyond that the job is done; undefined if the outcome is none. */
export function successOf(outcome: Outcome): SuccessNews | undefined {
  return (outcome as TimedOutcome).success;
}

/** Makes the outcome of a success. */
export function toSuccessOutcome(
  kind: "completed" | "advanced",
  message: string,
  success: SuccessNews,
): Outcome {
  const outcome = toBranded({ kind, message, cause: undefined, time: {}, success });
  noteMade(outcome);
  return outcome;
}

/** The same outcome with other news of its success. */
export function withSuccess(outcome: Outcome, success: SuccessNews): Outcome {
  return toBranded({ ...outcome as TimedOutcome, success });
}

/** How long to wait before the job runs again, in ms; undefined if the outcome says nothing of it. */
export function delayOf(outcome: Outcome): number | undefined {
  return (outcome as TimedOutcome).time.delayMs;
}

/** Makes the outcome of an error, by a rule: the error is what is recorded. */
export function byError(
  kind: Outcome["kind"],
  error: unknown,
  time: TimedOutcome["time"],
): Outcome {
  const { message } = describeError(error);
  return toBranded({ kind, message, cause: error, time, isOfError: true });
}

/** Makes an outcome again of what came from another process, where it lost its brand. */
export function reviveOutcome(sent: Outcome, cause: unknown): Outcome {
  return toBranded({ ...sent as TimedOutcome, cause });
}

/** Gives the failure that the broker is told of for an outcome. */
export function toFailure(outcome: Outcome): Failure {
  const { kind, message, cause, time, isOfError } = outcome as TimedOutcome;
  if (isOfError) return { ...describeError(cause), ...time, kill: kind === "cancelled" };
  return {
    message: toMessage(message),
    errorType: kind,
    backtrace: cause === undefined ? undefined : describeError(cause).backtrace,
    ...time,
    kill: kind === "cancelled",
  };
}

function toOutcome(
  kind: Outcome["kind"],
  message: string,
  time: TimedOutcome["time"],
  { cause }: OutcomeOptions = {},
): Outcome {
  const outcome = toBranded({ kind, message: toMessage(message), cause, time });
  noteMade(outcome);
  return outcome;
}

function toBranded(outcome: Unbranded): Outcome {
  return Object.defineProperty(outcome, brand, { value: true }) as TimedOutcome;
}
