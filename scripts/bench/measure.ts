/**
 * Measures one setting of one checkout in this process, step by step. Started by `measurement.ts`: a line on the standard input
 * asks for the next step, a line on the standard output says what came of it. It ends when the input does.
 *
 * The checkout is imported by its path and may be older or newer than this file. What a task says of a server that runs already, and
 * of an open loop, is used by `served.ts` only.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { createFloor } from "./floor-subject.ts";
import { createLean } from "./lean-subject.ts";
import { type Latency, type OpenLoop, runOpenLoop } from "./open-loop.ts";
import { createEmbedded, createOwn } from "./own-subject.ts";
import type { Runtime } from "./runtimes.ts";
import { startServer } from "./server-process.ts";
import type { SettingName, Sizes } from "./settings.ts";
import type { Subject } from "./subject.ts";
import { type Figure, runPass } from "./workloads.ts";

/** What to measure, and where the data may lie. */
export interface Task {
  /** Absolute path of the checkout under test. */
  readonly checkout: string;
  readonly setting: SettingName;
  readonly sizes: Sizes;
  /** What runs the code under test. */
  readonly runtime: Runtime;
  /** The database file, which does not exist yet. */
  readonly data: string;
  /** How often all is measured. */
  readonly passes: number;
  /** A server that runs already, for the settings that need one: only the CPU time of the client is counted. */
  readonly url?: string | undefined;
  /** How bodies are written by the checkout's own client. */
  readonly format?: "json" | "msgpack" | undefined;
  /** What is measured after all passes. */
  readonly openLoop?: OpenLoop | undefined;
}

/** What came of a step: a figure, or a workload that is ready to start. */
export interface Step {
  readonly figure?: Figure;
  readonly latency?: Latency;
  readonly done?: true;
}

async function createSubject(task: Task): Promise<Subject> {
  const { checkout, setting, runtime, data, url, format = "msgpack" } = task;
  if (setting === "embedded") return await createEmbedded(checkout, runtime.name, data);
  if (setting === "floor") return await createFloor(runtime.name, data);
  if (url !== undefined) {
    return setting === "served-own"
      ? await createOwn(checkout, { url, format })
      : await createLean(runtime.name, url);
  }
  const server = await startServer(checkout, runtime, data);
  if (setting === "served-own") {
    const own = await createOwn(checkout, { url: server.url, format });
    return {
      ...own,
      // The client and the worker are under test too.
      cpuMs: async () => await own.cpuMs() + await server.cpuMs(),
      close: () => server.stop(),
    };
  }
  // Loaded only here: it imports the protocol of this checkout, which must not lie in memory beside that under test.
  const { createWireSubject } = await import("./wire-subject.ts");
  return await createWireSubject(server, setting === "served-json" ? "json" : "msgpack");
}

async function* steps({ sizes, passes, openLoop }: Task, subject: Subject): AsyncGenerator<Step> {
  // What runs first is slow for a while, as it is compiled meanwhile. It is not counted.
  for await (const _ of runPass(subject, sizes));
  for (let pass = 0; pass < passes; pass++) {
    for await (const figure of runPass(subject, sizes)) {
      yield figure === undefined ? {} : { figure };
    }
  }
  if (openLoop === undefined) return;
  await runOpenLoop(subject, { ...openLoop, seconds: 1 });
  yield {};
  yield { latency: await runOpenLoop(subject, openLoop) };
}

const task = JSON.parse(process.argv[2]!) as Task;
const subject = await createSubject(task);
const all = steps(task, subject);
for await (const _ of createInterface({ input: process.stdin })) {
  const { value, done } = await all.next();
  console.log(JSON.stringify(done ? { done } : value));
}
await subject.close();
process.exit();
