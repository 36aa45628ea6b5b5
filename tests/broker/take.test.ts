import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createTurnClock } from "../support/turn-clock.ts";

describe("take stream", () => {
  it("sends a heartbeat at connect, then after each interval without jobs", () =>
    withBroker(async ({ client, clock, take }) => {
      const stream = await take();
      await clock.settle();
      assert.equal(stream.heartbeats(), 1);
      await clock.advance(2999);
      assert.equal(stream.heartbeats(), 1);
      await clock.advance(1);
      assert.equal(stream.heartbeats(), 2);
      await clock.advance(2000);
      await client.enqueue(job());
      await clock.advance(2999);
      assert.deepEqual([stream.jobs.length, stream.heartbeats()], [1, 2]);
      await clock.advance(1);
      assert.equal(stream.heartbeats(), 3);
    }));

  for (const [where, hours] of [["back", -2], ["forward", 2]] as const) {
    it(`sends heartbeats as before when the wall clock is set ${where}`, () =>
      withBroker(async ({ clock, take }) => {
        const stream = await take();
        await clock.advance(1000);
        clock.setNow(clock.now() + hours * 3_600_000);
        await clock.advance(1999);
        assert.equal(stream.heartbeats(), 1);
        await clock.advance(1);
        assert.equal(stream.heartbeats(), 2);
        await clock.advance(30_000);
        assert.equal(stream.heartbeats(), 12);
      }));
  }

  it("stops its heartbeat timer when the worker disconnects", () =>
    withBroker(async ({ clock, take }) => {
      const stream = await take();
      await clock.settle();
      assert.equal(clock.timers, 1);
      await stream.close();
      await clock.settle();
      assert.equal(clock.timers, 0);
    }));

  it("delivers a scheduled job at its instant, also when an earlier one comes later", () =>
    withBroker(async ({ client, clock, take }) => {
      const stream = await take({ prefetch: 5 });
      const now = clock.now();
      await client.enqueue(job({ readyAt: now + 60_000, payload: "late" }));
      await client.enqueue(job({ readyAt: now + 5000, payload: "soon" }));
      await clock.advance(4999);
      assert.equal(stream.jobs.length, 0);
      await clock.advance(1);
      assert.deepEqual(stream.jobs.map(({ payload }) => payload), ["soon"]);
      await clock.advance(55_000);
      assert.deepEqual(stream.jobs.map(({ payload }) => payload), ["soon", "late"]);
    }));

  it("promotes more than one batch of due jobs at once", () =>
    withBroker(async ({ client, clock, take }) => {
      const readyAt = clock.now() + 1000;
      await client.enqueueMany(Array.from({ length: 450 }, () => job({ readyAt })));
      const stream = await take({ prefetch: 1000 });
      await clock.advance(1000);
      assert.equal(stream.jobs.length, 450);
    }));

  it("gives jobs back when the request is aborted, and when the body is cancelled", () =>
    withBroker(async ({ broker, client, clock }) => {
      const { id } = await client.enqueue(job());
      const controller = new AbortController();
      const url = "http://broker/jobs/take";
      const first = await broker.fetch(new Request(url, { signal: controller.signal }));
      await clock.settle();
      assert.equal((await client.get(id)).status, "in_flight");
      controller.abort();
      await clock.settle();
      assert.equal((await client.get(id)).status, "ready");
      await assert.rejects(first.text());

      const second = await broker.fetch(new Request(url));
      await clock.settle();
      assert.equal((await client.get(id)).status, "in_flight");
      await second.body!.cancel();
      await clock.settle();
      const { status, attempts } = await client.get(id);
      assert.deepEqual([status, attempts], ["ready", 0]);
    }));

  it("never exceeds the global limit, however many streams wake together", () =>
    withBroker(async ({ client, clock, take }) => {
      const streams = await Promise.all([1, 2, 3, 4].map(() => take({ prefetch: 50 })));
      await client.enqueueMany(Array.from({ length: 100 }, () => job()));
      await clock.settle();
      assert.equal(await client.count({ status: "in_flight" }), 10);
      const taken = streams.flatMap(({ jobs }) => jobs);
      await client.successMany(taken.slice(0, 4).map(({ id }) => id));
      await clock.settle();
      assert.equal(await client.count({ status: "in_flight" }), 10);
    }, { globalInFlightLimit: 10 }));

  it("serves streams in turn", () =>
    withBroker(async ({ client, clock, take }) => {
      const streams = [await take(), await take(), await take()];
      await client.enqueueMany(Array.from({ length: 9 }, () => job()));
      for (let round = 0; round < 3; round++) {
        await clock.settle();
        for (const { jobs } of streams) await client.success(jobs.at(-1)!.id);
      }
      assert.deepEqual(streams.map(({ jobs }) => jobs.length), [3, 3, 3]);
    }));

  it("delivers nothing more to a reader that does not read", () =>
    withBroker(async ({ broker, client, clock }) => {
      const payload = "x".repeat(10_000);
      await client.enqueueMany(Array.from({ length: 500 }, () => job({ payload })));
      const response = await broker.fetch(new Request("http://broker/jobs/take?prefetch=0"));
      await clock.settle();
      const inFlight = await client.count({ status: "in_flight" });
      assert.ok(inFlight >= 1 && inFlight <= 200, `${inFlight} in flight`);
      const reader = response.body!.getReader();
      let bytes = 0;
      while (bytes < 5_000_000) bytes += (await reader.read()).value!.length;
      assert.equal(await client.count({ status: "in_flight" }), 500);
      await reader.cancel();
    }));

  it("reads many queues in order of priority, then age", () =>
    withBroker(async ({ client, clock, take }) => {
      const queues = Array.from({ length: 90 }, (_, index) => `q${index}`);
      const jobs = queues.map((queue, index) => job({ queue, priority: index % 3 }));
      const stored = await client.enqueueMany(jobs);
      const stream = await take({ queues: queues.slice(1), prefetch: 100 });
      await clock.settle();
      const wanted = stored.slice(1).sort((a, b) =>
        a.priority - b.priority || (a.id < b.id ? -1 : 1)
      );
      assert.deepEqual(stream.jobs.map(({ id }) => id), wanted.map(({ id }) => id));
    }));
});

describe("many take streams that are opened at once", () => {
  it("leave turns to others between them", async () => {
    const clock = createTurnClock();
    const broker = createBroker({ store: openSqlite(":memory:"), clock, timers: false });
    await broker.fetch(new Request("http://broker/health"));
    clock.turns = 0;
    const take = () => broker.fetch(new Request("http://broker/jobs/take"));
    const streams = await Promise.all(Array.from({ length: 20 }, take));
    assert.ok(clock.turns >= 5, `${clock.turns} turns`);
    for (const { body } of streams) await body!.cancel();
    await broker.stop();
  });
});
