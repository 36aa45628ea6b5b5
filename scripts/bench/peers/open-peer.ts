/**
 * Starts the process that measures a system, and the server of ours where it is served.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Runtime, toWords } from "../runtimes.ts";
import { startServer } from "../server-process.ts";
import type { PeerStep, PeerTask } from "./measure-peer.ts";

const script = fileURLToPath(new URL("measure-peer.ts", import.meta.url));

/** A system that waits to be told to go on. Disposing of it ends its processes. */
export interface OpenPeer extends AsyncDisposable {
  /**
   * Does the next step.
   *
   * @throws {Error} If the process ends, as it does when a job is lost or delivered twice.
   */
  next(): Promise<PeerStep>;
  /** CPU time of its server so far, in ms; 0 without one. */
  serverCpuMs(): Promise<number>;
}

/** Opens a system on a runtime. */
export async function openPeer(
  task: Omit<PeerTask, "server">,
  { runtime, signal }: { readonly runtime: Runtime; readonly signal: AbortSignal },
): Promise<OpenPeer> {
  const { name, checkout, database } = task;
  const server = name === "millrace-served"
    ? await startServer(checkout, runtime, database)
    : undefined;
  const whole: PeerTask = { ...task, server: server?.url };
  const child = spawn(
    runtime.program,
    [...toWords(runtime, script, checkout), JSON.stringify(whole)],
    { stdio: ["pipe", "pipe", "inherit"], signal },
  );
  child.stdin!.on("error", () => {}); // What it means is told by the end of the process.
  child.on("error", () => {});
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async next() {
      child.stdin!.write("\n");
      const { value, done } = await lines.next();
      if (!done) return JSON.parse(value) as PeerStep;
      await ended;
      throw new Error(`Measuring '${name}' ended with ${child.exitCode ?? child.signalCode}`);
    },
    serverCpuMs: async () => await server?.cpuMs() ?? 0,
    async [Symbol.asyncDispose]() {
      child.stdin!.end();
      await ended;
      await server?.stop();
    },
  };
}
