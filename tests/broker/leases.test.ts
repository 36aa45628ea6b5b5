/** Jobs under leases: who gets them, what survives, and who is told when they are lost. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { describePglite, openPglite } from "../store/pglite.ts";
import { job, withBroker } from "../support/broker.ts";
import { createFailingDatabase } from "../support/failing-database.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";
import { connect, decoders, tell } from "./worker-stream.ts";

interface Taken {
  readonly id: string;
  readonly lease_token: string;
  readonly [member: string]: unknown;
}

/** Takes jobs by a call. */
async function take(broker: Broker, body: object = {}): Promise<Taken[]> {
  const answer = await send(broker, "POST", "/jobs/take", body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.jobs;
}

const idsOf = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

/** The headers of a client that knows no extensions. */
const foreign = { "worker-id": "w" };

describe("POST /jobs/take", () => {
  it("takes in the order of delivery, from the queues that are named, as many as asked for", () =>
    withBroker(async ({ broker, client }) => {
      const enqueue = async (queue: string, priority: number) =>
        (await client.enqueue(job({ queue, priority }))).id;
      const [late, first, other, second] = [
        await enqueue("a", 9),
        await enqueue("a", 1),
        await enqueue("b", 0),
        await enqueue("c", 2),
      ];
      assert.deepEqual(idsOf(await take(broker, { queues: ["a", "c"], count: 2 })), [
        first,
        second,
      ]);
      assert.deepEqual(idsOf(await take(broker, { count: 500 })), [other, late]);
      assert.deepEqual(await take(broker, { queues: ["nowhere"] }), []);
    }));

  it("gives each of many callers at once a job, as long as there are some", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueueMany(Array.from({ length: 150 }, () => job()));
      const calls = Array.from({ length: 200 }, () => take(broker));
      const counts = (await Promise.all(calls)).map(({ length }) => length);
      assert.equal(counts.filter((count) => count === 1).length, 150);
      assert.equal(counts.filter((count) => count === 0).length, 50);
      const { body } = await send(broker, "GET", "/jobs/count?status=in_flight");
      assert.equal(body.count, 150);
    }));

  it("makes scheduled jobs ready that are due, and chooses among all of them", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueue(job({ delayMs: 5 }));
      const { id } = await client.enqueue(job({ delayMs: 9, priority: 0 }));
      await clock.advance(10);
      assert.deepEqual(idsOf(await take(broker)), [id]);
    }, { timers: false }));

  it("lets go of what only waiting jobs hold: unique keys, batches", () =>
    withBroker(async ({ broker, client }) => {
      const batch = { key: "b", when: "true", fold: "$new" };
      const jobs = [job({ uniqueKey: "k" }), job({ batch })];
      const stored = await client.enqueueMany(jobs);
      assert.deepEqual(idsOf(await take(broker, { count: 2 })), idsOf(stored));
      for (const { duplicate, folded } of await client.enqueueMany(jobs)) {
        assert.deepEqual([duplicate, folded], [false, false]);
      }
    }));

  it("counts for the limit of all jobs in flight", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueueMany([job(), job(), job()]);
      const stream = await connect(broker, { prefetch: 1 });
      await clock.settle();
      const [own, ...more] = await take(broker, { count: 5 });
      assert.deepEqual(more, []);
      assert.deepEqual(await take(broker), []);
      await send(broker, "POST", `/jobs/${own!.id}/success`);
      assert.equal((await take(broker, { count: 5 })).length, 1);
      await stream.close();
    }, { globalInFlightLimit: 2, streamInFlightPercent: 100 }));

  it("refuses what cannot be granted, and says which member that is", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue(job());
      const cases: [string, object, number, string][] = [
        ["take", { lease_ms: 0 }, 422, "lease_ms must be between 1 and 4294967295, got 0"],
        ["take", { count: 0 }, 422, "count must be between 1 and 500, got 0"],
        ["take", { count: 501 }, 422, "count must be between 1 and 500, got 501"],
        ["take", { wait_ms: 30_001 }, 422, "wait_ms must be between 0 and 30000, got 30001"],
        [
          "take",
          { lease_ms: 1.5 },
          400,
          "invalid JSON: lease_ms: expected an integer from 0 to 4294967295, got 1.5",
        ],
        ["take", { queues: "q" }, 400, 'invalid JSON: queues: expected a list, got "q"'],
        ["heartbeat", { ids: [] }, 400, "ids must not be empty"],
        [
          "heartbeat",
          { ids: [id], lease_ms: 0 },
          422,
          "lease_ms must be between 1 and 4294967295, got 0",
        ],
        [
          "heartbeat",
          { ids: [id], lease_tokens: [] },
          400,
          "lease_tokens: expected one for each of the 1 ids, got 0",
        ],
        ["timeout", { ids: 5 }, 400, "invalid JSON: ids: expected a list, got 5"],
      ];
      for (const [action, body, status, error] of cases) {
        const answer = await send(broker, "POST", `/jobs/${action}`, body);
        assert.deepEqual([answer.status, answer.body.error], [status, error]);
      }
      const progress =
        "a number from 0 to 1, or such a 'value' with a 'message' of up to 1000 characters";
      for (const wrong of [2, -0.1, "x", { value: 1 }, { value: 3, message: "" }]) {
        const { status, body } = await send(broker, "POST", `/jobs/${id}/heartbeat`, {
          progress: wrong,
        });
        assert.equal(status, 400);
        assert.ok(
          body.error.startsWith(`invalid JSON: progress: expected ${progress}`),
          body.error,
        );
      }
      assert.deepEqual(idsOf(await take(broker)), [id]);
    }));

  it("fails when the store does, and finds the job later", async () => {
    const { database, fail, heal } = createFailingDatabase(openSqlite(":memory:"));
    const { logger } = createRecordingLogger();
    await withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue(job());
      fail();
      assert.equal((await send(broker, "POST", "/jobs/take", {})).status, 500);
      heal();
      assert.deepEqual(idsOf(await take(broker)), [id]);
    }, { store: database, logger });
  });
});

