/**
 * Reads a time from text, with the conversions of C's `strptime`, English names and UTC. Parts that the text does not
 * have are those of the first second of 1970.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spendSteps } from "../meter.ts";
import { type Moment, toMoment, toSeconds } from "../values/calendar.ts";
import { dayNames, expandFormat, monthNames } from "./strftime.ts";

/** The parts of the time that are read so far. */
interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  yearday?: number;
  isAfternoon?: boolean;
  seconds?: number;
}

/** The text that a conversion takes, and what it changes in the fields. */
interface Conversion {
  readonly pattern: RegExp;
  /** Returns false if the value is out of range. */
  readonly read?: (fields: Fields, text: string) => boolean;
}

const conversions: Readonly<Record<string, Conversion>> = {
  "%": { pattern: /%/y },
  a: { pattern: names(dayNames) },
  A: { pattern: names(dayNames) },
  b: { pattern: names(monthNames), read: readMonth },
  B: { pattern: names(monthNames), read: readMonth },
  d: number(/\d{1,2}/y, 1, 31, (fields, value) => fields.day = value),
  e: number(/ ?\d{1,2}/y, 1, 31, (fields, value) => fields.day = value),
  H: number(/\d{1,2}/y, 0, 23, (fields, value) => fields.hour = value),
  I: number(/\d{1,2}/y, 1, 12, (fields, value) => fields.hour = value),
  j: number(/\d{1,3}/y, 1, 366, (fields, value) => fields.yearday = value),
  k: number(/ ?\d{1,2}/y, 0, 23, (fields, value) => fields.hour = value),
  l: number(/ ?\d{1,2}/y, 1, 12, (fields, value) => fields.hour = value),
  M: number(/\d{1,2}/y, 0, 59, (fields, value) => fields.minute = value),
  m: number(/\d{1,2}/y, 1, 12, (fields, value) => fields.month = value - 1),
  n: { pattern: /\s*/y },
  P: { pattern: /[ap]m/iy, read: readHalf },
  p: { pattern: /[ap]m/iy, read: readHalf },
  S: number(/\d{1,2}/y, 0, 60, (fields, value) => fields.second = value),
  s: number(/-?\d{1,12}/y, -1e12, 1e12, (fields, value) => fields.seconds = value),
  t: { pattern: /\s*/y },
  U: { pattern: /\d{1,2}/y },
  u: { pattern: /[1-7]/y },
  V: { pattern: /\d{1,2}/y },
  W: { pattern: /\d{1,2}/y },
  w: { pattern: /[0-6]/y },
  Y: number(/\d{1,4}/y, 0, 9999, (fields, value) => fields.year = value),
  y: number(/\d{1,2}/y, 0, 99, (fields, value) => fields.year = value + (value < 69 ? 2000 : 1900)),
  Z: { pattern: /[A-Za-z]+/y },
  z: { pattern: /Z|[+-]\d\d:?(?:\d\d)?/y },
};

/** Reads a time. An offset from UTC is read but not applied, as in jq. */
export function parseTime(text: string, format: string): Moment {
  const fields: Fields = { year: 1970, month: 0, day: 1, hour: 0, minute: 0, second: 0 };
  const refuse = () => fail(`date "${text}" does not match format "${format}"`);
  let at = 0;
  const whole = expandFormat(format);
  spendSteps(16 + whole.length);
  for (const [part] of whole.matchAll(/%[^]?|\s+|[^]/gu)) {
    if (/^\s/.test(part)) {
      while (/\s/.test(text[at] ?? "")) at++;
    } else if (part[0] !== "%") {
      if (!text.startsWith(part, at)) refuse();
      at += part.length;
    } else {
      const found = Object.hasOwn(conversions, part[1] ?? "") ? conversions[part[1]!]! : refuse();
      found.pattern.lastIndex = at;
      const word = found.pattern.exec(text)?.[0] ?? refuse();
      at += word.length;
      if (found.read?.(fields, word) === false) refuse();
    }
  }
  if (at < text.length) refuse();
  return toMoment(secondsOf(fields));
}

function secondsOf(fields: Fields): number {
  const { year, month, day, hour, minute, second, yearday, isAfternoon, seconds } = fields;
  if (seconds !== undefined) return seconds;
  const hours = isAfternoon === undefined ? hour : hour % 12 + (isAfternoon ? 12 : 0);
  return yearday === undefined
    ? toSeconds([year, month, day, hours, minute, second])
    : toSeconds([year, 0, yearday, hours, minute, second]);
}

function number(
  pattern: RegExp,
  min: number,
  max: number,
  set: (fields: Fields, value: number) => void,
): Conversion {
  return {
    pattern,
    read(fields, text) {
      const value = Number(text);
      set(fields, value);
      return value >= min && value <= max;
    },
  };
}

/** A pattern for each name, or its first three letters. */
function names(list: readonly string[]): RegExp {
  return new RegExp([...list, ...list.map((name) => name.slice(0, 3))].join("|"), "iy");
}

function readMonth(fields: Fields, text: string): boolean {
  const short = text.slice(0, 3).toLowerCase();
  fields.month = monthNames.findIndex((name) => name.toLowerCase().startsWith(short));
  return true;
}

function readHalf(fields: Fields, text: string): boolean {
  fields.isAfternoon = /p/i.test(text);
  return true;
}
