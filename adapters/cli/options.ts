/**
 * Flags: parsing, environment variables and help all come from one table.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { suggest } from "./suggest.ts";

/** One flag. */
export interface Flag<Value> {
  /** What its value is called in the help: `PORT`; empty if it takes none, and then `"true"` is read when it is given. */
  readonly placeholder: string;
  /** What it is for, in one line. */
  readonly help: string;
  /** The text that is read if neither a flag nor a variable gives one; empty for none. */
  readonly fallback: string;
  /** Reads the value; throws an `Error` whose message says what was expected. */
  readonly read: (text: string) => Value;
  /** Whether it may come several times: then it means all of them, with commas between. */
  readonly isList?: boolean;
}

/** The flags of one command, each named as its value is: the flag of `logFormat` is `--log-format`. */
export type Flags<Config> = { readonly [Name in keyof Config]-?: Flag<Config[Name]> };

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A parsed command line. */
export interface CommandLine<Config> {
  readonly config: Config;
  readonly positionals: readonly string[];
}

/**
 * Reads a command line by a table of flags. A flag that is not given is looked up in the environment: `--log-format`
 * as `MILLRACE_LOG_FORMAT`.
 *
 * @throws {UsageError} If a flag is unknown, has no value, or one that cannot be read.
 */
export function readCommandLine<Config>(
  flags: Flags<Config>,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine<Config> {
  const table = new Map(entries(flags).map(([key, flag]) => [toFlag(key), { key, flag }]));
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      [...table].map(([name, { flag }]) => [name, { type: isSwitch(flag) ? "boolean" : "string" }]),
    ),
    strict: false, // Its own messages do not say what was expected.
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const flag = table.get(name)?.flag;
    if (flag === undefined) {
      const names = [...table.keys(), "help"].map((name) => `--${name}`);
      throw new UsageError(`Unknown flag '${rawName}'${suggest(rawName, names, "")}`);
    }
    if (isSwitch(flag)) {
      if (value !== undefined) {
        throw new UsageError(`Flag '${rawName}' has the value '${value}', expected none`);
      }
      given.set(name, "true");
      continue;
    }
    if (value === undefined || (!inlineValue && value.startsWith("--"))) {
      throw new UsageError(`Flag '${rawName}' has no value, expected ${flag.placeholder}`);
    }
    const before = flag.isList ? given.get(name) : undefined;
    given.set(name, before === undefined ? value : `${before},${value}`);
  }
  const config: Record<string, unknown> = {};
  for (const [name, { key, flag }] of table) {
    const variable = toVariable(name);
    const text = given.get(name) ?? environment[variable] ?? flag.fallback;
    try {
      config[key] = flag.read(text);
    } catch (error) {
      const source = given.has(name) ? `Flag '--${name}'` : `Variable '${variable}'`;
      throw new UsageError(`${source} is '${text}', expected ${(error as Error).message}`);
    }
  }
  return { config: config as Config, positionals };
}

/** The lines of the help that list the flags. */
export function describeFlags<Config>(flags: Flags<Config>): string {
  const rows = entries(flags).map(([key, { placeholder, help, fallback }]) => ({
    left: `  --${toFlag(key)} ${placeholder}`.trimEnd(),
    right: fallback === "" ? help : `${help} [${fallback}]`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return rows.map(({ left, right }) => `${left.padEnd(width)}${right}\n`).join("");
}

function isSwitch({ placeholder }: Flag<unknown>): boolean {
  return placeholder === "";
}

function entries<Config>(flags: Flags<Config>): [string, Flag<unknown>][] {
  return Object.entries(flags);
}

function toFlag(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function toVariable(flag: string): string {
  return `MILLRACE_${flag.toUpperCase().replaceAll("-", "_")}`;
}
