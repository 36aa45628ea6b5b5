/**
 * Cron expressions over two years, step by step, against what follows from the zone's clock changes alone: each row
 * says in plain words of JavaScript what its expression means.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextOccurrence } from "../../src/broker/engine/schedule.ts";

const minute = 60_000;
const day = 1440 * minute;
const from = Date.UTC(2026, 0, 1, 12);
const to = Date.UTC(2027, 11, 31, 12);

/** A day in the calendar. */
interface Day {
  readonly date: number;
  readonly month: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** The last date of its month. */
  readonly last: number;
  /** The weekday of a date of its month. */
  readonly weekdayOf: (date: number) => number;
}

type Row = [
  expression: string,
  days: (day: Day) => boolean,
  hours: number[],
  minutes: number[],
  seconds?: number[],
];

const any = () => true;
const steps = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => from + at * step);
const hours = steps(0, 23);
const isWorkday = (weekday: number) => weekday > 0 && weekday < 6;
/** The workday nearest to a date, in the same month. */
const nearestWorkday = (date: number, { last, weekdayOf }: Day): number =>
  [0, -1, 1, -2, 2].map((away) => date + away)
    .find((near) => near >= 1 && near <= last && isWorkday(weekdayOf(near)))!;

const rows: Row[] = [
  ["* * * * *", any, hours, steps(0, 59)],
  ["*/5 * * * *", any, hours, steps(0, 55, 5)],
  ["7/20 * * * *", any, hours, [7, 27, 47]],
  ["0 * * * *", any, hours, [0]],
  ["@hourly", any, hours, [0]],
  ["*/20 1-3 * * *", any, [1, 2, 3], [0, 20, 40]],
  ["0-30/15 */6 * * *", any, [0, 6, 12, 18], [0, 15, 30]],
  ["15,45 2 * * *", any, [2], [15, 45]],
  ["0 1,2 * * *", any, [1, 2], [0]],
  ["0 23,0 * * *", any, [0, 23], [0]],
  ["30 0 * * *", any, [0], [30]],
  ["30 1 * * *", any, [1], [30]],
  ["45 1 * * *", any, [1], [45]],
  ["0 2 * * *", any, [2], [0]],
  ["15 2 * * *", any, [2], [15]],
  ["0 3 * * *", any, [3], [0]],
  ["30 23 * * *", any, [23], [30]],
  ["@daily", any, [0], [0]],
  ["20 40 2 * * *", any, [2], [40], [20]],
  ["0,30 59 1 * * *", any, [1], [59], [0, 30]],
  ["*/15 0 2 * * SUN", ({ weekday }) => weekday === 0, [2], [0], [0, 15, 30, 45]],
  ["@weekly", ({ weekday }) => weekday === 0, [0], [0]],
  ["30 2 * * 7", ({ weekday }) => weekday === 0, [2], [30]],
  ["0 9 * * mon-fri", ({ weekday }) => isWorkday(weekday), [9], [0]],
  ["30 23 * * SAT,sun", ({ weekday }) => weekday % 6 === 0, [23], [30]],
  ["@monthly", ({ date }) => date === 1, [0], [0]],
  ["@yearly", ({ date, month }) => date === 1 && month === 1, [0], [0]],
  ["0 12 31 * *", ({ date }) => date === 31, [12], [0]],
  ["0 6 L * *", ({ date, last }) => date === last, [6], [0]],
  ["0 6 1,L * ?", ({ date, last }) => date === 1 || date === last, [6], [0]],
  ["0 6 LW * *", (day) => day.date === nearestWorkdayBefore(day), [6], [0]],
  ["0 6 1W * *", (day) => day.date === nearestWorkday(1, day), [6], [0]],
  ["0 6 15W * *", (day) => day.date === nearestWorkday(15, day), [6], [0]],
  ["0 6 ? * TUE#2", ({ date, weekday }) => weekday === 2 && Math.ceil(date / 7) === 2, [6], [0]],
  ["0 6 * * 5L", ({ date, weekday, last }) => weekday === 5 && date > last - 7, [6], [0]],
  [
    "30 2 * 3,10 0L",
    ({ date, month, weekday, last }) => month % 7 === 3 && weekday === 0 && date > last - 7,
    [2],
    [30],
  ],
  ["0 8 13 * FRI", ({ date, weekday }) => date === 13 || weekday === 5, [8], [0]],
  ["0 8 13 * +FRI", ({ date, weekday }) => date === 13 && weekday === 5, [8], [0]],
  ["0 8 */10 feb-apr *", ({ date, month }) => date % 10 === 1 && month >= 2 && month <= 4, [8], [
    0,
  ]],
  ["0 0 8 1 6 * 2027", ({ date, month }) => date === 1 && month === 6, [8], [0]],
];

