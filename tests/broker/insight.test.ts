/** Statistics and queues: docs/protocol.md, sections 13.2 and 13.3. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const get = async (broker: Broker, path: string) => (await send(broker, "GET", path)).body;
const dayMs = 86_400_000;
const dayAt = (at: number) => new Date(at).toISOString().slice(0, 10);
/** The buckets that have any, each with its count. */
const counts = (buckets: readonly number[]) =>
  buckets.flatMap((count, bucket) => count > 0 ? [[bucket, count]] : []);

/** A database as an object of its own methods. */
function methodsOf(database: SyncDatabase): SyncDatabase {
  return {
    dialect: database.dialect,
    open: () => database.open(),
    all: (sql, params) => database.all(sql, params),
    run: (sql, params) => database.run(sql, params),
    script: (sql) => database.script(sql),
    transaction: (body) => database.transaction(body),
    close: () => database.close(),
  };
}

describe("statistics", () => {
  it("are all 0 where nothing happened", () =>
    withBroker(async ({ broker, clock }) => {
      const none = { count: 0, mean_ms: 0, std_ms: 0, histogram: new Array(148).fill(0) };
      assert.deepEqual(await get(broker, "/queues/q/stats"), {
        queue: "q",
        day: dayAt(clock.now()),
        wait: none,
        run: none,
        retries: 0,
        failures: 0,
        cancelled: 0,
        failed: 0,
      });
    }));

  it("count waits since a job was ready, runs that succeed, retries and failures", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await client.enqueue(job({ delayMs: 60_000 }));
      await client.enqueueMany([job(), job({ retryLimit: 0 })]);
      await clock.advance(2000);
      const { jobs } = await take({ prefetch: 0 });
      await clock.advance(3000);
      await client.success(jobs[0]!);
      await client.failure(jobs[1]!, { message: "m" });
      // The delay is over at 60 s, and is no wait.
      await clock.advance(56_000);
      await client.failure(jobs[2]!, { message: "m", retryAt: clock.now() + dayMs });
      const { wait, run, retries, failures, failed } = await get(broker, "/queues/q/stats");
      assert.deepEqual([wait.count, Math.round(wait.mean_ms), counts(wait.histogram)], [
        3,
        1333,
        [[0, 1], [2, 2]],
      ]);
      assert.deepEqual([run.count, run.mean_ms, run.std_ms], [1, 3000, 0]);
      assert.deepEqual([retries, failures, failed], [1, 1, 1]);
    }));

  it("are kept by the day, and forgotten after some", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await take();
      const first = dayAt(clock.now());
      await client.enqueue(job());
      await clock.advance(1);
      await client.success((await client.page()).jobs[0]!.id);
      await clock.advance(2000); // They are written by a timer.
      const count = async () => (await get(broker, `/queues/q/stats?day=${first}`)).run.count;
      await clock.advance(2 * dayMs);
      assert.equal(await count(), 1);
      assert.equal((await get(broker, "/queues/q/stats")).run.count, 0);
      await clock.advance(dayMs);
      assert.equal(await count(), 0);
    }, { statsDays: 2 }));

  it("are added up from one writing to the next", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      for (let round = 1; round <= 3; round++) {
        await client.enqueue(job());
        await clock.advance(round * 1000);
        const taken = await take();
        await clock.advance(5000);
        await client.deleteMany({ all: true });
        await taken.close();
      }
      const { wait } = await get(broker, "/queues/q/stats");
      assert.deepEqual([wait.count, wait.mean_ms, wait.std_ms], [3, 2000, 1000]);
    }));

  it("and workers are written when the broker stops", async () => {
    const database = openSqlite(":memory:");
    // The database stays open for the next broker, as a file would.
    const store = { ...methodsOf(database), close() {} };
    const clock = createTestClock();
    const first = createBroker({ store, clock });
    const client = createClient({ fetch: first.fetch });
    await client.enqueue(job());
    const stream = await client.take({ workerId: "w" });
    await clock.advance(1);
    await stream.close();
    await first.stop();
    const second = createBroker({ store, clock });
    assert.equal((await get(second, "/queues/q/stats")).wait.count, 1);
    assert.deepEqual((await get(second, "/workers")).workers.map(({ id }: { id: string }) => id), [
      "w",
    ]);
    await second.stop();
    database.close();
  });

  it("are refused for what is no day, and can be turned off", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      for (const day of ["x", "2026-02-30", "2026-1-1", ""]) {
        assert.deepEqual(await send(broker, "GET", `/queues/q/stats?day=${day}`), {
          status: 400,
          body: {
            error: `invalid query parameters: 'day' must be a day such as 2026-01-31, got "${day}"`,
          },
        });
      }
      assert.equal((await send(broker, "GET", "/queues/q/stats?x=1")).status, 400);
      await client.enqueue(job());
      await take();
      await clock.advance(1);
      assert.equal((await get(broker, "/queues/q/stats")).wait.count, 0);
    }, { statistics: false }));

  it("go with a reset", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      await take({ workerId: "w" });
      await client.enqueue(job());
      await clock.advance(1);
      assert.equal((await get(broker, "/queues/q/stats")).wait.count, 1);
      await client.reset();
      assert.equal((await get(broker, "/queues/q/stats")).wait.count, 0);
      assert.deepEqual((await get(broker, "/workers")).workers, []);
    }));
});

