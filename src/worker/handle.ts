/**
 * A job definition with the function that does the work.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import type { JobContext } from "./context.ts";

/** What can be handled: a job definition. */
export interface Handleable<Output> {
  /** The type of the jobs. */
  readonly type: string;
  /** The queue that they wait in. */
  readonly queue: string;
  /** How long one run may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /** Checks a payload that arrived. Throws `PayloadError` when it does not fit. */
  parse(payload: unknown): Output | Promise<Output>;
}

/**
 * Does the work of one job. Returning is success, throwing is failure; an outcome (`cancel`, `snooze`, `retryAt`),
 * returned or thrown, is what it says. Any other result is ignored.
 */
export type HandlerFunction<Output> = (payload: Output, context: JobContext) => unknown;

/** How a handler is run. */
export interface HandleOptions {
  /** How long one run may take, in ms or as text (`"30s"`); default the definition's. */
  readonly timeout?: Duration | undefined;
}

/** A definition with its function; made by {@linkcode handle}. */
export interface JobHandler {
  /** The type of the jobs. */
  readonly type: string;
  /** The queue that they wait in. */
  readonly queue: string;
  /** How long one run may take, in ms; undefined is no limit. */
  readonly timeoutMs: number | undefined;
  /** Checks a payload that arrived. */
  parse(payload: unknown): unknown;
  /** Does the work on what `parse` gave. */
  run(payload: unknown, context: JobContext): unknown;
}

/**
 * Says what to do with the jobs of a definition. The payload has the type that the definition's schema gives it.
 *
 * When a run takes longer than its timeout, its signal is aborted and the job has failed, whether the handler
 * listens or not. A handler that does not listen goes on in the background: its place is given to the next job, and
 * what it comes to is ignored. Throws `TypeError` and `RangeError` for a timeout that cannot be.
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
    parse: (payload) => definition.parse(payload),
    // What `parse` gave is the only thing that is ever put in here.
    run: (payload, context) => run(payload as Output, context),
  };
}