describe("a take that waits", () => {
  const wait = { wait_ms: 30_000 };

  it("ends with the first jobs that come", () =>
    withBroker(async ({ broker, client, clock }) => {
      const taking = take(broker, { ...wait, queues: ["q"], count: 5 });
      await clock.settle();
      await client.enqueue(job({ queue: "other" }));
      const stored = await client.enqueueMany([job(), job()]);
      assert.deepEqual(idsOf(await taking), idsOf(stored));
      assert.equal(clock.timers, 1, "only that of the lease is left");
    }, { statistics: false }));

  it("ends with nothing when the time is over, or the broker stops", () =>
    withBroker(async ({ broker, clock }) => {
      const taking = take(broker, wait);
      await clock.advance(29_999);
      const other = take(broker, wait);
      await clock.advance(1);
      assert.deepEqual(await taking, []);
      await broker.stop();
      assert.deepEqual(await other, []);
    }));

  for (const way of ["its request is aborted", "the body of its answer is cancelled"]) {
    it(`takes nothing once its caller has left: ${way}`, () =>
      withBroker(async ({ broker, client, clock }) => {
        const leaving = new AbortController();
        const request = new Request("http://broker/jobs/take", {
          method: "POST",
          body: JSON.stringify(wait),
          signal: leaving.signal,
        });
        const { body } = await broker.fetch(request);
        await clock.settle();
        if (way === "its request is aborted") leaving.abort();
        else await body!.cancel();
        const { id } = await client.enqueue(job());
        await clock.settle();
        assert.deepEqual(idsOf(await take(broker)), [id]);
      }));
  }

  it("does not count as a call at work", () =>
    withBroker(async ({ broker, clock }) => {
      const waiting = [take(broker, wait), take(broker, wait), take(broker, wait)];
      await clock.settle();
      assert.equal((await send(broker, "GET", "/queues")).status, 200);
      await clock.advance(30_000);
      assert.deepEqual(await Promise.all(waiting), [[], [], []]);
    }, { maxCalls: 3 }));
});

describe("a stream with leases", () => {
  for (const accept of Object.keys(decoders) as (keyof typeof decoders)[]) {
    it(`tells of lost jobs, ${accept}`, () =>
      withBroker(async ({ broker, client, clock }) => {
        const stored = await client.enqueueMany([job(), job(), job()]);
        const [first, second, third] = idsOf(stored);
        const stream = await connect(broker, { leaseMs: 1000, accept, headers: foreign });
        await clock.settle();
        assert.deepEqual(idsOf(stream.jobs), [first, second, third]);
        const [frame] = stream.frames;
        assert.equal(frame!["worker_id"], "w");
        assert.match(frame!["lease_token"] as string, /^[0-9a-f]{32}$/);
        assert.equal(Number(frame!["lease_expires_at"]), clock.now() + 1000);
        await send(broker, "POST", `/jobs/${second}/success`);
        await send(broker, "DELETE", `/jobs/${third}`);
        await clock.advance(1000);
        assert.deepEqual(stream.frames.slice(3), [
          { control: "lock_lost", ids: [third] },
          { control: "lock_lost", ids: [first] },
        ]);
        await clock.advance(10_000);
        assert.deepEqual(stream.frames.slice(5).map(({ id, attempts }) => [id, attempts]), [[
          first,
          1,
        ]]);
        await stream.close();
      }));
  }

  it("gives nothing back when it ends: its jobs rest on their leases", () =>
    withBroker(async ({ broker, client, clock }) => {
      const { id } = await client.enqueue(job());
      const stream = await connect(broker, { leaseMs: 1000 });
      await clock.settle();
      await stream.close();
      await clock.settle();
      const other = await connect(broker, { headers: foreign });
      await clock.advance(10_999);
      assert.deepEqual(other.jobs, []);
      await clock.advance(1);
      assert.deepEqual(idsOf(other.jobs), [id]);
      await other.close();
    }));

  it("has room again for each job that it loses, or reports", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueueMany([job(), job(), job()]);
      const stream = await connect(broker, { leaseMs: 60_000, prefetch: 1, headers: foreign });
      await clock.settle();
      assert.equal(stream.jobs.length, 1);
      await send(broker, "POST", `/jobs/${stream.jobs[0]!.id}/success`);
      await clock.settle();
      assert.equal(stream.jobs.length, 2);
      await send(broker, "POST", `/jobs/${stream.jobs[1]!.id}/timeout`);
      await clock.settle();
      assert.equal(stream.jobs.length, 3);
      await stream.close();
    }));

  it("gets back at once what its worker says that it does not have", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const { id } = await client.enqueue(job());
      const stream = await connect(broker, { leaseMs: 60_000 });
      await clock.settle();
      await tell(parts, { taking: false });
      await clock.settle();
      assert.deepEqual((await client.get(id)).status, "ready");
      assert.deepEqual((await client.get(id)).leaseExpiresAt, undefined);
      await stream.close();
    }));
});

