/** The work that time brings: without any timer, and with a clock that cannot be relied on. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker, type SyncDatabase } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { job, type Taken, type TestBroker, withBroker } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const countRows = (database: SyncDatabase) =>
  database.all("SELECT count(*) AS n FROM jobs", [])[0]!["n"] as number;

/** Every half hour of a year at which the clock on the wall of a zone shows this time. */
function halfHours(
  timeZone: string,
  from: number,
  to: number,
  isWanted: (wall: string) => boolean,
) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const found: number[] = [];
  for (let at = from + hour / 2; at <= to; at += hour / 2) {
    if (isWanted(format.format(at))) found.push(at);
  }
  return found;
}

describe("due work without timers", () => {
  it("a year of it is done by calling runDue() at nextDueAt(), each piece exactly once", async () => {
    const start = Date.UTC(2026, 0);
    const end = Date.UTC(2027, 0);
    // Due work needs no timer. These are for heartbeats and for bodies that are slow to come, and never fire.
    const heartbeatIntervalMs = 2 ** 31;
    const bodyTimeoutMs = 2 ** 31 + 1;
    const clock = createTestClock(start);
    clock.setTimer = (_callback, delayMs) => {
      if (delayMs === heartbeatIntervalMs || delayMs === bodyTimeoutMs) return () => {};
      throw new Error(`a timer of ${delayMs} ms is armed`);
    };
    const { logger, errors } = createRecordingLogger();
    const database = openSqlite(":memory:");
    const broker = createBroker({
      store: database,
      clock,
      logger,
      timers: false,
      heartbeatIntervalMs,
      bodyTimeoutMs,
      globalInFlightLimit: 0,
    });
    const client = createClient({ fetch: broker.fetch });

    const entry = (queue: string, expression: string, timezone: string) => {
      return { name: queue, expression, timezone, job: { type: "t", queue, payload: null } };
    };
    const entries = [
      entry("hourly", "0 * * * *", "UTC"),
      entry("daily", "30 2 * * *", "Europe/Berlin"),
      entry("walled", "*/30 2 * * *", "Europe/Berlin"),
      entry("yearly", "0 0 1 1 *", "UTC"),
    ];
    assert.equal((await send(broker, "PUT", "/crons/g", { entries })).status, 200);
    // Weekly, from noon of the first day: the even ones are completed, the others die, all are kept for some days.
    const weekly = Array.from({ length: 52 }, (_, week) => start + day / 2 + week * 7 * day);
    const retention = { completedMs: 3 * day, deadMs: 5 * day };
    for (const readyAt of weekly) {
      await client.enqueue(job({ queue: "weekly", readyAt, retention }));
    }
    const rate = { allocation: 1, strategy: { type: "time_based", duration_ms: 10 * day } };
    assert.equal((await send(broker, "PUT", "/budgets/rate", rate)).status, 200);
    const metered = Array.from({ length: 30 }, () => {
      return { type: "t", queue: "metered", payload: null, budgets: [{ key: "rate", cost: 1 }] };
    });
    assert.equal((await send(broker, "POST", "/jobs/bulk", { jobs: metered })).status, 201);

    const arrivals = new Map<string, number[]>();
    const kept: string[] = [];
    let finished = 0;
    const stream = await client.take({ prefetch: 0 });
    const reading = (async () => {
      for await (const batch of stream.batches()) {
        for (const { id, queue } of batch) {
          arrivals.set(queue, [...arrivals.get(queue) ?? [], clock.now()]);
          if (queue !== "weekly") {
            await client.success(id);
            continue;
          }
          kept.push(id);
          if (finished++ % 2 === 0) await client.success(id);
          else await client.failure(id, { message: "no", kill: true });
        }
      }
    })();
    await clock.settle();

    let most = 0;
    for (let rounds = 0; rounds < 20_000; rounds++) {
      const at = await broker.nextDueAt();
      if (at === undefined || at > end) break;
      assert.ok(at > clock.now(), `work of ${at} is overdue at ${clock.now()}`);
      clock.setNow(at);
      await broker.runDue();
      await clock.settle();
      most = Math.max(most, countRows(database));
    }
    clock.setNow(end);
    await broker.runDue();
    assert.ok((await broker.nextDueAt())! > end);

    const hourly = Array.from({ length: 365 * 24 }, (_, at) => start + (at + 1) * hour);
    assert.deepEqual(arrivals.get("hourly"), hourly);
    const berlin = (isWanted: (wall: string) => boolean) =>
      halfHours("Europe/Berlin", start, end, isWanted);
    assert.deepEqual(arrivals.get("walled"), berlin((wall) => wall.startsWith("02:")));
    // One time a day: the night without half past two has three o'clock, of two such nights the first counts.
    const daily = berlin((wall) => wall === "02:30")
      .filter((at, index, all) => index === 0 || at - all[index - 1]! > hour);
    daily.push(Date.UTC(2026, 2, 29, 1));
    assert.equal(daily.length, 365);
    assert.deepEqual(arrivals.get("daily"), daily.sort((a, b) => a - b));
    assert.deepEqual(arrivals.get("yearly"), [end]);
    assert.deepEqual(arrivals.get("weekly"), weekly);
    assert.deepEqual(
      arrivals.get("metered"),
      Array.from({ length: 30 }, (_, at) => start + at * 10 * day),
    );

    assert.equal(kept.length, 52);
    assert.equal(countRows(database), 0, "all that was kept was deleted");
    assert.ok(most < 100, `${most} jobs were stored at a time`);
    assert.deepEqual(errors, []);
    await stream.close();
    await reading;
    await broker.stop({ timeoutMs: Infinity });
  });
});

