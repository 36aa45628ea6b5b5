/**
 * Commands that have actions, such as `cron pause`.
 *
 * @module
 */

import { UsageError } from "../options.ts";
import { suggest } from "../suggest.ts";

/** One action. */
export interface Action<Config> {
  /** What its arguments are called, in their order; those in brackets may be left out. */
  readonly takes: readonly string[];
  run(args: readonly string[], config: Config): Promise<void>;
}

/**
 * Runs the action that the first argument names.
 *
 * @throws {UsageError} If there is no such action, or it takes other arguments.
 */
export async function runAction<Config>(
  actions: Readonly<Record<string, Action<Config>>>,
  [name, ...args]: readonly string[],
  config: Config,
): Promise<void> {
  const names = Object.keys(actions);
  const expected = `, expected one of ${names.map((known) => `'${known}'`).join(", ")}`;
  if (name === undefined) throw new UsageError(`No action is given${expected}`);
  if (!Object.hasOwn(actions, name)) {
    throw new UsageError(`Unknown action '${name}'${suggest(name, names, expected)}`);
  }
  const { takes, run } = actions[name]!;
  const missing = takes.filter((take) => !take.startsWith("["))[args.length];
  if (missing !== undefined) {
    throw new UsageError(`No ${missing} is given, expected '${name} ${takes.join(" ")}'`);
  }
  const extra = args[takes.length];
  if (extra !== undefined) throw new UsageError(`Argument '${extra}' is one too many`);
  await run(args, config);
}