function nearestWorkdayBefore({ last, weekdayOf }: Day): number {
  return [last, last - 1, last - 2].find((date) => isWorkday(weekdayOf(date)))!;
}

/** A time without clock changes: the wall clock is `offset` ahead of UTC. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** The spans of a zone, by what the platform shows there. */
function spansOf(zone: string): Span[] {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  });
  const offsetAt = (instant: number) => {
    const [date, month, year, hour, minute] = clock.format(instant).match(/\d+/g)!.map(Number);
    return Date.UTC(year!, month! - 1, date, hour, minute) - instant;
  };
  const spans: Span[] = [];
  let start = from - 3 * day;
  for (let now = start; now < to + 3 * day; now += day) {
    if (offsetAt(now) === offsetAt(now + day)) continue;
    let end = now;
    while (offsetAt(end) === offsetAt(start)) end += 15 * minute;
    spans.push({ from: start, to: end, offset: offsetAt(start) });
    start = end;
  }
  return [...spans, { from: start, to: Infinity, offset: offsetAt(start) }];
}

/** All occurrences of a row between two instants, by the rules of docs/protocol.md, section 7.7. */
function occurrences(row: Row, spans: readonly Span[], start: number, end: number): number[] {
  const [expression, isDay, hours, minutes, seconds = [0]] = row;
  const isFixed = hours.length * minutes.length * seconds.length === 1;
  const found = new Set<number>();
  for (let midnight = start - (start % day) - day; midnight < end + day; midnight += day) {
    if (!isDay(toDay(midnight)) || !hasYear(expression, midnight)) continue;
    for (const hour of hours) {
      for (const at of minutes) {
        for (const second of seconds) {
          const wall = midnight + (hour * 60 + at) * minute + second * 1000;
          const shown = spans.filter((span) =>
            wall >= span.from + span.offset && wall < span.to + span.offset
          ).map(({ offset }) => wall - offset);
          if (!isFixed) shown.forEach((instant) => found.add(instant));
          else found.add(shown[0] ?? spans.find((span) => wall < span.from + span.offset)!.from);
        }
      }
    }
  }
  return [...found].filter((at) => at > start && at <= end).sort((a, b) => a - b);
}

function toDay(midnight: number): Day {
  const date = new Date(midnight);
  const first = new Date(midnight - (date.getUTCDate() - 1) * day).getUTCDay();
  return {
    date: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
    last: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    weekdayOf: (date) => (first + date - 1) % 7,
  };
}

function hasYear(expression: string, midnight: number): boolean {
  const [, , , , , , year] = expression.split(" ");
  return year === undefined || Number(year) === new Date(midnight).getUTCFullYear();
}

describe("every occurrence of two years comes, at its time, in", () => {
  for (
    const zone of [
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "America/Nuuk",
      "Asia/Tokyo",
    ]
  ) {
    it(zone, { timeout: 60_000 }, () => {
      const spans = spansOf(zone);
      assert.equal(spans.length, zone === "Asia/Tokyo" ? 1 : 5);
      for (const row of rows) {
        // What comes several times a day takes long: it is followed where it is hard, around the clock changes.
        const isFrequent = row[2].length * row[3].length > 1;
        const windows = isFrequent
          ? [from, ...spans.slice(1).map(({ from }) => from)]
            .map((change) => [change - day / 2, change + day / 2] as const)
          : [[from, to] as const];
        for (const [start, end] of windows) {
          let now = start;
          for (const expected of occurrences(row, spans, start, end)) {
            const next = nextOccurrence(row[0], zone, now);
            if (next !== expected) {
              assert.fail(
                `${row[0]} after ${show(now)}: ${show(next)}, expected ${show(expected)}`,
              );
            }
            now = next;
          }
          const beyond = nextOccurrence(row[0], zone, now);
          assert.ok(beyond === null || beyond > end, `${row[0]} after ${show(now)}`);
        }
      }
    });
  }
});

function show(instant: number | null): string {
  return instant === null ? "never" : new Date(instant).toISOString();
}
