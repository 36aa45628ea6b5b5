/** When cron entries come round next. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createCrons } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";

const job = { type: "report", queue: "reports", payload: null };
const hour = 3_600_000;

describe("crons.next()", () => {
  it("tells the times of an expression, in the zone of the entry or of its group", () =>
    withBroker(async ({ broker, clock }) => {
      const crons = createCrons({ fetch: broker.fetch });
      await crons.put("group", {
        timezone: "America/New_York",
        entries: [
          { name: "own", expression: "0 3 * * *", timezone: "Europe/Berlin", job },
          { name: "groups", expression: "0 3 * * *", job },
          { name: "never", expression: "0 0 30 2 *", job },
        ],
      });
      const next = (entry: string, count?: number) =>
        crons.next({ group: "group", entry }, { count });
      const berlin = Date.UTC(2026, 0, 1, 2);
      assert.deepEqual(await next("own", 2), [berlin, berlin + 24 * hour]);
      assert.deepEqual(await next("groups", 1), [Date.UTC(2026, 0, 1, 8)]);
      assert.deepEqual(await next("never"), []);
      assert.equal((await next("own")).length, 10);
      assert.deepEqual(await next("own", 0), []);
      // Over the change of clocks in March, three in the morning is an hour earlier.
      clock.setNow(Date.UTC(2026, 2, 28, 12));
      assert.deepEqual(await next("own", 2), [Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 2, 30, 1)]);
    }));

  it("tells those of an interval, also while it is paused", () =>
    withBroker(async ({ broker, clock }) => {
      const crons = createCrons({ fetch: broker.fetch });
      const at = { group: "group", entry: "every" };
      const startAt = clock.now() + 10 * hour;
      await crons.put("group", { entries: [{ name: "every", everyMs: hour, startAt, job }] });
      assert.deepEqual(await crons.next(at, { count: 2 }), [startAt, startAt + hour]);
      await crons.patchEntry(at, { paused: true });
      await clock.advance(12.5 * hour);
      assert.deepEqual(await crons.next(at, { count: 1 }), [startAt + 3 * hour]);
    }));

  it("tells those of an expression that nobody has put yet", () =>
    withBroker(async ({ broker }) => {
      const crons = createCrons({ fetch: broker.fetch });
      await crons.put("group", {
        timezone: "America/New_York",
        entries: [{ name: "own", expression: "0 3 * * *", timezone: "Europe/Berlin", job }],
      });
      const next = (entry: string, expression: string, timezone?: string, group = "group") =>
        crons.next({ group, entry }, { count: 1, expression, timezone });
      assert.deepEqual(await next("own", "0 4 * * *"), [Date.UTC(2026, 0, 1, 3)]);
      assert.deepEqual(await next("new", "0 4 * * *"), [Date.UTC(2026, 0, 1, 9)]);
      assert.deepEqual(await next("own", "0 4 * * *", "Asia/Tokyo"), [Date.UTC(2026, 0, 1, 19)]);
      const other = await next("new", "@daily", "Asia/Tokyo", "none");
      assert.deepEqual(other, [Date.UTC(2026, 0, 1, 15)]);
      for (
        const [expression, zone, message] of [
          ["0 4 * *", undefined, /has 4 fields/],
          ["99 4 * * *", undefined, /invalid cron expression/],
          ["0 4 * * *", "Europe/Atlantis", /invalid timezone: "Europe\/Atlantis"/],
        ] as const
      ) {
        await assert.rejects(next("own", expression, zone), { code: "refused", message });
      }
      await assert.rejects(crons.next({ group: "group", entry: "own" }, { timezone: "UTC" }), {
        message: /'timezone' needs an 'expression'/,
      });
    }));

  it("says what is wrong", () =>
    withBroker(async ({ broker }) => {
      const crons = createCrons({ fetch: broker.fetch });
      const at = { group: "g", entry: "e" };
      await assert.rejects(crons.next(at), {
        code: "not_found",
        message: /cron entry 'e' not found/,
      });
      await assert.rejects(crons.next(at, { count: 101 }), {
        code: "refused",
        message: /'count' must be an integer from 0 to 100, got "101"/,
      });
      const foreign = createCrons({
        url: "http://foreign",
        fetch: () => Promise.resolve(Response.json({ error: "not found" }, { status: 404 })),
      });
      await assert.rejects(foreign.next(at), { code: "not_found", message: /Millrace broker/ });
      assert.equal(await createClient({ fetch: broker.fetch }).count(), 0);
    }));
});
