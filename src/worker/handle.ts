/**
 * A job definition with the function that does the work.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import { type OlderPayload, readPayload } from "../jobs/older-payload.ts";
import { checkOptions, show } from "../options.ts";
import type { Job } from "../protocol/job.ts";
import type { Jsonable } from "../protocol/jsonable.ts";
import type { JobContext } from "./context.ts";
import { describeIssues, type StandardSchema } from "../jobs/standard-schema.ts";
import type { ErrorRule } from "./error-rules.ts";
import type { JobResult, Outcome } from "./outcome.ts";

/** What can be handled: a job definition. */
export interface Handleable<Output, Result = unknown> {
  /** The type of the jobs. */
  readonly type: string;
  /** The queue that they wait in. */
  readonly queue: string;
  /** How long one run may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /** The same for a payload as it was enqueued, if it depends on that. */
  readonly timeoutOf?: ((payload: unknown) => Duration | undefined) | undefined;
  /**
   * Checks a payload that arrived.
   *
   * @throws {PayloadError} If it does not fit.
   */
  parse(payload: unknown): Output | Promise<Output>;
  /** What its jobs come to, if the definition has a schema for that. */
  readonly result?: StandardSchema<Result, unknown> | undefined;
  /** Older shapes of its payloads, the newest of them first. */
  readonly older?: readonly OlderPayload[] | undefined;
  /** What becomes of a job whose payload has none of the shapes; left out is `retry`. */
  readonly unfit?: "retry" | "dead" | undefined;
  /** For the compiler only: what its jobs come to, if the definition says so. */
  readonly types?: { readonly result: Result } | undefined;
}

/**
 * Does the work of one job. If it returns, the job succeeds; if it throws, the job fails. An outcome (`cancel`,
 * `snooze`, `retryAt`) that it returns or throws decides instead. One that it made and forgot
 * to return is an error, as far as it can be told whose it is. Anything else that it returns is the result of the job, if
 * it is JSON of up to 64 KiB and the broker is one of Millrace: that keeps it as long as the completed job, and for those that
 * wait for it. What is no JSON is passed over, unless the definition has a schema for results: then the job has failed.
 */
export type HandlerFunction<Output, Returned = unknown> = (
  payload: NoInfer<Output>,
  context: JobContext,
) => Returned | Promise<Returned>;

/**
 * Does the work of jobs of any type, as {@linkcode HandlerFunction} does that of one: for dispatchers of your own, and for
 * jobs of other programs and languages. The payload is `job.payload`, which nobody has checked.
 */
export type JobFallback = (job: Job, context: JobContext) => unknown;

/** What an object becomes that looks like an outcome: nothing is assignable to it, and its text says what to do. */
export interface NotAnOutcome<Advice extends string> {
  /** For the compiler only. */
  readonly notAnOutcome: (advice: Advice) => never;
}

/**
 * What a handler may return, by the type of what it returns: an outcome, or what the definition says its jobs come to. If
 * it says nothing of that: nothing, or anything that JSON carries.
 */
export type HandlerResult<T, Result = unknown> = unknown extends T ? T
  : T extends Outcome | JobResult ? T
  : unknown extends Result ? T extends void ? T
    : T extends { readonly kind: Outcome["kind"] }
      ? NotAnOutcome<"an outcome is made by cancel, snooze, retryAt, complete, finish or advance">
    : Jsonable<T>
  : Jsonable<Result>;

/** What the type of what a handler returns extends: anything if it may be returned, else what says why not. */
export type Returnable<T, Result = unknown> = [T] extends [HandlerResult<T, Result>] ? unknown
  : HandlerResult<T, Result>;

/** How a handler is run. */
export interface HandleOptions {
  /**
   * How long one run may take, in ms or as text (`"30s"`).
   *
   * @default {the definition's}
   */
  readonly timeout?: Duration | undefined;
  /**
   * What becomes of a job whose handler threw, by the error; asked in order, and before the rules of the worker.
   *
   * @default {[]}
   */
  readonly onError?: readonly ErrorRule[] | undefined;
}

/** A definition with its function; made by {@linkcode handle}. */
export interface JobHandler {
  /** The type of the jobs. */
  readonly type: string;
  /** The queue that they wait in. */
  readonly queue: string;
  /** How long one run may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /** The same for a payload as it was enqueued, if it depends on that. */
  readonly timeoutOf?: ((payload: unknown) => Duration | undefined) | undefined;
  /** What becomes of a job whose handler threw. */
  readonly onError?: readonly ErrorRule[] | undefined;
  /** What becomes of a job whose payload does not fit; left out is `retry`. */
  readonly unfit?: "retry" | "dead" | undefined;
  /** Checks a payload that arrived. */
  parse(payload: unknown): unknown;
  /** Checks what `run` gave, and throws if it is no result. */
  readonly checkResult?: ((value: unknown) => unknown) | undefined;
  /** Does the work on what `parse` gave. */
  run(payload: unknown, context: JobContext): unknown;
}

/**
 * Says what to do with the jobs of a definition. The payload has the type that the definition's schema gives it.
 *
 * When a run takes longer than its timeout, its signal is aborted and the job has failed, whether the handler
 * listens to the signal or not. One that does not listen goes on in the background: the next job runs in its stead,
 * and what it returns or throws is ignored.
 *
 * @param definition What kind of job it is.
 * @param run Does the work.
 * @param options How it is run.
 * @throws {TypeError} If the timeout is no duration, or an argument is of a wrong kind.
 * @throws {RangeError} If the timeout is negative or not finite.
 *
 * @example
 * ```ts
 * import * as v from "valibot";
 * import { defineJob } from "@millrace/millrace/client";
 * import { handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob({
 *   type: "greet",
 *   queue: "default",
 *   payload: v.object({ name: v.string() }),
 * });
 *
 * const handler = handle(greet, ({ name }, { log, attempt }) => {
 *   log.info(`Hello ${name}`, { attempt });
 * }, { timeout: "10s" });
 * console.log(handler.timeoutMs); // 10000
 * ```
 */
export function handle<Output, Result, const Returned extends Returnable<Returned, Result>>(
  definition: Handleable<Output, Result>,
  run: HandlerFunction<Output, Returned>,
  options: HandleOptions = {},
): JobHandler {
  if (typeof definition?.parse !== "function") {
    throw new TypeError(`Cannot handle ${show(definition)}: expected a job definition`);
  }
  if (typeof run !== "function") {
    throw new TypeError(
      `Cannot handle '${definition.type}' with ${show(run)}: expected a function`,
    );
  }
  checkOptions("handle", options, { timeout: 1, onError: 1 });
  const { timeout } = options;
  return {
    type: definition.type,
    queue: definition.queue,
    timeoutMs: timeout === undefined ? definition.timeoutMs : toMs(timeout, "timeout"),
    timeoutOf: timeout === undefined ? definition.timeoutOf : undefined,
    onError: options.onError,
    checkResult: definition.result && toCheck(definition.type, definition.result),
    unfit: definition.unfit,
    parse: definition.older?.length
      ? (payload) => readPayload(definition, payload)
      : (payload) => definition.parse(payload),
    // A worker passes only what `parse` gave.
    run: (payload, context) => run(payload as NoInfer<Output>, context),
  };
}

/** Makes the check of what handlers return. */
function toCheck<Result>(
  type: string,
  schema: StandardSchema<Result, unknown>,
): (value: unknown) => Promise<void> {
  return async (value) => {
    const { issues } = await schema["~standard"].validate(value);
    if (issues === undefined) return;
    throw new TypeError(`Result of '${type}' does not fit: ${describeIssues(issues)}`);
  };
}
