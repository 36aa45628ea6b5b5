/**
 * Starts the demo's second worker and reads what it reports.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Message } from "./worker-process.ts";

/** A worker in a process of its own. */
export interface Child {
  /** Its process id. */
  readonly pid: number;
  /** Resolves when it takes jobs; rejects if it ended before. */
  readonly connected: Promise<void>;
  /** Ends it with SIGKILL, in the middle of its work; resolves when everything that it reported was read. */
  kill(): Promise<void>;
}

/** Starts the worker against a broker. */
export function startChild(
  url: string,
  concurrency: number,
  onMessage: (message: Message) => void,
): Child {
  // Beside this file, with its ending: TypeScript in a checkout, JavaScript when installed.
  const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
  const script = new URL(`./worker-process.${extension}`, import.meta.url);
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...runArguments(extension),
      script.protocol === "file:" ? fileURLToPath(script) : script.href,
      url,
      String(concurrency),
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: child.stdout! });
  const gone = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const connected = new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      const message = JSON.parse(line) as Message;
      if (message.kind === "connected") resolve();
      else onMessage(message);
    });
    void gone.then(() => reject(new Error("The worker's process ended before it took a job")));
  });
  connected.catch(() => {});
  return {
    pid: child.pid!,
    connected,
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Deno needs permissions; Node 22 must be told that it is TypeScript. */
function runArguments(extension: string): string[] {
  if ("Deno" in globalThis) return ["run", "-A", "--quiet"];
  if ("Bun" in globalThis || extension === "js") return [];
  return ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
}