describe("a timeout of a job that a stream holds", () => {
  it("is told to a worker that answers, and to no other", () =>
    withBroker(async ({ broker, client, clock }) => {
      const stored = await client.enqueueMany([job(), job()]);
      const answering = await connect(broker, { prefetch: 1 });
      await clock.settle();
      const silent = await connect(broker, { prefetch: 1, headers: foreign });
      await clock.settle();
      const frames = answering.frames.length;
      const { body } = await send(broker, "POST", "/jobs/timeout", { ids: idsOf(stored) });
      assert.deepEqual(body, { timed_out: 2 });
      await clock.settle();
      assert.deepEqual(answering.frames[frames], { control: "lock_lost", ids: [stored[0]!.id] });
      assert.ok(silent.frames.every((frame) => !("control" in frame)));
      const late = await send(broker, "POST", `/jobs/${stored[0]!.id}/success?delivery=1`);
      assert.equal(late.status, 409);
      await answering.close();
      await silent.close();
    }));
});

describe("leases over a restart", () => {
  it("last, count for the limit, and end", async () => {
    const clock = createTestClock();
    const database = openSqlite(":memory:");
    // Closing is what ends a database in memory.
    const kept = { ...database, close() {} };
    const start = () => createBroker({ store: kept, clock, globalInFlightLimit: 1 });
    const first = start();
    const client = createClient({ fetch: first.fetch });
    const [leased] = await client.enqueueMany([job(), job()]);
    const [taken] = await take(first, { worker: "w", lease_ms: 60_000 });
    await first.stop();
    kept.open = () => {};
    const second = start();
    assert.deepEqual(await take(second), [], "one job is in flight");
    const renewed = await send(second, "POST", `/jobs/${leased!.id}/heartbeat`, {
      lease_token: taken!.lease_token,
    });
    assert.equal(renewed.status, 200);
    await clock.advance(70_000);
    const [again] = await take(second);
    assert.deepEqual([again!.id, again!["attempts"]], [leased!.id, 1]);
    await second.stop();
    database.close();
  });
});

describePglite("leases on PGlite", () => {
  it("are taken, renewed, lost and taken away", async () => {
    const clock = createTestClock();
    const broker = createBroker({ store: openPglite(), clock, timers: false });
    const client = createClient({ fetch: broker.fetch });
    const [first, second] = await client.enqueueMany([job(), job({ retryLimit: 0 })]);
    const taken = await take(broker, { count: 2, worker: "w" });
    assert.deepEqual(idsOf(taken), [first!.id, second!.id]);
    const beats = { ids: [first!.id], lease_tokens: [taken[0]!.lease_token] };
    assert.equal((await send(broker, "POST", "/jobs/heartbeat", beats)).status, 200);
    clock.setNow(clock.now() + 60_000);
    await broker.runDue();
    clock.setNow(clock.now() + 10_000);
    await broker.runDue();
    assert.equal((await client.get(second!.id)).status, "dead");
    const [again] = await take(broker);
    assert.equal(again!.id, first!.id);
    assert.equal((await send(broker, "POST", `/jobs/${first!.id}/timeout`)).status, 200);
    const late = await send(
      broker,
      "POST",
      `/jobs/${first!.id}/success?lease_token=${again!.lease_token}`,
    );
    assert.deepEqual([late.status, late.body.reason], [409, "not_running"]);
    await broker.stop();
  });
});
