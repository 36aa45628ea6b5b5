/** What cron entries enqueue, and when: docs/protocol.md, section 7.8. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const put = async (broker: Broker, changes: object = {}, group: object = {}) => {
  const entry = {
    name: "e",
    expression: "* * * * *",
    timezone: "UTC",
    job: { type: "t", queue: "q", payload: "tick" },
    ...changes,
  };
  const answer = await send(broker, "PUT", "/crons/g", { entries: [entry], ...group });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.entries[0];
};
const get = async (broker: Broker) => (await send(broker, "GET", "/crons/g/entries/e")).body;

describe("cron firing", () => {
  it("enqueues the job at each due time, once", () =>
    withBroker(async ({ broker, client, clock }) => {
      const start = clock.now();
      await put(broker);
      await clock.advance(minute - 1);
      assert.equal(await client.count(), 0);
      await clock.advance(1);
      const { jobs: [job] } = await client.page();
      assert.deepEqual([job?.payload, job?.status, job?.readyAt], [
        "tick",
        "ready",
        start + minute,
      ]);
      const entry = await get(broker);
      assert.deepEqual([entry.last_enqueue_at, entry.next_enqueue_at], [
        start + minute,
        start + 2 * minute,
      ]);
      await clock.advance(10 * minute);
      assert.equal(await client.count(), 11);
      assert.ok(clock.timers > 0);
    }));

  it("wakes a waiting take stream", () =>
    withBroker(async ({ broker, clock, take }) => {
      await put(broker);
      const taken = await take({ queues: ["q"] });
      await clock.advance(minute);
      assert.equal(taken.jobs[0]?.payload, "tick");
    }));

  it("does not poll, also when the time is far away", () =>
    withBroker(async ({ broker, client, clock }) => {
      await put(broker, { expression: "0 0 1 2 *" });
      assert.equal(clock.timers, 1);
      await clock.advance(30 * day);
      assert.equal(await client.count(), 0);
      await clock.advance(day);
      assert.equal(await client.count(), 1);
    }));

  it("is stopped by a pause of the entry or of the group, while time goes on", () =>
    withBroker(async ({ broker, client, clock }) => {
      const start = clock.now();
      for (const path of ["/crons/g", "/crons/g/entries/e"]) {
        await put(broker, {}, { paused: false });
        await send(broker, "PATCH", path, { paused: true });
        await clock.advance(3 * minute);
        assert.equal(await client.count(), 0);
        const entry = await get(broker);
        assert.equal(entry.next_enqueue_at, clock.now() + minute);
        assert.equal("last_enqueue_at" in entry, false);
        await send(broker, "PATCH", path, { paused: false });
      }
      await clock.settle();
      assert.equal(await client.count(), 0, "what was missed in a pause is not made up for");
      await clock.advance(minute);
      assert.equal(await client.count(), 1);
      assert.equal((await get(broker)).last_enqueue_at, start + 7 * minute);
    }));

  it("keeps the rules of unique keys, and notes that it was due", () =>
    withBroker(async ({ broker, client, clock }) => {
      await put(broker, { job: { type: "t", queue: "q", payload: 1, unique_key: "k" } });
      await clock.advance(3 * minute);
      assert.equal(await client.count(), 1);
      assert.equal((await get(broker)).last_enqueue_at, clock.now());
    }));

  it("draws on budgets like any job", () =>
    withBroker(async ({ broker, clock, take }) => {
      const create_with = { allocation: 1, strategy: { type: "while_in_flight" } };
      const budgets = [{ key: "b", create_with }];
      await put(broker, { job: { type: "t", queue: "q", payload: 1, budgets } });
      const taken = await take({ prefetch: 10 });
      await clock.advance(3 * minute);
      assert.equal(taken.jobs.length, 1);
      assert.deepEqual(taken.jobs[0]?.budgets, [{ key: "b", cost: 1 }]);
    }));

  it("ends with the entry, and starts with a new schedule", () =>
    withBroker(async ({ broker, client, clock }) => {
      await put(broker, { expression: "0 0 1 1 *" });
      await put(broker);
      await clock.advance(minute);
      assert.equal(await client.count(), 1);
      await send(broker, "DELETE", "/crons/g/entries/e");
      await clock.advance(minute);
      assert.equal(await client.count(), 1);
    }));

  it("never happens for a schedule that never comes round", () =>
    withBroker(async ({ broker, client, clock }) => {
      const entry = await put(broker, { expression: "0 0 30 2 *" });
      assert.equal("next_enqueue_at" in entry, false);
      await clock.advance(400 * day);
      assert.equal(await client.count(), 0);
    }));

  it("fires hundreds of entries that are due at once", () =>
    withBroker(async ({ broker, client, clock }) => {
      const entries = Array.from({ length: 250 }, (_, at) => ({
        name: `e${at}`,
        expression: "* * * * *",
        job: { type: "t", queue: "q", payload: at },
      }));
      await send(broker, "PUT", "/crons/g", { entries });
      await clock.advance(minute);
      assert.equal(await client.count(), 250);
      await clock.advance(minute);
      assert.equal(await client.count(), 500);
    }));
});

describe("cron firing when the clock jumps", () => {
  it("forward makes up for what was missed once", () =>
    withBroker(async ({ broker, client, clock }) => {
      await put(broker);
      clock.setNow(clock.now() + 5 * 60 * minute);
      await clock.advance(minute);
      assert.equal(await client.count(), 1);
      await clock.advance(minute);
      assert.equal(await client.count(), 2);
    }));

  it("forward is noticed in the middle of a long sleep", () =>
    withBroker(async ({ broker, client, clock }) => {
      await put(broker, { expression: "0 12 * * *" });
      clock.setNow(clock.now() + 3 * day);
      await clock.advance(minute);
      assert.equal(await client.count(), 1);
      assert.equal((await get(broker)).next_enqueue_at, Date.UTC(2026, 0, 4, 12));
    }));

  it("forward in a pause makes up for nothing, even if the pause ends before the entries are checked", () =>
    withBroker(async ({ broker, client, clock }) => {
      const entry = { paused: true };
      const group = { paused: true };
      const pauses: [pause: [object, object?], resume: () => Promise<unknown>][] = [
        [[entry], () => send(broker, "PATCH", "/crons/g/entries/e", { paused: false })],
        [[entry], () => put(broker, { paused: false })],
        [[{}, group], () => send(broker, "PATCH", "/crons/g", { paused: false })],
        [[{}, group], () => put(broker, {}, { paused: false })],
      ];
      for (const [pause, resume] of pauses) {
        await put(broker, ...pause);
        clock.setNow(clock.now() + 5 * minute);
        await resume();
        await clock.advance(0);
        assert.equal(await client.count(), 0);
        assert.equal((await get(broker)).next_enqueue_at, clock.now() + minute);
      }
    }));

  it("backward by hours goes on by the new time, every entry by its own schedule", () =>
    withBroker(async ({ broker, client, clock }) => {
      await put(broker);
      const hourly = {
        name: "e",
        expression: "0 * * * *",
        job: { type: "t", queue: "q", payload: null },
      };
      assert.equal((await send(broker, "PUT", "/crons/h", { entries: [hourly] })).status, 200);
      await clock.advance(hour);
      assert.equal(await client.count(), 61);
      clock.setNow(clock.now() - 5 * hour);
      await clock.advance(hour);
      // The first minute is over when it is noticed.
      assert.equal(await client.count(), 61 + 59 + 1);
    }));

  it("backward leaves a time out that was done, and is told once", async () => {
    const { logger, errors } = createRecordingLogger();
    await withBroker(async ({ broker, client, clock }) => {
      await put(broker, { expression: "0 * * * *" });
      await clock.advance(hour);
      clock.setNow(clock.now() - 30 * minute);
      await clock.advance(hour);
      assert.equal(await client.count(), 1);
      await clock.advance(30 * minute);
      assert.equal(await client.count(), 2);
      assert.deepEqual(errors, ["The clock was set back"]);
    }, { logger });
  });

  it("backward fires nothing twice, and nothing early", () =>
    withBroker(async ({ broker, client, clock }) => {
      const start = clock.now();
      await put(broker);
      await clock.advance(2 * minute);
      assert.equal(await client.count(), 2);
      clock.setNow(start);
      await clock.advance(2 * minute + minute - 1);
      assert.equal(await client.count(), 2);
      await clock.advance(1);
      assert.equal(await client.count(), 3);
    }));
});

/** Starts brokers one after the other on one database; `hold` says what a broker must not do. */
function createHouse() {
  const driver = openSqlite(":memory:");
  const clock = createTestClock();
  const complaints: string[] = [];
  const complain = (message: string) => void complaints.push(message);
  const logger = { debug() {}, info() {}, warn: complain, error: complain };
  let steps = Infinity;
  const held: SyncDatabase = {
    ...driver,
    all: (sql, params) => (count(), driver.all(sql, params)),
    run: (sql, params) => (count(), driver.run(sql, params)),
    close: () => {},
  };
  const count = () => {
    if (steps-- <= 0) throw new Error("the machine went down");
  };
  return {
    clock,
    driver,
    /** What the brokers complained of. */
    complaints,
    start: async () => {
      const broker = createBroker({ store: held, clock, logger });
      await broker.start();
      return broker;
    },
    /** Lets so many statements through, then none. */
    failAfter: (count: number) => void (steps = count),
    isDown: () => steps < 0,
    close: () => driver.close(),
  };
}

