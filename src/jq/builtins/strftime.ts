/**
 * Writes a time as text, with the conversions of C's `strftime`, English names and UTC.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spendSteps } from "../meter.ts";
import { type Moment, toSeconds } from "../values/calendar.ts";

/** The names of the days, from Sunday. */
export const dayNames: readonly string[] = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

/** The names of the months. */
export const monthNames: readonly string[] = [
  ...["January", "February", "March", "April", "May", "June", "July", "August", "September"],
  ...["October", "November", "December"],
];

/** Conversions that are short for others. */
const composed: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  h: "%b",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

const conversions: Readonly<Record<string, (time: Moment) => string>> = {
  "%": () => "%",
  a: ([, , , , , , weekday]) => (dayNames[weekday] ?? "-").slice(0, 3),
  A: ([, , , , , , weekday]) => dayNames[weekday] ?? "-",
  b: ([, month]) => (monthNames[month] ?? "-").slice(0, 3),
  B: ([, month]) => monthNames[month] ?? "-",
  C: ([year]) => pad(Math.floor(year / 100)),
  d: ([, , day]) => pad(day),
  e: ([, , day]) => pad(day, 2, " "),
  G: (time) => `${isoWeek(time).year}`,
  g: (time) => pad(isoWeek(time).year % 100),
  H: ([, , , hour]) => pad(hour),
  I: ([, , , hour]) => pad((hour + 11) % 12 + 1),
  j: ([, , , , , , , yearday]) => pad(yearday + 1, 3),
  k: ([, , , hour]) => pad(hour, 2, " "),
  l: ([, , , hour]) => pad((hour + 11) % 12 + 1, 2, " "),
  M: ([, , , , minute]) => pad(minute),
  m: ([, month]) => pad(month + 1),
  n: () => "\n",
  P: ([, , , hour]) => hour < 12 ? "am" : "pm",
  p: ([, , , hour]) => hour < 12 ? "AM" : "PM",
  S: ([, , , , , second]) => pad(Math.floor(second)),
  s: (time) => `${toSeconds(time)}`,
  t: () => "\t",
  U: ([, , , , , , weekday, yearday]) => pad(Math.floor((yearday + 7 - weekday) / 7)),
  u: ([, , , , , , weekday]) => `${weekday === 0 ? 7 : weekday}`,
  V: (time) => pad(isoWeek(time).week),
  W: ([, , , , , , weekday, yearday]) => pad(Math.floor((yearday + 7 - (weekday + 6) % 7) / 7)),
  w: ([, , , , , , weekday]) => `${weekday}`,
  Y: ([year]) => `${year}`,
  y: ([year]) => pad((year % 100 + 100) % 100),
  Z: () => "UTC",
  z: () => "+0000",
};

/** Writes a time by a format such as `%Y-%m-%d`. */
export function formatTime(time: Moment, format: string): string {
  const whole = expandFormat(format);
  spendSteps(whole.length);
  return whole.replace(/%([^])?/g, (_, letter: string | undefined) => {
    const convert = letter !== undefined && Object.hasOwn(conversions, letter)
      ? conversions[letter]
      : undefined;
    return convert === undefined ? fail("strftime/1: unknown system failure") : convert(time);
  });
}

/** Replaces the conversions that are short for others. */
export function expandFormat(format: string): string {
  spendSteps(format.length);
  return format.replace(
    /%([^])/g,
    (whole, letter: string) =>
      Object.hasOwn(composed, letter) ? expandFormat(composed[letter]!) : whole,
  );
}

function pad(value: number, width = 2, fill = "0"): string {
  return `${value < 0 ? "-" : ""}${`${Math.abs(Math.trunc(value))}`.padStart(width, fill)}`;
}

/** The week of ISO 8601, and its year: the week belongs to the year in which its Thursday is. */
function isoWeek([year, , , , , , weekday, yearday]: Moment): { year: number; week: number } {
  const thursday = yearday - (weekday + 6) % 7 + 3;
  if (thursday < 0) {
    return { year: year - 1, week: Math.floor((thursday + daysIn(year - 1)) / 7) + 1 };
  }
  if (thursday >= daysIn(year)) return { year: year + 1, week: 1 };
  return { year, week: Math.floor(thursday / 7) + 1 };
}

function daysIn(year: number): number {
  return (toSeconds([year + 1, 0, 1]) - toSeconds([year, 0, 1])) / 86_400;
}
