/**
 * Durations as a person writes them: `250`, `"250ms"`, `"1.5h"`.
 *
 * @module
 */

/** A unit of durations as text: ms, seconds, minutes, hours, days. */
export type DurationUnit = "ms" | "s" | "m" | "h" | "d";

/**
 * A number of ms, or text such as `"250ms"`, `"30s"`, `"10m"`, `"1.5h"`, `"7d"`. Text from elsewhere, such as from the
 * environment, is passed on with `as Duration`: it is checked when the program runs.
 */
export type Duration = number | `${number}${DurationUnit}`;

const unitsMs: Readonly<Record<DurationUnit, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a duration: for members that take ms, where text reads better.
 *
 * @param value What was given.
 * @param label The name of the option, for the message.
 * @returns The duration in whole ms.
 * @throws {TypeError} If it is no duration.
 * @throws {RangeError} If it is negative or not finite.
 *
 * @example
 * ```ts
 * import { toMs } from "@millrace/millrace/client";
 *
 * console.log(toMs("1.5h")); // 5400000
 * ```
 */
export function toMs(value: number | string, label = "duration"): number {
  const ms = typeof value === "number" ? value : parseDuration(value);
  if (ms === undefined) {
    throw new TypeError(
      `Cannot read '${label}' ${
        JSON.stringify(value)
      }: expected ms or a text such as '250ms', '30s', '10m', '1.5h' or '7d'`,
    );
  }
  if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`Cannot use '${label}' ${value}: expected a duration of 0 or more`);
  }
  return Math.round(ms);
}

/**
 * Reads a span that has two spellings: a member `name` that is a duration, and a member `nameMs` that is a number.
 *
 * @param label The name of the option without `Ms`, for the message.
 * @param duration What was given as a duration.
 * @param ms What was given in ms; it is not checked.
 * @returns What was given, in ms.
 * @throws {TypeError} If both were given, or the duration is none.
 */
export function spanMs<Ms extends number | null | undefined>(
  label: string,
  duration: Duration | undefined,
  ms: Ms,
): Ms | number {
  if (duration === undefined) return ms;
  if (ms === undefined) return toMs(duration, label);
  throw new TypeError(`Cannot use both '${label}' and '${label}Ms': give one of them`);
}

/**
 * Demands a number of 0 or more; `Infinity` is one.
 *
 * @param label What the message calls it.
 * @param value What was given.
 * @throws {RangeError} If it is below 0 or not a number.
 */
export function checkNotNegative(label: string, value: number): void {
  if (value >= 0) return;
  throw new RangeError(`Cannot use '${label}' ${value}: expected a number of 0 or more`);
}

function parseDuration(text: unknown): number | undefined {
  const match = typeof text === "string" && /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  return match ? Number(match[1]) * unitsMs[match[2] as DurationUnit] : undefined;
}
