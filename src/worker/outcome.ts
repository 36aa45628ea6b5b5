/**
 * What becomes of a job: what a handler can say besides returning and throwing, and what each comes to on the wire.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { type Duration, toMs } from "../async/duration.ts";
import type { Failure } from "../protocol/failure.ts";
import { describeError } from "./describe-error.ts";

/** What a handler says of its job by returning or throwing it; made by `cancel`, `snooze` and `retryAt`. */
export interface Outcome {
  /** Which of them made it. */
  readonly kind: "cancelled" | "snoozed" | "retried";
  /** What the error record will say. */
  readonly message: string;
  /** The error that led to it, if there was one. */
  readonly cause: unknown;
}

/** More about an outcome. */
export interface OutcomeOptions {
  /** The error that led to it: its stack goes into the error record. */
  readonly cause?: unknown;
}

/** Shared by copies of this module: an outcome made by one is known by the other. */
const brand = Symbol.for("millrace.outcome");

/** An outcome with what only this file needs to know: when to try again. */
interface TimedOutcome extends Outcome {
  readonly retryAt: (clock: Clock) => number | undefined;
}

/**
 * Gives a job up: it is dead at once, without retries.
 *
 * @param reason What the error record says.
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
  return toOutcome("cancelled", reason, () => undefined, options);
}

/**
 * Puts a job off for a while, such as 60_000 or `"5m"`, whatever its retry limit.
 *
 * The protocol knows this only as a failure with a time: it counts as an attempt and leaves an error record. Throws
 * `TypeError` and `RangeError` for what is no duration.
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
  return toOutcome(
    "snoozed",
    `Snoozed for ${ms} ms`,
    (clock) => Math.min(clock.now() + ms, longestDate),
    options,
  );
}

/**
 * Tries a job again at an instant (a `Date` or ms since the epoch), whatever its backoff and its retry limit.
 *
 * As with `snooze`, it counts as an attempt and leaves an error record. Throws `RangeError` for what is no instant.
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
  if (!(instant >= 0 && instant <= longestDate)) {
    throw new RangeError(`Cannot retry at ${at}: expected a Date or ms since the epoch`);
  }
  const message = `Put off until ${new Date(instant).toISOString()}`;
  return toOutcome("retried", message, () => instant, options);
}

/** The last instant that a `Date` can show, in ms since the epoch. */
const longestDate = 8.64e15;

/** Whether a handler returned or threw an outcome. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && brand in value;
}

/** What the broker is told of a job whose handler said so. */
export function toFailure(outcome: Outcome, clock: Clock): Failure {
  const { kind, message, cause, retryAt } = outcome as TimedOutcome;
  return {
    message: message.toWellFormed(),
    errorType: kind,
    backtrace: cause === undefined ? undefined : describeError(cause).backtrace,
    retryAt: retryAt(clock),
    kill: kind === "cancelled",
  };
}

function toOutcome(
  kind: Outcome["kind"],
  message: string,
  retryAt: TimedOutcome["retryAt"],
  { cause }: OutcomeOptions = {},
): Outcome {
  const outcome: TimedOutcome = { kind, message, cause, retryAt };
  return Object.defineProperty(outcome, brand, { value: true });
}