describe("the details of queues", () => {
  const none = {
    scheduled: 0,
    ready: 0,
    in_flight: 0,
    blocked: 0,
    completed: 0,
    dead: 0,
    stalled: 0,
    recurring: 0,
    paused: false,
  };

  it("count jobs by their status, without those whose retention is over", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await client.enqueueMany([
        job({ queue: "a", retention: { completedMs: 1000 } }),
        job({ queue: "a" }),
        job({ queue: "a", type: "u" }),
        job({ queue: "a", delayMs: 5000 }),
        job({ queue: "b" }),
      ]);
      const taken = await take({ queues: ["a"], prefetch: 2 });
      await clock.advance(1);
      await client.success(taken.jobs[0]!);
      await taken.close();
      await take({ queues: ["a"] });
      await clock.advance(1);
      const a = { ...none, queue: "a", scheduled: 1, ready: 1, in_flight: 1, completed: 1 };
      assert.deepEqual(await get(broker, "/queues/a"), a);
      await send(broker, "PATCH", "/queues/none", { paused: true });
      assert.deepEqual(await get(broker, "/queues/none"), { ...none, queue: "none", paused: true });
      assert.deepEqual((await get(broker, "/queues?detail=true")).queues, [
        a,
        { ...none, queue: "b", ready: 1 },
      ]);
      assert.deepEqual(await get(broker, "/queues"), { queues: ["a", "b"] });
      await clock.advance(1000);
      assert.equal((await get(broker, "/queues/a")).completed, 0);
    }));

  it("count cron entries and jobs whose lease has ended", () =>
    withBroker(async ({ broker, client, clock }) => {
      const entry = {
        name: "e",
        expression: "0 0 1 1 *",
        job: { type: "t", queue: "q", payload: 1 },
      };
      await send(broker, "POST", "/crons/g/entries", entry);
      await client.enqueueMany([job(), job()]);
      await send(broker, "POST", "/jobs/take", { count: 1, lease_ms: 1000 });
      const details = async () => {
        const { ready, in_flight, stalled, recurring } = await get(broker, "/queues/q");
        return [ready, in_flight, stalled, recurring];
      };
      assert.deepEqual(await details(), [1, 1, 0, 1]);
      await clock.advance(1000);
      assert.deepEqual(await details(), [1, 1, 1, 1]);
    }, { leaseGraceMs: 5000 }));

  it("come in pages", () =>
    withBroker(async ({ broker, client }) => {
      for (const queue of ["c", "a", "b/ü"]) {
        await client.enqueueMany([job({ queue }), job({ queue, type: "u" })]);
      }
      const page = await get(broker, "/queues?detail=true&limit=2");
      const names = (page: { queues: { queue: string }[] }) =>
        page.queues.map(({ queue }) => queue);
      assert.deepEqual(names(page), ["a", "b/ü"]);
      assert.deepEqual(page.pages, {
        self: "/queues?detail=true&limit=2",
        next: "/queues?detail=true&from=b%2F%C3%BC&limit=2",
        prev: null,
      });
      const next = await get(broker, page.pages.next);
      assert.deepEqual([names(next), next.pages.next], [["c"], null]);
      assert.equal((await send(broker, "GET", "/queues?detail=true&order=desc")).status, 400);
      assert.equal((await send(broker, "GET", "/queues?detail=maybe")).status, 400);
      assert.equal((await send(broker, "GET", "/queues?other=1")).status, 200);
    }));
});

describe("the next jobs of a queue", () => {
  it("come in the order of delivery, whatever budgets they draw on, and stay where they are", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      const budgets = (key: string) => [{
        key,
        createWith: { allocation: 9, strategy: { type: "while_in_flight" as const } },
      }];
      await client.enqueue(job({ payload: "late", priority: 9 }));
      await client.enqueue(job({ payload: "b", priority: 5, budgets: budgets("x") }));
      await client.enqueue(job({ payload: "c", priority: 5, budgets: budgets("y") }));
      await client.enqueue(job({ payload: "d", priority: 5 }));
      await client.enqueue(job({ payload: "a", priority: 1 }));
      await client.enqueue(job({ payload: "other", queue: "other", priority: 0 }));
      await client.enqueue(job({ payload: "not yet", priority: 0, delayMs: 1000 }));
      const next = async (query = "") =>
        (await get(broker, `/queues/q/next${query}`)).jobs
          .map(({ payload }: { payload: string }) => payload);
      const order = ["a", "b", "c", "d", "late"];
      assert.deepEqual(await next(), order);
      assert.deepEqual(await next("?limit=3"), order.slice(0, 3));
      assert.equal(await client.count({ status: "ready" }), 6);
      const { jobs } = await take({ queues: ["q"], prefetch: 0 });
      await clock.advance(1);
      assert.deepEqual(jobs.map(({ payload }) => payload), order);
      assert.deepEqual(await next(), []);
      assert.equal((await send(broker, "GET", "/queues/q/next?limit=0")).status, 400);
    }));

  it("end where their payloads are large", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueueMany([1, 2, 3].map(() => job({ payload: "x".repeat(600) })));
      assert.equal((await get(broker, "/queues/q/next")).jobs.length, 1);
    }, { maxPageBytes: 1000 }));
});