/** Work that is due an hour and a half after it was asked for. */
const dueAfterMs = 90 * minute;

interface Work {
  readonly name: string;
  /** Asks for it. */
  readonly prepare: (parts: TestBroker, stream: Taken) => Promise<void>;
  /** How often it was done. */
  readonly done: (stream: Taken, database: SyncDatabase) => number;
  /** How long it takes after half an hour has passed and the clock was set back by an hour; else until it shows the instant. */
  readonly afterSetBackMs?: number;
}

const bound = { type: "t", queue: "q", payload: null, budgets: [{ key: "rate", cost: 1 }] };

const works: readonly Work[] = [
  {
    name: "promotion",
    async prepare({ client, clock }) {
      await client.enqueue(job({ readyAt: clock.now() + dueAfterMs }));
    },
    done: (stream) => stream.jobs.length,
  },
  {
    name: "reaping",
    async prepare({ client, clock }, stream) {
      // What is past its retention gathers for the reaper's 30 seconds.
      await client.enqueue(job({ retention: { completedMs: dueAfterMs - 30_000 } }));
      await clock.settle();
      await client.success(stream.jobs[0]!.id);
    },
    done: (_stream, database) => 1 - countRows(database),
  },
  {
    name: "a cron entry",
    async prepare({ broker }) {
      const entry = { name: "e", expression: "30 1 1 * *", timezone: "UTC" };
      const entries = [{ ...entry, job: { type: "t", queue: "q", payload: null } }];
      assert.equal((await send(broker, "PUT", "/crons/g", { entries })).status, 200);
    },
    done: (stream) => stream.jobs.length,
  },
  {
    name: "a budget",
    async prepare({ broker, clock }) {
      const policy = { allocation: 1, strategy: { type: "time_based", duration_ms: dueAfterMs } };
      assert.equal((await send(broker, "PUT", "/budgets/rate", policy)).status, 200);
      await send(broker, "POST", "/jobs/bulk", { jobs: [bound, bound] });
      await clock.settle();
    },
    done: (stream) => stream.jobs.length - 1,
    // Refills anew from the minute in which that is noticed.
    afterSetBackMs: minute + dueAfterMs,
  },
];

interface Trouble {
  readonly name: string;
  /** Makes trouble; `done` says how often the work was done. */
  readonly make: (clock: TestClock, done: () => number, work: Work) => Promise<void>;
}

