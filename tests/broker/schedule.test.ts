/**
 * When cron expressions come round: docs/protocol.md, sections 7.6 and 7.7. Over the years: schedule-property.test.ts.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkExpression,
  checkTimezone,
  nextOccurrence,
} from "../../src/broker/engine/schedule.ts";

/** The next occurrences after an instant, as ISO texts. */
function after(from: string, expression: string, timezone = "UTC", count = 1): string[] {
  const found: string[] = [];
  for (let now = Date.parse(from); found.length < count;) {
    const next = nextOccurrence(expression, timezone, now);
    if (next === null) break;
    assert.ok(next > now, `${expression} after ${new Date(now).toISOString()}`);
    assert.equal(next % 1000, 0);
    found.push(new Date(next).toISOString().replace(":00.000Z", "Z").replace(".000Z", "Z"));
    now = next;
  }
  return found;
}

describe("cron expressions", () => {
  for (
    const [expression, next] of [
      ["* * * * *", "2026-01-15T10:31Z"],
      ["*/15 * * * *", "2026-01-15T10:45Z"],
      ["0-30/5 * * * *", "2026-01-15T11:00Z"],
      ["0 9 * * mon-fri", "2026-01-16T09:00Z"],
      ["0 0 1 JAN,jul *", "2026-07-01T00:00Z"],
      ["0 0 * * 0", "2026-01-18T00:00Z"],
      ["0 0 * * 7", "2026-01-18T00:00Z"],
      ["0 0 ? * ?", "2026-01-16T00:00Z"],
      ["*/10 * * * * *", "2026-01-15T10:30:40Z"],
      ["59 59 23 31 12 *", "2026-12-31T23:59:59Z"],
      ["0 0 0 1 1 * 2030", "2030-01-01T00:00Z"],
      ["0 0 L * *", "2026-01-31T00:00Z"],
      ["0 0 * * 5L", "2026-01-30T00:00Z"],
      ["0 0 * * 5#L", "2026-01-30T00:00Z"],
      ["0 0 * * 5#2", "2026-02-13T00:00Z"],
      ["0 0 15W 2 *", "2026-02-16T00:00Z"],
      ["0 0 20 * MON", "2026-01-19T00:00Z"], // either of them
      ["0 0 20 * +MON", "2026-04-20T00:00Z"], // both of them
      ["0 0 29 2 *", "2028-02-29T00:00Z"],
      ["5/15 * * * *", "2026-01-15T10:35Z"], // to the end, as the protocol's parser reads it
      ["0 0 * * MON/2", "2026-01-16T00:00Z"],
      ["0 0 0 1 1 * */2", "2027-01-01T00:00Z"], // from the year 1 on
      ["0 0 0 29 2 * 2025-2099/3", "2028-02-29T00:00Z"],
      ["0 0 29 2 +MON", "2044-02-29T00:00Z"],
      ["\t 0  0 * * * ", "2026-01-16T00:00Z"],
      [" @daily", "2026-01-16T00:00Z"],
      ["@yearly", "2027-01-01T00:00Z"],
      ["@annually", "2027-01-01T00:00Z"],
      ["@monthly", "2026-02-01T00:00Z"],
      ["@weekly", "2026-01-18T00:00Z"],
      ["@DAILY", "2026-01-16T00:00Z"],
      ["@hourly", "2026-01-15T11:00Z"],
    ] as const
  ) {
    it(`${expression} comes round at ${next}`, () => {
      assert.equal(checkExpression(expression), undefined);
      assert.deepEqual(after("2026-01-15T10:30:30.500Z", expression), [next]);
    });
  }

  const everyWorkday = Array.from({ length: 31 }, (_, day) => `${day + 1}W`).join();
  for (
    const expression of [
      "0 0 30 2 *",
      "0 0 31 4 *",
      "0 0 31W 2 *",
      "0 0 0 1 1 * 2000",
      "0 0 0 30 2 * */2",
      // What takes croner alone a long time to find out.
      "0 0 31 * +MON#1",
      "0 0 LW * +SUN",
      `0 0 ${everyWorkday} * +SUN`,
    ]
  ) {
    it(`${expression} never comes round, and is accepted`, () => {
      assert.equal(checkExpression(expression), undefined);
      assert.deepEqual(after("2026-01-15T10:30:30Z", expression), []);
    });
  }

  for (
    const expression of [
      "bad",
      "",
      "* * * *",
      "* * * * * * * *",
      "60 * * * *",
      "* 24 * * *",
      "* * 0 * *",
      "* * * 13 *",
      "* * * * 8",
      "*/0 * * * *",
      "5-1 * * * *",
      "1,,2 * * * *",
      "* * * * MON#6",
      "@reboot",
      "@midnight",
      "@every 5m",
      "0 0 0 1 1 * 5001",
      "0 0 0 1 1 * 0",
      "a b c d e",
      "-1 * * * *",
      "\0 * * * *",
      "* * * * *; rm",
      "2030-01-01T00:00:00", // croner takes it for a date
      "2030-01-01 00:00:00",
      "0 0 1 1 00:00",
      " @midnight",
      "@daily @daily",
      "? * * * *", // for days only
      "* * * ? *",
      "/5 * * * *",
      "0 0 0 1 1 * 2026-5001",
      `${"0,".repeat(500)}0 * * * *`,
    ]
  ) {
    it(`${JSON.stringify(expression)} is refused`, () => {
      assert.match(checkExpression(expression) ?? "", /^invalid cron expression: ./);
    });
  }
});

