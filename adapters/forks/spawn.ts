/**
 * Processes of this very runtime, with a channel for messages between them and their parent.
 *
 * @module
 */

import { type ChildProcess, fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What a process is started with. */
export interface SpawnOptions {
  /** The file of its program: a `file:` URL, such as `new URL("./worker.ts", import.meta.url)`, or a path. */
  readonly entry: URL | string;
  /**
   * Its arguments.
   *
   * @default {[]}
   */
  readonly args?: readonly string[] | undefined;
  /**
   * Variables of its environment besides those of this process.
   *
   * @default {none}
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** How a process came to its end. */
export interface ProcessEnd {
  /** Its exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  /** The signal that ended it; undefined if none did. */
  readonly signal: string | undefined;
}

/** A process that was started. */
export interface Spawned {
  /** Its process id; undefined if it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends it a message; one that it does not read any more is dropped. */
  send(message: object): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/** Starts a process; `received` gets its messages. */
export function spawn(
  { entry, args = [], env }: SpawnOptions,
  received: (message: unknown) => void,
): Spawned {
  const file = entry instanceof URL || entry.startsWith("file:") ? fileURLToPath(entry) : entry;
  const child: ChildProcess = fork(file, [...args], {
    env: { ...process.env, ...env },
    execArgv: runtimeArguments(file),
  });
  child.on("message", received);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.on("exit", (code, signal) => {
      resolve({ code: code ?? undefined, signal: signal ?? undefined });
    });
    child.on("error", () => {
      // It may also be that a message did not arrive; then it ends by itself later.
      if (child.pid === undefined) resolve({ code: undefined, signal: undefined });
    });
  });
  return {
    pid: child.pid,
    ended,
    send(message) {
      if (child.connected) child.send(message, () => {});
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** Node 22 must be told that a file is TypeScript; the others know, and Deno passes on its own permissions. */
function runtimeArguments(file: string): string[] {
  if ("Deno" in globalThis || "Bun" in globalThis) return [];
  const own = process.execArgv.filter((flag) => !flag.startsWith("--test"));
  const isTypeScript = /\.[cm]?ts$/.test(file);
  if (!isTypeScript || own.includes("--experimental-strip-types")) return own;
  return [...own, "--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
}
