/**
 * The processes of a soak: a broker that is watched, and workers that are killed.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Runtime, toWords } from "../bench/runtimes.ts";
import { readMemory } from "./memory.ts";
import type { WorkerMessage } from "./soak-worker.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** What a broker uses at one moment. Undefined where the system does not tell (all but Linux). */
export interface Usage {
  readonly rssBytes: number | undefined;
  readonly descriptors: number | undefined;
  readonly fileBytes: number;
  readonly logBytes: number;
}

/** A broker in a process of its own. */
export interface BrokerProcess {
  readonly url: string;
  usage(): Usage;
  /** Asks it to stop. Gives its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts `millrace serve`. What it logs goes to this process's own log.
 *
 * @throws {Error} If it ends before it listens.
 */
export async function startBroker(runtime: Runtime, data: string): Promise<BrokerProcess> {
  const words = toWords(runtime, `${checkout}/adapters/cli/main.ts`, checkout);
  const flags = ["--port", "0", "--data", data, "--default-completed-job-retention", "10s"];
  const child = spawn(runtime.program, [...words, "serve", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const found = /^millrace listening on (\S+)$/.exec(line);
      if (found) resolve(found[1]!);
    });
    void ended.then(() => reject(new Error("The broker ended before it listened")));
  });
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    url,
    usage: () => ({
      rssBytes: readMemory(child.pid!, "VmRSS"),
      descriptors: countDescriptors(child.pid!),
      fileBytes: sizeOf(data),
      logBytes: sizeOf(`${data}-wal`),
    }),
    async stop() {
      // Not by `child.kill`: on Deno that makes the exit code null.
      if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, "SIGTERM");
      await ended;
      return child.exitCode;
    },
  };
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** Ends it with SIGKILL in the middle of its work; resolves when everything that it reported was read. */
  kill(): Promise<void>;
}

/** Starts a worker. Throws if it ends before it takes jobs. */
export async function startWorker(
  runtime: Runtime,
  url: string,
  onMessage: (message: WorkerMessage) => void,
): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL("soak-worker.ts", import.meta.url));
  const child: ChildProcess = spawn(
    runtime.program,
    [...toWords(runtime, script, checkout), url],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const closed = once(child, "close");
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const message = toMessage(line);
      if (message?.kind === "connected") resolve();
      else if (message !== undefined) onMessage(message);
    });
    void closed.then(() => reject(new Error("A worker ended before it took jobs")));
  });
  return {
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Undefined for a line that was cut off when its writer was killed. */
function toMessage(line: string): WorkerMessage | undefined {
  return tryTo(() => JSON.parse(line));
}

function countDescriptors(pid: number): number | undefined {
  return tryTo(() => readdirSync(`/proc/${pid}/fd`).length);
}

function tryTo<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
