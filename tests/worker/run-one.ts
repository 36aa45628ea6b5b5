/**
 * A worker that runs what it is sent, and what it tells of it.
 *
 * @module
 */

import {
  handle,
  type HandleOptions,
  type HandlerFunction,
  type Worker,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import {
  createScriptedBroker,
  createScriptedWorker,
  type Reported,
  type ScriptedBroker,
  wireJob,
  work,
} from "./scripted-broker.ts";

/** A worker, its broker and its events. */
export interface Parts extends ScriptedBroker {
  readonly worker: Worker;
  /** What became of which job: `started a`, `failed a`. */
  readonly events: string[];
  /** Sends jobs and lets them run. */
  deliver(...jobs: object[]): Promise<void>;
}

/** A connected worker, and what it tells of its jobs. */
export async function setUp(options: Partial<WorkerOptions>): Promise<Parts> {
  const broker = createScriptedBroker();
  const { worker } = createScriptedWorker(broker, options);
  const events: string[] = [];
  for (const name of ["started", "succeeded", "failed", "decided"] as const) {
    worker.on(name, ({ job }) => events.push(`${name} ${job.id}`));
  }
  await worker.start();
  const deliver = async (...jobs: object[]) => {
    broker.connection.send(...jobs);
    await broker.clock.settle();
  };
  return { ...broker, worker, events, deliver };
}

/** Runs one job with a handler and gives its report. */
export async function runOne(
  run: HandlerFunction<unknown>,
  { job = {}, timeout, onError, ...options }: Partial<WorkerOptions> & HandleOptions & {
    job?: object;
  } = {},
): Promise<Parts & { failure: Reported | undefined }> {
  const parts = await setUp({
    handlers: [handle(work, run, { timeout, onError })],
    onError,
    ...options,
  });
  await parts.deliver(wireJob("a", job));
  return { ...parts, failure: parts.failures[0] };
}
