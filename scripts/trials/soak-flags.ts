/**
 * The flags of a soak.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { currentRuntime, type Runtime, runtimeNames } from "../bench/runtimes.ts";

/** What is run, and for how long. */
export interface SoakConfig {
  /** What runs the broker and the workers. */
  readonly runtime: Runtime;
  readonly minutes: number;
  /** Jobs enqueued in a second. */
  readonly rate: number;
}

/**
 * Reads the command line. A runtime that `--program` does not name is looked up on the `PATH`.
 *
 * @throws {TypeError} If a flag is unknown or has a value that cannot be.
 */
export function readSoakFlags(args: readonly string[]): SoakConfig {
  const own = currentRuntime();
  const { values } = parseArgs({
    args: [...args],
    options: {
      runtime: { type: "string", default: own.name },
      program: { type: "string" },
      minutes: { type: "string", default: "60" },
      rate: { type: "string", default: "500" },
    },
  });
  const name = runtimeNames.find((name) => name === values.runtime);
  if (name === undefined) {
    throw new TypeError(
      `Flag '--runtime' is '${values.runtime}', expected one of ${runtimeNames.join(", ")}`,
    );
  }
  const readNumber = (flag: string, text: string) => {
    const value = Number(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new TypeError(`Flag '--${flag}' is '${text}', expected a number above 0`);
  };
  return {
    runtime: { name, program: values.program ?? (name === own.name ? own.program : name) },
    minutes: readNumber("minutes", values.minutes),
    rate: readNumber("rate", values.rate),
  };
}
