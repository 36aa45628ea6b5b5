/**
 * The worker: takes jobs from a broker and runs their handlers, many at a time.
 *
 * @example
 * ```ts
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 *
 * const worker = createWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   handlers: [handle(greet, ({ name }) => console.log(`Hello ${name}`))],
 *   concurrency: 25,
 * });
 * console.log(worker.health().state); // idle; worker.run() starts it and resolves when it is stopped
 * ```
 *
 * @module
 */

export type { Clock, Random } from "../async/clock.ts";
export type { Duration } from "../async/duration.ts";
export type { Startable, StopOptions, Stoppable } from "../async/stoppable.ts";
export { createLogger, type LogFormat, type LoggerOptions, type LogLevel } from "../log-lines.ts";
export { type LogFields, type Logger, silentLogger } from "../log.ts";
export type { JobContext } from "./context.ts";
export { type ContextState, defineState, type StateKey } from "./context-state.ts";
export { type Delay, type DelayFacts, exponential, type ExponentialOptions } from "./delays.ts";
export {
  cancelOn,
  type ErrorMatch,
  type ErrorRule,
  requeueOn,
  type RequeueOnOptions,
  retryOn,
  type RetryOnOptions,
  type ThrownError,
} from "./error-rules.ts";
export type {
  AckedEvent,
  AdvancedReport,
  BlockedEvent,
  CompletedReport,
  DeadReport,
  DeathReason,
  DisconnectedEvent,
  JobCancelledEvent,
  JobEndEvent,
  JobEvent,
  JobFailedEvent,
  JobOutcomeEvent,
  LeaseLostEvent,
  LostReport,
  ReportedEvent,
  RetiredEvent,
  RetriedReport,
  SnoozedReport,
  WorkerEvents,
} from "./events.ts";
export {
  handle,
  type Handleable,
  type HandleOptions,
  type HandlerFunction,
  type HandlerResult,
  type JobFallback,
  type JobHandler,
  type NotAnOutcome,
  type Returnable,
} from "./handle.ts";
export { handleAll, type HandlerMap, type PayloadOf, type ReturnOf } from "./handle-all.ts";
export { createRouter, type Router, type RouterFunction } from "./create-router.ts";
export { handleStep, type StepContext, type StepFunction } from "./handle-step.ts";
export type { WorkerLeases } from "./lease-keeper.ts";
export { JobCancelledError, LeaseLostError } from "../errors.ts";
export type { QueueOrder, QueueOrderFactory, QueueOrderOption } from "./queue-order.ts";
export type { WorkerState } from "./lifecycle.ts";
export type { Middleware } from "./middleware.ts";
export type { WorkerClient, WorkerOptions } from "./options.ts";
export {
  cancel,
  type JobResult,
  type Outcome,
  type OutcomeOptions,
  result,
  retryAt,
  snooze,
} from "./outcome.ts";
export type { RunOnceOptions, RunOnceReport } from "./run-once.ts";
export { type Advance, advance, complete, type Finish, finish } from "./success-outcome.ts";
export { createWorker, type Worker } from "./worker.ts";
export type { WorkerHealth } from "./worker-health.ts";
