/**
 * Days and seconds, all in UTC: between a number of seconds and the broken-down time that jq uses, an array of year,
 * month from 0, day, hour, minute, second (which may have a fraction), day of the week from Sunday, day of the year.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { isArray, type Json } from "./json.ts";

/** A broken-down time. */
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
  // As a C cast does, towards zero; the fraction is counted upwards all the same.
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

/** The seconds since 1970 of a broken-down time, whose parts may be out of their range. */
export function toSeconds(parts: readonly number[]): number {
  const [year = 1970, month = 0, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Math.trunc);
  const date = new Date(0);
  // Date.UTC would take years below 100 for those of the last century.
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime() / 1000;
}

/** What is given as a time, which `name` demands: seconds, where it takes them, or a broken-down time. */
export function momentOf(value: Json, name: string): Moment {
  if (!isArray(value)) return fail(`${name} requires array inputs`);
  if (value.length < 8 || value.some((part) => typeof part !== "number")) {
    return fail(`${name} requires parsed datetime inputs`);
  }
  return value as unknown as Moment;
}
