/**
 * What tests of jobs need: a clock that moves only when a test says so, handlers that run without a broker, and queues that
 * are drained.
 *
 * @example
 * ```ts
 * import { createTestClock } from "@millrace/millrace/testing";
 *
 * const clock = createTestClock(0);
 * await clock.advance(250);
 * console.log(clock.now()); // 250
 * ```
 *
 * @module
 */

export type { Clock } from "../async/clock.ts";
export { type Buildable, buildJob } from "./build-job.ts";
export { type HandlerRun, runHandler, type RunHandlerOptions } from "./run-handler.ts";
export { runJobs, type RunJobsOptions, whileRunning } from "./run-jobs.ts";
export { createTestClock, type TestClock } from "./test-clock.ts";