const troubles: readonly Trouble[] = [
  {
    name: "is done when the time has come, with a clock that works",
    async make(clock, done) {
      await clock.advance(dueAfterMs - 1);
      assert.equal(done(), 0, "too early");
      await clock.advance(1);
      assert.equal(done(), 1, "not in time");
    },
  },
  {
    name: "is done when a clock that was set back by an hour comes to the instant, not before",
    async make(clock, done, { afterSetBackMs = 2 * hour }) {
      await clock.advance(30 * minute);
      clock.setNow(clock.now() - hour);
      await clock.advance(afterSetBackMs - 1);
      assert.equal(done(), 0, "too early");
      await clock.advance(1);
      assert.equal(done(), 1, "not in time");
    },
  },
  {
    name: "is done once when the clock is set back by an hour after it was done",
    async make(clock, done) {
      await clock.advance(dueAfterMs);
      assert.equal(done(), 1, "not in time");
      clock.setNow(clock.now() - hour);
    },
  },
  {
    name: "is done within a minute when the clock is set forward by a day",
    async make(clock, done) {
      await clock.advance(10 * minute + 1);
      clock.setNow(clock.now() + day);
      await clock.advance(0);
      assert.equal(done(), 0, "a timer noticed");
      await clock.advance(minute);
      assert.equal(done(), 1, "not within a minute");
    },
  },
  {
    name: "is done at the first timer that fires after the machine slept",
    async make(clock, done) {
      const setTimer = clock.setTimer;
      let sleptMs = 0;
      // While the machine sleeps, no timer fires: all that are armed now fire three hours late.
      clock.setTimer = (callback, delayMs) => {
        const lateMs = sleptMs === 0 ? 3 * hour : 0;
        sleptMs += lateMs;
        return setTimer(callback, delayMs + lateMs);
      };
      await clock.advance(3 * hour - 1);
      assert.equal(done(), 0, "while the machine slept");
      await clock.advance(2 * minute + 1);
      assert.equal(done(), 1, "not after the machine woke");
      clock.setTimer = setTimer;
    },
  },
  {
    name: "is not done early by timers that fire 10 ms early",
    async make(clock, done) {
      const setTimer = clock.setTimer;
      // A timer for less than that fires after a millisecond: time passes, if only a little.
      clock.setTimer = (callback, delayMs) => setTimer(callback, Math.max(1, delayMs - 10));
      await clock.advance(dueAfterMs - 1);
      assert.equal(done(), 0, "too early");
      await clock.advance(1);
      assert.equal(done(), 1, "not in time");
    },
  },
];

for (const work of works) {
  const { name, prepare, done } = work;
  describe(`due work: ${name}`, () => {
    for (const trouble of troubles) {
      it(trouble.name, async () => {
        const database = openSqlite(":memory:");
        const { logger, errors } = createRecordingLogger();
        await withBroker(async (parts) => {
          const { clock, take } = parts;
          const stream = await take({ prefetch: 10 });
          await prepare(parts, stream);
          await clock.settle();
          await trouble.make(clock, () => done(stream, database), work);
          await clock.advance(3 * hour);
          assert.equal(done(stream, database), 1, "not once");
          assert.deepEqual(errors.filter((message) => message !== "The clock was set back"), []);
        }, {
          store: database,
          logger,
          heartbeatIntervalMs: 2 ** 31,
          statistics: false, // To forget them is due as well, and a timer that sees the clock sooner.
        });
      });
    }
  });
}

describe("due work of many jobs at one instant", () => {
  const many = (count: number, changes: Parameters<typeof job>[0]) =>
    Array.from({ length: count }, () => job(changes));

  it("promotes all of them then, however many pieces it takes", () =>
    withBroker(async ({ client, clock }) => {
      await client.enqueueMany(many(450, { readyAt: clock.now() + hour }));
      await clock.advance(hour - 1);
      assert.equal(await client.count({ status: ["scheduled"] }), 450);
      await clock.advance(1);
      assert.equal(await client.count({ status: ["ready"] }), 450);
    }));

  it("deletes all that are expired then, and lets none wait for another interval", () => {
    const database = openSqlite(":memory:");
    return withBroker(async ({ client, clock, take }) => {
      const jobs = await client.enqueueMany([
        ...many(2000, { retention: { completedMs: hour } }),
        ...many(100, { retention: { completedMs: hour + 10_000 } }),
      ]);
      await take({ prefetch: 0 });
      await clock.settle();
      await client.successMany(jobs.map(({ id }) => id));
      await clock.advance(hour + 30_000 - 1);
      assert.equal(countRows(database), 2100);
      await clock.advance(1);
      assert.equal(countRows(database), 0);
    }, { store: database, globalInFlightLimit: 0, heartbeatIntervalMs: 2 ** 31 });
  });
});
