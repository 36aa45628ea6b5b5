/**
 * The flags of a comparison.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { readChoices, readCount, readNumber } from "./flags.ts";
import { type RuntimeName, runtimeNames } from "./runtimes.ts";
import { type ComparedSetting, type FigureName, figureNames, settingNames } from "./settings.ts";

/** What is compared, and how. */
export interface CompareConfig {
  /** The other side: one of the two. */
  readonly revision: string | undefined;
  readonly folder: string | undefined;
  readonly runtimes: readonly RuntimeName[];
  readonly settings: readonly ComparedSetting[];
  readonly figures: readonly FigureName[];
  /** How often fresh processes are started. */
  readonly rounds: number;
  /** How often each process measures each figure. */
  readonly passes: number;
  /** The lowest ratio that passes; none if there is no floor. */
  readonly floor: number | undefined;
  readonly json: string | undefined;
}

/**
 * Reads the command line.
 *
 * @throws {TypeError} If a flag is unknown or has a value that cannot be.
 */
export function readCompareFlags(args: readonly string[]): CompareConfig {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      folder: { type: "string" },
      runtimes: { type: "string" },
      settings: { type: "string" },
      figures: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      floor: { type: "string" },
      json: { type: "string" },
    },
  });
  if (positionals.length + (values.folder === undefined ? 0 : 1) !== 1) {
    throw new TypeError("Expected one revision, or '--folder PATH'");
  }
  return {
    revision: positionals[0],
    folder: values.folder,
    runtimes: readChoices("runtimes", values.runtimes, runtimeNames),
    settings: readChoices("settings", values.settings, settingNames),
    figures: readChoices("figures", values.figures, figureNames),
    rounds: readCount("rounds", values.rounds ?? (values.quick ? "2" : "5")),
    passes: values.quick ? 8 : 10,
    floor: values.floor === undefined ? undefined : readNumber("floor", values.floor),
    json: values.json,
  };
}
