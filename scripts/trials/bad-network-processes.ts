/**
 * The processes of the trial of a bad network: a broker that is killed and started again on its port, and workers.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Format } from "../../src/protocol/codec.ts";
import { type Runtime, toWords } from "../bench/runtimes.ts";
import type { WorkerLine } from "./bad-network-worker.ts";
import { readMemory } from "./memory.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** A process that is watched. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
  /** Whether it has ended without being asked to. */
  readonly endedByItself: boolean;
  /** Lines that it has logged. */
  readonly logged: readonly string[];
  signal(name: NodeJS.Signals): void;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** CPU time that it has used, in ms; 0 where the system does not tell. */
  cpuMs(): number;
  rssBytes(): number;
}

function watch(name: string, child: ChildProcess, logged: readonly string[]): Watched {
  let isAsked = false;
  const ended = once(child, "exit");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    pid: child.pid!,
    get endedByItself() {
      return hasEnded() && !isAsked;
    },
    logged,
    signal: (signal) => void process.kill(child.pid!, signal),
    async kill() {
      if (hasEnded()) return;
      isAsked = true;
      process.kill(child.pid!, "SIGKILL");
      await ended;
    },
    cpuMs: () => readCpuMs(child.pid!),
    rssBytes: () => readMemory(child.pid!, "VmRSS") ?? 0,
  };
}

/** A tick of the times in `/proc`, in ms. */
const tickMs = 10;

function readCpuMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
}

/**
 * Starts `millrace serve`.
 *
 * @param port 0 for a free one.
 * @throws {Error} If it ends before it listens.
 */
export async function startBroker(
  runtime: Runtime,
  { data, port }: { readonly data: string; readonly port: number },
): Promise<Watched & { readonly url: string }> {
  const words = toWords(runtime, `${checkout}/adapters/cli/main.ts`, checkout);
  const flags = ["--port", `${port}`, "--data", data, "--heartbeat-interval", "500ms"];
  const child = spawn(runtime.program, [...words, "serve", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const logged: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => logged.push(line));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const found = /^millrace listening on (\S+)$/.exec(line);
      if (found) resolve(found[1]!);
    });
    child.on("exit", () => reject(new Error(`The broker ended: ${logged.join("\n")}`)));
  });
  return Object.assign(watch("broker", child, logged), { url });
}

/** Starts a worker. */
export async function startWorker(
  runtime: Runtime,
  { name, url, concurrency, format }: {
    readonly name: string;
    readonly url: string;
    readonly concurrency: number;
    readonly format: Format;
  },
  onLine: (line: WorkerLine) => void,
): Promise<Watched> {
  const script = fileURLToPath(new URL("bad-network-worker.ts", import.meta.url));
  const words = [...toWords(runtime, script, checkout), url, `${concurrency}`, format];
  const child = spawn(runtime.program, words, { stdio: ["pipe", "pipe", "pipe"] });
  const logged: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => logged.push(`stderr ${line}`));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (text) => {
      const line = JSON.parse(text) as WorkerLine;
      if (line.kind === "connected") resolve();
      if (line.kind === "log") logged.push(`${line.level} ${line.text}`);
      onLine(line);
    });
    child.on("exit", () => reject(new Error(`${name} ended: ${logged.join("\n")}`)));
  });
  return watch(name, child, logged);
}
