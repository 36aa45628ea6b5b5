/**
 * What tests of jobs need. Begin with `createTestKit`: the real broker in memory, with a client, a worker and a clock that moves
 * only when a test says so. The rest is for tests that put a broker or a worker together by themselves.
 *
 * @example
 * ```ts
 * import { defineJob } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createTestKit } from "@millrace/millrace/testing";
 * import { handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 * await using kit = createTestKit({
 *   store: openSqlite(":memory:"),
 *   handlers: [handle(greet, ({ name }) => console.log(`Hello ${name}`))],
 * });
 *
 * await kit.client.enqueue(greet, { name: "Ada" }, { delay: "1h" });
 * await kit.travel("1h"); // Hello Ada
 * ```
 *
 * @module
 */

export type { Clock } from "../async/clock.ts";
export { createTestKit } from "./create-test-kit.ts";
export type { Fault, KitFaults } from "./faults.ts";
export type { Expected } from "./job-book.ts";
export type { JobRun } from "./kit-worker.ts";
export type { Partially } from "./match.ts";
export type {
  DrainOptions,
  ExpectOptions,
  KitCrons,
  KitParts,
  PerformOptions,
  TestKit,
  TestKitOptions,
} from "./test-kit.ts";
export { type Buildable, buildJob } from "./build-job.ts";
export { type HandlerRun, runHandler, type RunHandlerOptions } from "./run-handler.ts";
export { runJobs, type RunJobsOptions, whileRunning } from "./run-jobs.ts";
export { createTestClock, type TestClock } from "./test-clock.ts";
export type { Transcript, TranscriptEntry, TranscriptText } from "./transcript.ts";
