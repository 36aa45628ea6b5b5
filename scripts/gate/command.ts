/**
 * Other programs, run with their words in an array and their output kept.
 *
 * @module
 */

import { join } from "node:path";
import { CheckError } from "./report.ts";

/** The checkout's folder, with a slash at its end. */
export const root: string = join(import.meta.dirname!, "../../");

/** The Deno that runs the gate. */
export const deno: string = Deno.execPath();

export interface CommandOptions {
  /** Where it runs; the checkout by default. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  /** Both outputs, the errors last. */
  readonly output: string;
}

/** No program may hang the gate: the longest one takes four minutes beside another. */
const longestMs = 12 * 60_000;

/** Runs a program to its end. */
export async function run(
  program: string,
  words: readonly string[],
  { cwd = root, env = {} }: CommandOptions = {},
): Promise<Outcome> {
  const command = new Deno.Command(program, {
    args: [...words],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    signal: AbortSignal.timeout(longestMs),
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  const out = text.decode(stdout);
  return { code, stdout: out, output: out + text.decode(stderr) };
}

/** Runs a program that must succeed, for its standard output. */
export async function demand(
  program: string,
  words: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  const { code, stdout, output } = await run(program, words, options);
  if (code !== 0) {
    throw new CheckError(`${program} ${words.join(" ")}\n${output}\nexit code ${code}`);
  }
  return stdout;
}
