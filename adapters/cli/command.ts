/**
 * What a command of the command line is.
 *
 * @module
 */

import process from "node:process";
import { type CommandLine, type Flags, readCommandLine, UsageError } from "./options.ts";

/** A command, as the list of commands shows it. What it needs is loaded when it is used. */
export interface Command {
  /** How it is called, behind its name. */
  readonly usage: string;
  /** What it is for, in a few words. */
  readonly summary: string;
  load(): Promise<LoadedCommand> | LoadedCommand;
}

/** A command that can be run. */
export interface LoadedCommand {
  readonly help: string;
  /** Runs it and gives its exit code; none is 0. */
  run(args: readonly string[]): Promise<number | void>;
}

/** Reads the arguments of a command that takes so many besides its flags. */
export function read<Config>(
  flags: Flags<Config>,
  args: readonly string[],
  { most, environment = process.env }: {
    readonly most: number;
    readonly environment?: Readonly<Record<string, string | undefined>>;
  },
): CommandLine<Config> {
  const line = readCommandLine(flags, args, environment);
  const extra = line.positionals[most];
  if (extra !== undefined) throw new UsageError(`Argument '${extra}' is one too many`);
  return line;
}

/** Prints a text, with a line break at its end. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}
