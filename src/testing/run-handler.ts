/**
 * Runs a handler for a test, without a broker.
 *
 * @module
 */

import { type Clock, type Random, systemClock, systemRandom } from "../async/clock.ts";
import { guardLogger, type LoggerOption } from "../guard-logger.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { Job } from "../protocol/job.ts";
import type { HeartbeatOptions } from "../protocol/lease-write.ts";
import { RunningContext } from "../worker/context.ts";
import type { ErrorRule } from "../worker/error-rules.ts";
import { createEvents } from "../worker/events.ts";
import type { JobHandler } from "../worker/handle.ts";
import type { Middleware } from "../worker/middleware.ts";
import { type Outcome, successOf } from "../worker/outcome.ts";
import type { Powers } from "../worker/powers.ts";
import { createRunner } from "../worker/runner.ts";
import { buildJob } from "./build-job.ts";

/** How {@linkcode runHandler} runs it. */
export interface RunHandlerOptions {
  /** Members of the job that are to be different from those of a fresh one, such as `attempts`. */
  readonly job?: Partial<Job> | undefined;
  /**
   * Functions around the handler, outermost first.
   *
   * @default {[]}
   */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * What becomes of the job by the error, after the rules of the handler.
   *
   * @default {[]}
   */
  readonly onError?: readonly ErrorRule[] | undefined;
}

/** What a handler came to. */
export interface HandlerRun {
  /** `succeeded`, `failed`, or what became of the job by an outcome. */
  readonly kind: "succeeded" | "failed" | Outcome["kind"];
  /** What it threw, or why the payload did not fit. */
  readonly error: unknown;
  /** Whether it would be tried again, if it failed. */
  readonly retry: boolean;
  /** What it returned, or said with `result()`, as the result of the job, if it succeeded and has one. */
  readonly result: unknown;
  /** The jobs that it said are to be stored with its success (`finish`), as requests. */
  readonly enqueued: readonly EnqueueRequest[];
  /** The outcome that the handler or a rule said. */
  readonly outcome: Outcome | undefined;
  /** The heartbeats that the handler sent. */
  readonly heartbeats: readonly HeartbeatOptions[];
}

/**
 * Runs a handler on a payload as a worker would: the schema checks it, middleware and rules apply, the time limit holds.
 *
 * @param handler The handler.
 * @param payload What the job is about; goes through JSON.
 * @param options The job, and what is around the handler.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { runHandler } from "@millrace/millrace/testing";
 * import { handle, snooze } from "@millrace/millrace/worker";
 *
 * const build = defineJob<{ commit: string }>({ type: "build", queue: "ci" });
 * const handler = handle(build, ({ commit }) => commit === "" ? snooze("1m") : undefined);
 *
 * console.log((await runHandler(handler, { commit: "" })).kind); // snoozed
 * ```
 */
export function runHandler(
  handler: JobHandler,
  payload: unknown,
  options: RunHandlerOptions = {},
): Promise<HandlerRun> {
  const { job: more } = options;
  const surroundings = { ...options, clock: systemClock, random: systemRandom };
  return performJob(handler, buildJob(handler, payload, { more }), surroundings);
}

/** What a handler is run with. */
export interface Surroundings extends Omit<RunHandlerOptions, "job"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: LoggerOption;
  /** What the handler can do besides; without it, it enqueues nothing. */
  readonly powers?: Powers | undefined;
}

/** Runs a handler on a job, as {@linkcode runHandler}. */
export async function performJob(
  handler: JobHandler,
  job: Job,
  { middleware = [], onError = [], clock, random, powers, logger: given = false }: Surroundings,
): Promise<HandlerRun> {
  const logger = guardLogger(given, "info");
  const events = createEvents(logger);
  const runner = createRunner({ handlers: [handler], middleware, onError, events, clock, random });
  const context = new RunningContext(job, logger);
  context.powers = powers;
  const heartbeats: HeartbeatOptions[] = [];
  context.lease = {
    endsAt: () => job.leaseExpiresAt,
    heartbeat(news) {
      heartbeats.push(news);
      return Promise.resolve();
    },
  };
  const report = await runner.run(context);
  const run = {
    error: undefined,
    retry: false,
    outcome: undefined,
    result: undefined,
    enqueued: [],
    heartbeats,
  };
  switch (report.kind) {
    case "succeeded":
      return { ...run, kind: "succeeded", result: report.result };
    case "released": // Nobody releases it here.
      return { ...run, kind: "succeeded" };
    case "failed":
      return { ...run, kind: "failed", error: report.error, retry: report.retry };
    default: {
      const { result, enqueue } = successOf(report) ?? {};
      // The runner has made requests of what definitions put together.
      const enqueued = (enqueue ?? []) as readonly EnqueueRequest[];
      return { ...run, kind: report.kind, error: report.cause, outcome: report, result, enqueued };
    }
  }
}
