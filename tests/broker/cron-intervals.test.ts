/** Cron entries that come round at an interval: docs/protocol.md, section 7.9. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCrons } from "../../src/client/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const job = { type: "t", queue: "q", payload: { a: 1 }, priority: 7 };
const minute = 60_000;

const put = ({ broker }: TestBroker, entry: object) =>
  send(broker, "PUT", "/crons/g/entries/e", { name: "e", job, ...entry });
const patch = ({ broker }: TestBroker, change: object) =>
  send(broker, "PATCH", "/crons/g/entries/e", change);
const get = async ({ broker }: TestBroker) =>
  (await send(broker, "GET", "/crons/g/entries/e")).body;

describe("an entry with an interval", () => {
  it("begins at once, or at its start, and shows what came from it", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const now = clock.now();
      assert.deepEqual((await put(parts, { every_ms: minute })).body, {
        name: "e",
        every_ms: minute,
        paused: false,
        job,
        next_enqueue_at: now,
        count: 0,
      });
      await clock.settle();
      const { jobs: [first] } = await client.page();
      assert.equal(first!.spawnedFrom, "g/e");
      const { count, last_job_id, next_enqueue_at, last_enqueue_at } = await get(parts);
      assert.deepEqual([count, last_job_id, next_enqueue_at, last_enqueue_at], [
        1,
        first!.id,
        now + minute,
        now,
      ]);
      const later = { every_ms: minute, start_at: now + 5, catch_up: true, backlog: 3 };
      const { body } = await put(parts, later);
      assert.deepEqual([body.next_enqueue_at, body.start_at, body.catch_up, body.backlog], [
        now + 5,
        now + 5,
        true,
        3,
      ]);
      await clock.advance(5);
      await clock.settle();
      assert.equal((await put(parts, later)).body.next_enqueue_at, now + 5 + minute);
    }));

  it("makes up once for what was missed, if it is not told to catch up", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const now = clock.now();
      await put(parts, { every_ms: minute, start_at: now - 5 * minute - 1 });
      assert.equal((await get(parts)).next_enqueue_at, now + minute - 1);
      clock.setNow(now + 9 * minute);
      await broker.runDue();
      assert.equal(await client.count(), 1);
      assert.equal((await get(parts)).next_enqueue_at, now + 10 * minute - 1);
    }, { timers: false }));

  it("catches up in pieces, oldest first, together with other entries", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const now = clock.now();
      const catching = { every_ms: 1000, start_at: now - 1_299_000, catch_up: true };
      for (const name of ["a", "b"]) {
        await send(broker, "PUT", `/crons/g/entries/${name}`, { name, job, ...catching });
      }
      await broker.runDue();
      assert.equal(await client.count(), 2600);
      const times: number[] = [];
      for await (const { readyAt, spawnedFrom } of client.list()) {
        if (spawnedFrom === "g/a") times.push(readyAt);
      }
      assert.deepEqual(times, Array.from({ length: 1300 }, (_, at) => now - 1_299_000 + at * 1000));
    }, { timers: false }));

  it("skips what is due while it is paused", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const now = clock.now();
      await put(parts, { every_ms: minute, start_at: now + 10, catch_up: true, paused: true });
      clock.setNow(now + 10 + 3 * minute);
      const { body } = await patch(parts, { paused: false });
      await clock.settle();
      assert.equal(await client.count(), 0);
      assert.equal(body.next_enqueue_at, now + 10 + 4 * minute);
    }));

  it("takes up a schedule that a clock told too late", () =>
    withBroker(async (parts) => {
      const { clock } = parts;
      const now = clock.now();
      await put(parts, { every_ms: minute });
      await clock.settle();
      clock.setNow(now - 60 * minute);
      await clock.advance(minute);
      await clock.settle();
      assert.ok((await get(parts)).next_enqueue_at <= clock.now() + minute);
    }));

  it("is deleted with what came from its jobs", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      await put(parts, { every_ms: minute });
      await clock.settle();
      const { jobs: [spawned] } = await client.page();
      assert.equal((await send(broker, "GET", `/jobs/${spawned!.id}`)).body.spawned_from, "g/e");
      await client.deleteMany({ queue: "q" });
      assert.equal(await client.count(), 0);
    }));

  for (
    const [entry, error] of [
      [{ every_ms: 99 }, /^every_ms must be at least 100, got 99/],
      [{ every_ms: 0 }, /^every_ms must be at least 100, got 0/],
      [{ every_ms: 2 ** 53 - 1 }, /^every_ms must be at most 3155760000000, got 9007199254740991/],
      [{ every_ms: minute, start_at: 2 ** 53 - 1 }, /^start_at must be at most 8640000000000000/],
      [{ every_ms: "1m" }, /every_ms: expected an integer .*, got "1m"/],
      [{ every_ms: minute, expression: "@daily" }, /^expression and every_ms cannot be combined/],
      [{ expression: "@daily", start_at: 5 }, /^start_at is for entries with every_ms/],
      [{ expression: "@daily", catch_up: true }, /^catch_up is for entries with every_ms/],
      [{ every_ms: minute, backlog: 4 }, /^backlog is for entries with catch_up/],
      [{ every_ms: minute, start_at: 0, catch_up: true }, /^start_at is \d+ times every_ms ago/],
      [{}, /expression: is missing/],
      [{ expression: null }, /expression: expected a text/],
    ] as const
  ) {
    it(`is refused: ${JSON.stringify(entry)}`, () =>
      withBroker(async (parts) => {
        const answer = await put(parts, entry);
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, error);
        assert.equal((await send(parts.broker, "GET", "/crons/g")).status, 404);
      }));
  }
});

describe("PATCH of an entry", () => {
  it("changes any field of its job, and leaves the rest", () =>
    withBroker(async (parts) => {
      await put(parts, { expression: "@daily", timezone: "UTC" });
      const before = await get(parts);
      const changed = await patch(parts, {
        job: { priority: 3, payload: [1.5], retry_limit: 2, queue: "r" },
      });
      assert.deepEqual(changed, {
        status: 200,
        body: {
          ...before,
          job: { ...job, priority: 3, payload: [1.5], retry_limit: 2, queue: "r" },
        },
      });
      const cleared = await patch(parts, { job: { retry_limit: null, priority: null } });
      assert.deepEqual(cleared.body.job, { ...job, priority: 32768, payload: [1.5], queue: "r" });
      assert.deepEqual(await get(parts), cleared.body);
    }));

  it("changes the tags of jobs to come, and keeps them otherwise", () =>
    withBroker(async (parts) => {
      await put(parts, { every_ms: minute, job: { ...job, tags: ["a", "b"] } });
      await patch(parts, { job: { priority: 1 } });
      assert.deepEqual((await get(parts)).job.tags, ["a", "b"]);
      await patch(parts, { job: { tags: ["c"] } });
      await parts.broker.runDue();
      const { body } = await send(parts.broker, "GET", "/jobs?tag=c");
      assert.deepEqual(
        body.jobs.map(({ spawned_from }: { spawned_from: string }) => spawned_from),
        [
          "g/e",
        ],
      );
    }, { timers: false }));

  it("changes an expression into an interval, and back", () =>
    withBroker(async (parts) => {
      const now = parts.clock.now();
      await put(parts, { expression: "@daily" });
      const { body } = await patch(parts, { every_ms: minute, start_at: now + 9, catch_up: true });
      assert.deepEqual([body.expression, body.every_ms, body.catch_up, body.next_enqueue_at], [
        undefined,
        minute,
        true,
        now + 9,
      ]);
      const back =
        (await patch(parts, { expression: "@hourly", timezone: "UTC", paused: true })).body;
      assert.deepEqual([back.expression, back.every_ms, back.count, back.timezone, back.paused], [
        "@hourly",
        undefined,
        undefined,
        "UTC",
        true,
      ]);
    }));

  for (
    const [change, error] of [
      [{ job: { queue: "" } }, /^queue must not be empty/],
      [{ job: { type: null } }, /^invalid.*job: expected a type and a queue that are not null/],
      [{ job: { priority: -1 } }, /job.priority: expected an integer/],
      [{ job: { ready_at: 5 } }, /^ready_at is not supported for cron entries/],
      [{ expression: "nonsense" }, /^invalid cron expression/],
      [{ every_ms: 5 }, /^every_ms must be at least 100/],
      [{ backlog: 5 }, /^backlog is for entries with every_ms/],
      [{ timezone: "X" }, /^invalid timezone/],
      [{}, /paused: is missing/],
      [{ paused: null }, /paused: expected true or false/],
    ] as const
  ) {
    it(`is refused: ${JSON.stringify(change)}`, () =>
      withBroker(async (parts) => {
        await put(parts, { expression: "@daily" });
        const before = await get(parts);
        const answer = await patch(parts, change);
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, error);
        assert.deepEqual(await get(parts), before);
      }));
  }

  it("is answered 404 where there is none", () =>
    withBroker(async (parts) => {
      assert.equal((await patch(parts, { every_ms: minute })).status, 404);
    }));
});

for (const format of ["json", "msgpack"] as const) {
  describe(`createCrons with intervals, ${format}`, () => {
    it("puts, shows and changes", () =>
      withBroker(async ({ broker, clock }) => {
        const crons = createCrons({ fetch: broker.fetch, format: formats[format] });
        const at = { group: "g", entry: "e" };
        await crons.putEntry("g", { name: "e", everyMs: minute, catchUp: true, backlog: 2, job });
        await broker.runDue();
        const { everyMs, catchUp, backlog, count, lastJobId, expression } = await crons.getEntry(
          at,
        );
        assert.deepEqual([everyMs, catchUp, backlog, count, expression], [
          minute,
          true,
          2,
          1,
          undefined,
        ]);
        assert.equal(typeof lastJobId, "string");
        const changed = await crons.patchEntry(at, {
          everyMs: 2 * minute,
          job: { payload: "new", retryLimit: 1 },
        });
        assert.equal(changed.nextEnqueueAt, clock.now() + 2 * minute);
        assert.deepEqual(changed.job, { ...job, payload: "new", retryLimit: 1 });
        await assert.rejects(crons.patchEntry(at, { everyMs: 0.5 }), RangeError);
        await assert.rejects(crons.patchEntry(at, { job: { readyAt: 5 } }), TypeError);
      }, { timers: false }));
  });
}