describe("cron firing of a broker that was down", () => {
  it("fires once for five missed occurrences", async () => {
    const house = createHouse();
    const first = await house.start();
    await put(first);
    await first.close();
    await house.clock.advance(5 * minute + 1);
    const second = await house.start();
    await house.clock.advance(0);
    const client = createClient({ fetch: second.fetch });
    assert.equal(await client.count(), 1);
    assert.equal((await get(second)).next_enqueue_at, house.clock.now() - 1 + minute);
    await second.close();
    house.close();
  });

  for (
    const [backMs, waitMs, complaint] of [
      [2 * hour, minute, "Cron entries were due later than their schedules say"],
      [3 * minute, 4 * minute, undefined],
    ] as const
  ) {
    it(`fires ${waitMs} ms after the start when the clock was set back by ${backMs} ms`, async () => {
      const house = createHouse();
      const first = await house.start();
      await put(first);
      await first.close();
      const { clock, complaints } = house;
      clock.setNow(clock.now() - backMs);
      const second = await house.start();
      const client = createClient({ fetch: second.fetch });
      await clock.advance(waitMs - 1);
      assert.equal(await client.count(), 0);
      await clock.advance(1);
      assert.equal(await client.count(), 1);
      assert.deepEqual(complaints, complaint === undefined ? [] : [complaint]);
      await second.close();
      house.close();
    });
  }

  it("fires once, after whichever statement it went down", async () => {
    let statements = 0;
    for (let isDown = true; isDown; statements++) {
      const house = createHouse();
      const first = await house.start();
      await put(first, {
        job: { type: "t", queue: "q", payload: 1, unique_key: "k", unique_while: "exists" },
      });
      house.failAfter(statements);
      await house.clock.advance(minute);
      isDown = house.isDown();
      await first.close().catch(() => {});
      house.failAfter(Infinity);
      const second = await house.start();
      await house.clock.advance(1);
      const jobs = (await createClient({ fetch: second.fetch }).page()).jobs;
      assert.equal(jobs.length, 1, `after ${statements} statements`);
      const entry = await get(second);
      assert.equal(entry.last_enqueue_at, jobs[0]!.readyAt);
      assert.equal(entry.next_enqueue_at, house.clock.now() - 1 + minute);
      await second.close();
      house.close();
    }
    assert.ok(statements > 5);
  });
});

