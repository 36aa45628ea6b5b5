/**
 * The flags of a comparison.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type RuntimeName, runtimeNames } from "./runtimes.ts";
import { type FigureName, figureNames, type SettingName, settingNames } from "./settings.ts";

/** What is compared, and how. */
export interface CompareConfig {
  /** The other side: one of the two. */
  readonly revision: string | undefined;
  readonly folder: string | undefined;
  readonly runtimes: readonly RuntimeName[];
  readonly settings: readonly SettingName[];
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
  const rounds = readNumber("rounds", values.rounds ?? (values.quick ? "2" : "5"));
  if (!Number.isInteger(rounds)) {
    throw new TypeError(`Flag '--rounds' is '${rounds}', expected a whole number`);
  }
  return {
    revision: positionals[0],
    folder: values.folder,
    runtimes: readChoices("runtimes", values.runtimes, runtimeNames),
    settings: readChoices("settings", values.settings, settingNames),
    figures: readChoices("figures", values.figures, figureNames),
    rounds,
    passes: values.quick ? 8 : 10,
    floor: values.floor === undefined ? undefined : readNumber("floor", values.floor),
    json: values.json,
  };
}

function readNumber(flag: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new TypeError(`Flag '--${flag}' is '${text}', expected a number above 0`);
}

function readChoices<Name extends string>(
  flag: string,
  text: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  if (text === undefined) return names;
  const chosen = text.split(",");
  const unknown = chosen.find((name) => !names.includes(name as Name));
  if (unknown !== undefined) {
    throw new TypeError(`Flag '--${flag}' has '${unknown}', expected some of ${names.join(", ")}`);
  }
  return chosen as Name[];
}
