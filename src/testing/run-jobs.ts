/**
 * Runs the jobs of a broker for a test.
 *
 * @module
 */

import type { RunOnceOptions, RunOnceReport } from "../worker/run-once.ts";
import type { Worker } from "../worker/worker.ts";
import type { TestClock } from "./test-clock.ts";

/** How {@linkcode runJobs} runs them. */
export interface RunJobsOptions extends RunOnceOptions {
  /**
   * The clock that worker and broker have, if it stands still: it is moved by a ms at a time while jobs run.
   *
   * @default {none: they have the machine's}
   */
  readonly clock?: TestClock | undefined;
}

/** For how long nothing has to come, in ms. */
const quietMs = 20;

/**
 * Runs what is ready, or so many jobs of it, and tells what came of them. Jobs that jobs enqueue are run as well: the queues
 * are drained. It may be called again.
 *
 * @param worker The worker, not started.
 * @param options How many jobs, and the clock.
 * @throws {MillraceError} If the broker refuses the worker.
 * @throws {Error} If the worker was started.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createTestClock, runJobs } from "@millrace/millrace/testing";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * const clock = createTestClock();
 * await using broker = createBroker({ store: openSqlite(":memory:"), clock });
 * const client = createClient({ fetch: broker.fetch });
 * const greet = defineJob<string>({ type: "greet", queue: "default" });
 * const worker = createWorker({ client, clock, handlers: [handle(greet, () => {})] });
 *
 * await client.enqueueMany(greet, ["Ada", "Grace"]);
 * console.log((await runJobs(worker, { clock })).succeeded); // 2
 * ```
 */
export async function runJobs(
  worker: Worker,
  options: RunJobsOptions = {},
): Promise<RunOnceReport> {
  const { clock, ...once } = options;
  const running = { isOver: false };
  const report = worker.runOnce({ quietMs, ...once }).finally(() => running.isOver = true);
  report.catch(() => {}); // It is looked at when the clock has stopped.
  while (clock !== undefined && !running.isOver) await clock.advance(1);
  return await report;
}

/**
 * Runs a worker while something goes on, and stops it whatever comes of that.
 *
 * @param worker The worker, not started.
 * @param act What goes on.
 * @returns What `act` gives.
 * @throws {MillraceError} If the broker refuses the worker.
 */
export async function whileRunning<Result>(
  worker: Worker,
  act: () => Result | Promise<Result>,
): Promise<Result> {
  await worker.start();
  try {
    return await act();
  } finally {
    await worker.stop();
  }
}
