/**
 * A measurement in a fresh process, on a fresh database file.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Step, Task } from "./measure.ts";
import { type Runtime, toWords } from "./runtimes.ts";

/** No measurement may hang, in ms. */
const longestMs = 180_000;

const script = fileURLToPath(new URL("measure.ts", import.meta.url));

/** This checkout. */
export const ownFolder: string = fileURLToPath(new URL("../..", import.meta.url));

/** How a measurement is run. */
export interface MeasurementOptions {
  /** What runs the load generator of the served settings; by default what runs the server. */
  readonly generator?: Runtime | undefined;
  /** Ends the process. */
  readonly signal?: AbortSignal | undefined;
}

/** A measurement that waits to be told to go on. */
export interface Measurement extends AsyncDisposable {
  /**
   * Does the next step.
   *
   * @throws {Error} If the process ends, as it does when a job is lost or delivered twice.
   */
  next(): Promise<Step>;
}

/** Starts the process of a measurement. */
export async function openMeasurement(
  task: Omit<Task, "data">,
  { generator, signal }: MeasurementOptions = {},
): Promise<Measurement> {
  const { setting, checkout } = task;
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const usesGenerator = setting === "served-json" || setting === "served-msgpack";
  const runtime = usesGenerator ? generator ?? task.runtime : task.runtime;
  // The generator is ours, and so are its dependencies.
  const words = toWords(runtime, script, usesGenerator ? ownFolder : checkout);
  const timeout = AbortSignal.timeout(longestMs);
  const child = spawn(
    runtime.program,
    [...words, JSON.stringify({ ...task, data: join(folder, "jobs.db") })],
    {
      stdio: ["pipe", "pipe", "inherit"],
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    },
  );
  child.stdin!.on("error", () => {}); // What it means is told by the end of the process.
  let failure: Error | undefined;
  child.on("error", (error) => failure = error);
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async next() {
      child.stdin!.write("\n");
      const { value, done } = await lines.next();
      if (!done) return JSON.parse(value) as Step;
      await ended;
      const how = failure?.message ?? `code ${child.exitCode}`;
      throw new Error(`Measuring ${setting} of '${checkout}' ended: ${how}`);
    },
    async [Symbol.asyncDispose]() {
      child.stdin!.end();
      await ended;
      await rm(folder, { recursive: true, maxRetries: 3 });
    },
  };
}
