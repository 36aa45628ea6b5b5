/**
 * A script that does one task in a fresh process and answers with one line of JSON.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { ownFolder } from "./measurement.ts";
import { type Runtime, toWords } from "./runtimes.ts";

/** No task may hang, in ms: ten million jobs take some minutes. */
const longestMs = 30 * 60_000;

/**
 * Runs a script with a task as its argument.
 *
 * @returns The last line that it prints, as JSON.
 * @throws {Error} If it does not end well.
 */
export async function askChild<Answer>(
  runtime: Runtime,
  script: URL,
  { task, signal }: { readonly task: unknown; readonly signal: AbortSignal },
): Promise<Answer> {
  const words = [...toWords(runtime, script.pathname, ownFolder), JSON.stringify(task)];
  const child = spawn(runtime.program, words, {
    stdio: ["ignore", "pipe", "inherit"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(longestMs)]),
  });
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => output += text);
  await once(child, "close"); // Rejects if the signal ends it.
  if (child.exitCode !== 0) throw new Error(`'${script.pathname}' ended with ${child.exitCode}`);
  return JSON.parse(output.trimEnd().split("\n").at(-1)!);
}
