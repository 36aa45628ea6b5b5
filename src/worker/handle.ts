/**
 * A job definition with the function that does the work.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import type { JobContext } from "./context.ts";
import type { ErrorRule } from "./error-rules.ts";

/** What can be handled: a job definition. */
export interface Handleable<Output> {
  /** The type of the jobs. */
  readonly type: string;
  /** The queue that they wait in. */
  readonly queue: string;
  /** How long one run may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /**
   * Checks a payload that arrived.
   *
   * @throws {PayloadError} If it does not fit.
   */
  parse(payload: unknown): Output | Promise<Output>;
}

/**
 * Does the work of one job. If it returns, the job succeeds; if it throws, the job fails. An outcome (`cancel`,
 * `snooze`, `retryAt`) that it returns or throws decides instead. Any other result is ignored.
 */
export type HandlerFunction<Output> = (payload: Output, context: JobContext) => unknown;

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
  /** What becomes of a job whose handler threw. */
  readonly onError?: readonly ErrorRule[] | undefined;
  /** Checks a payload that arrived. */
  parse(payload: unknown): unknown;
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
 * @throws {TypeError} If the timeout is no duration.
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
export function handle<Output>(
  definition: Handleable<Output>,
  run: HandlerFunction<Output>,
  options: HandleOptions = {},
): JobHandler {
  const { timeout } = options;
  return {
    type: definition.type,
    queue: definition.queue,
    timeoutMs: timeout === undefined ? definition.timeoutMs : toMs(timeout, "timeout"),
    onError: options.onError,
    parse: (payload) => definition.parse(payload),
    // A worker passes only what `parse` gave.
    run: (payload, context) => run(payload as Output, context),
  };
}