describe("cron time zones", () => {
  it("are IANA names as they are written", () => {
    for (
      const zone of ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Calcutta"]
    ) {
      assert.equal(checkTimezone(zone), undefined);
    }
    assert.equal(checkTimezone(null), undefined);
    for (const zone of ["Nowhere/X", "europe/berlin", "", "+02:00", "Europe/Berlin ", "1"]) {
      assert.equal(checkTimezone(zone), `invalid timezone: ${JSON.stringify(zone)}`);
    }
  });

  it("are that of the machine when none is given", () => {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const now = Date.UTC(2026, 5, 1);
    assert.equal(nextOccurrence("0 9 * * *", null, now), nextOccurrence("0 9 * * *", zone, now));
  });
});

describe("cron schedules at clock changes", () => {
  for (
    const [what, from, zone, expression, expected] of [
      [
        "an hour is skipped: a fixed time comes right after it",
        "2026-03-28T12:00:00Z",
        "Europe/Berlin",
        "30 2 * * *",
        ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
      ],
      [
        "an hour is skipped: an interval goes on",
        "2026-03-29T00:40:00Z",
        "Europe/Berlin",
        "*/15 * * * *",
        ["2026-03-29T00:45Z", "2026-03-29T01:00Z", "2026-03-29T01:15Z"],
      ],
      [
        "an hour comes twice: a fixed time comes once, the first time",
        "2026-10-24T12:00:00Z",
        "Europe/Berlin",
        "30 2 * * *",
        ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
      ],
      [
        "an hour comes twice: an interval goes through both",
        "2026-10-25T00:35:00Z",
        "Europe/Berlin",
        "*/15 * * * *",
        ["2026-10-25T00:45Z", "2026-10-25T01:00Z", "2026-10-25T01:15Z", "2026-10-25T01:30Z"],
      ],
      [
        "New York in spring",
        "2026-03-08T00:00:00Z",
        "America/New_York",
        "30 2 * * *",
        ["2026-03-08T07:00Z", "2026-03-09T06:30Z"],
      ],
      [
        "New York in autumn",
        "2026-10-31T12:00:00Z",
        "America/New_York",
        "30 1 * * *",
        ["2026-11-01T05:30Z", "2026-11-02T06:30Z"],
      ],
      [
        "a gap that ends with the day",
        "2026-03-28T12:00:00Z",
        "America/Nuuk",
        "30 23 * * *",
        ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
      ],
      [
        "half an hour is skipped on Lord Howe",
        "2026-10-03T00:00:00Z",
        "Australia/Lord_Howe",
        "15 2 * * *",
        ["2026-10-03T15:30Z", "2026-10-04T15:15Z"],
      ],
      [
        "half an hour comes twice on Lord Howe",
        "2026-04-04T00:00:00Z",
        "Australia/Lord_Howe",
        "45 1 * * *",
        ["2026-04-04T14:45Z", "2026-04-05T15:15Z"],
      ],
    ] as [string, string, string, string, string[]][]
  ) {
    it(what, () => {
      assert.deepEqual(after(from, expression, zone, expected.length), expected);
    });
  }
});