describe("a cron entry that cannot fire", () => {
  for (
    const [what, sql, message, times] of [
      [
        "as its expression is none any more",
        "UPDATE cron_entries SET expression = 'bad' WHERE name = 'a'",
        "Cannot tell when a cron entry is due again",
        1,
      ],
      [
        "as its zone is none any more",
        "UPDATE cron_entries SET timezone = 'Mars/Base' WHERE name = 'a'",
        "Cannot tell when a cron entry is due again",
        1,
      ],
      [
        "as its budget is gone",
        "DELETE FROM budgets",
        "Cannot enqueue the job of a cron entry",
        3,
      ],
    ] as const
  ) {
    it(`${what} does not delay other entries`, async () => {
      const house = createHouse();
      const broker = await house.start();
      const createWith = { allocation: 1, strategy: { type: "while_in_flight" } };
      const entry = (name: string, budgets: object[]) => ({
        name,
        expression: "* * * * *",
        timezone: "UTC",
        job: { type: "t", queue: "q", payload: name, budgets },
      });
      const entries = [entry("a", [{ key: "k", create_with: createWith }]), entry("b", [])];
      assert.equal((await send(broker, "PUT", "/crons/g", { entries })).status, 200);
      house.driver.run(sql, []);
      await house.clock.advance(3 * minute);
      const { jobs } = await createClient({ fetch: broker.fetch }).page();
      assert.equal(jobs.filter(({ payload }) => payload === "b").length, 3);
      assert.deepEqual(house.complaints, new Array(times).fill(message));
      await broker.close();
      house.close();
    });
  }
});
