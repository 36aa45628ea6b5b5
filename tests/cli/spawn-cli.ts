/**
 * The real command line as a child process, under the runtime that runs the test.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runArguments } from "../support/run-arguments.ts";

const main = fileURLToPath(new URL("../../adapters/cli/main.ts", import.meta.url));

/** What a process printed, and its exit code. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command line. */
export interface Cli {
  readonly child: ChildProcess;
  /** Sends a signal. (Deno's `child.kill` would make the exit code null, whatever the process does.) */
  kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  /** Resolves when the process is gone. */
  readonly outcome: Promise<Outcome>;
  /** Resolves with the broker's URL when it prints that it listens. */
  readonly url: Promise<string>;
  /** The same for its admin port; never resolves without one. */
  readonly adminUrl: Promise<string>;
}

/**
 * Starts `millrace` with arguments. No variable of ours is inherited.
 *
 * @param output The open file that it prints to, in place of `stdout`.
 */
export function startCli(
  args: readonly string[],
  variables: Record<string, string> = {},
  output?: number,
): Cli {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_"));
  const child = spawn(process.execPath, [...runArguments, main, ...args], {
    stdio: ["ignore", output ?? "pipe", "pipe"],
    env: { ...Object.fromEntries(inherited), ...variables },
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  const outcome = once(child, "close").then(() => ({ code: child.exitCode, stdout, stderr }));
  const find = (line: RegExp) => {
    const found = new Promise<string>((resolve, reject) => {
      child.stdout?.on("data", () => {
        const match = line.exec(stdout);
        if (match) resolve(match[1]!);
      });
      outcome.then(() => reject(new Error(`the process ended: ${stderr}`)));
    });
    found.catch(() => {}); // Not every test waits for it.
    return found;
  };
  const url = find(/^millrace listening on ((?:https?|unix):\S+)\n/);
  const adminUrl = find(/^millrace admin listening on (https?:\S+)\n/m);
  return { child, outcome, url, adminUrl, kill: (signal) => void process.kill(child.pid!, signal) };
}

/** Runs `millrace` to its end. */
export async function runCli(
  args: readonly string[],
  variables?: Record<string, string>,
): Promise<Outcome> {
  return await startCli(args, variables).outcome;
}

/** Asserts that the process failed with one line and nothing else. */
export function assertOneLine(outcome: Outcome, code: number, line: RegExp): void {
  assert.match(outcome.stderr, line);
  assert.equal(outcome.stderr.trimEnd().split("\n").length, 1, outcome.stderr);
  assert.equal(outcome.stdout, "");
  assert.equal(outcome.code, code);
}
