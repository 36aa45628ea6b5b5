/**
 * Converts between seconds since 1970 and the broken-down time of jq, in UTC. The latter is an array of year, month
 * from 0, day, hour, minute, second (which may have a fraction), day of the week from Sunday, and day of the year from 0.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { isNumber, toDouble } from "./exact-number.ts";
import { isArray, type Json } from "./json.ts";

/** A broken-down time, in UTC. */
export type Moment = readonly [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  weekday: number,
  yearday: number,
];

const dayMs = 86_400_000;

/** The broken-down time of a number of seconds since 1970. */
export function toMoment(seconds: number): Moment {
  // The whole seconds are rounded towards zero, and the fraction from below, as in jq.
  const whole = Math.trunc(seconds);
  const date = new Date(whole * 1000);
  const year = date.getUTCFullYear();
  if (year !== year) return fail("error converting number of seconds since epoch to datetime");
  const start = toSeconds([year, 0, 1, 0, 0, 0]);
  return [
    year,
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds() + (seconds - Math.floor(seconds)),
    date.getUTCDay(),
    Math.floor((whole - start) * 1000 / dayMs),
  ];
}

/** The seconds since 1970 of a broken-down time. Its parts may be out of range, such as the 32nd day. */
export function toSeconds(parts: readonly number[]): number {
  const [year = 1970, month = 0, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Math.trunc);
  const date = new Date(0);
  // Date.UTC adds 1900 to a year below 100.
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime() / 1000;
}

/** Checks that a value is a broken-down time, for the builtin `name`. */
export function momentOf(value: Json, name: string): Moment {
  if (!isArray(value)) return fail(`${name} requires array inputs`);
  if (value.length < 8 || !value.every(isNumber)) {
    return fail(`${name} requires parsed datetime inputs`);
  }
  return value.map(toDouble) as unknown as Moment;
}
