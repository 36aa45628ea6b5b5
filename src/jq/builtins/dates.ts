/**
 * Builtins on times. The time zone is always UTC, also where jq uses local time.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spendSteps } from "../meter.ts";
import { type Moment, momentOf, toMoment, toSeconds } from "../values/calendar.ts";
import { isNumber, toDouble } from "../values/exact-number.ts";
import { isArray, type Json } from "../values/json.ts";
import type { ValueRow } from "./row.ts";
import { formatTime } from "./strftime.ts";
import { parseTime } from "./strptime.ts";

/** The builtins of this file. */
export const dates: Readonly<Record<string, ValueRow>> = {
  "gmtime/0": (input) => breakDown(input, "gmtime"),
  "localtime/0": (input) => breakDown(input, "localtime"),
  "mktime/0": (input) => {
    spendSteps(conversionSteps);
    return toSeconds(momentOf(input, "mktime"));
  },
  "strftime/1": (input, format) => write(input, format, "strftime/1"),
  "strflocaltime/1": (input, format) => write(input, format, "strflocaltime/1"),
  "strptime/1": (input, format) =>
    typeof input === "string" && typeof format === "string"
      ? parseTime(input, format)
      : fail("strptime/1 requires string inputs and arguments"),
};

/** What converting a time between its two forms costs. */
const conversionSteps = 12;

function breakDown(input: Json, name: string): Moment {
  spendSteps(conversionSteps);
  return isNumber(input) ? toMoment(toDouble(input)) : fail(`${name}() requires numeric inputs`);
}

function write(input: Json, format: Json, name: string): string {
  if (!isNumber(input) && !isArray(input)) {
    return fail(`${name} requires parsed datetime inputs`);
  }
  spendSteps(conversionSteps);
  const time = isNumber(input) ? toMoment(toDouble(input)) : momentOf(input, name);
  return typeof format === "string"
    ? formatTime(time, format)
    : fail(`${name} requires a string format`);
}
