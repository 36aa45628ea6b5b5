/**
 * What the specification says of pausing queues, of limits on what is in flight, and recurring jobs
 * (statements 9 to 13, 25 and 37).
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../src/testing/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const fill = (parts: TestBroker, count: number) =>
  parts.client.enqueueMany(Array.from({ length: count }, () => job()));
const limit = ({ broker }: TestBroker, max_in_flight: number) =>
  send(broker, "PATCH", "/queues/q", { max_in_flight });

describe("max concurrency of a queue", () => {
  it("of 5 with 10 waiting gives 5, then one more for each that is completed (9)", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await limit(parts, 5);
      await fill(parts, 10);
      const { jobs } = await take({ queues: ["q"], prefetch: 10 });
      await clock.settle();
      assert.equal(jobs.length, 5);
      for (let done = 0; done < 5; done++) {
        await client.success(jobs[done]!);
        await clock.settle();
        assert.equal(jobs.length, 6 + done);
      }
    }));

  it("lowered below what runs gives nothing until what runs falls under it (10)", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await limit(parts, 5);
      await fill(parts, 10);
      const { jobs } = await take({ queues: ["q"], prefetch: 10 });
      await clock.settle();
      await limit(parts, 3);
      for (const [done, expected] of [5, 5, 6, 7].entries()) {
        await client.success(jobs[done]!);
        await clock.settle();
        assert.equal(jobs.length, expected, `after ${done + 1}`);
      }
    }));

  it("of 1 without grace gives the same job, with a retry less, once its lease has ended (11)", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const settings = { max_in_flight: 1, lease_ms: 60_000, grace_ms: 0 };
      await send(broker, "PATCH", "/queues/q", settings);
      await fill(parts, 2);
      const pop = async () =>
        (await send(broker, "POST", "/jobs/take", { queues: ["q"], count: 10 })).body.jobs;
      const [first, ...none] = await pop();
      assert.deepEqual([none, await pop()], [[], []]);
      await clock.advance(60_001);
      const again = await pop();
      assert.deepEqual(again.map(({ id }: { id: string }) => id), [first.id]);
      assert.deepEqual([first.attempts, again[0].attempts], [0, 1]);
    }));

  it("is given back by a job that fails (12)", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await limit(parts, 1);
      await fill(parts, 2);
      const { jobs } = await take({ queues: ["q"], prefetch: 10 });
      await clock.settle();
      assert.equal(jobs.length, 1);
      await client.failure(jobs[0]!, { message: "m", kill: true });
      await clock.settle();
      assert.equal(jobs.length, 2);
    }));
});

describe("a paused queue", () => {
  it("gives nothing, keeps what waits, and gives all once it is unpaused (13)", () =>
    withBroker(async (parts) => {
      const { broker, client, clock, take } = parts;
      await fill(parts, 3);
      await send(broker, "PATCH", "/queues/q", { paused: true });
      const { jobs } = await take({ queues: ["q"], prefetch: 10 });
      await clock.settle();
      assert.equal(jobs.length, 0);
      assert.equal((await send(broker, "GET", "/queues/q/settings")).body.paused, true);
      assert.equal(await client.count({ queue: "q", status: "ready" }), 3);
      await send(broker, "PATCH", "/queues/q", { paused: false });
      await clock.settle();
      assert.equal(jobs.length, 3);
    }));
});

describe("a recurring job of 60 s from 0", () => {
  const second = 1000;
  const entry = (more: object = {}) => ({
    name: "e",
    every_ms: 60 * second,
    start_at: 0,
    catch_up: true,
    job: { type: "t", queue: "q", payload: [] },
    ...more,
  });
  const put = ({ broker }: TestBroker, more?: object) =>
    send(broker, "PUT", "/crons/g/entries/e", entry(more));
  /** What the entry made of what was due by now, by the seconds of their times. */
  const look = async ({ broker, client }: TestBroker) => {
    await broker.runDue();
    const { jobs } = await client.page({ queue: "q", limit: 100 });
    return jobs.map(({ readyAt }) => readyAt / second);
  };
  const at = (seconds: number, test: (parts: TestBroker) => Promise<void>) =>
    withBroker(test, { clock: createTestClock(seconds * second), timers: false });

  it("looked at at 599 gives ten jobs with their times, and goes on counting when it is put again (37)", () =>
    at(599, async (parts) => {
      const { broker, client } = parts;
      assert.equal((await put(parts)).status, 200);
      assert.deepEqual(await look(parts), [0, 60, 120, 180, 240, 300, 360, 420, 480, 540]);
      const { jobs } = await client.page({ queue: "q" });
      assert.deepEqual(jobs.map(({ spawnedFrom }) => spawnedFrom), Array(10).fill("g/e"));
      assert.deepEqual(jobs.map(({ payload }) => payload), Array(10).fill([]));
      const { body } = await send(broker, "GET", "/crons/g/entries/e");
      assert.deepEqual([body.count, body.last_job_id, body.next_enqueue_at], [
        10,
        jobs.at(-1)!.id,
        600 * second,
      ]);
      await put(parts, { start_at: 540 * second });
      assert.equal((await look(parts)).length, 11);
      assert.equal((await send(broker, "GET", "/crons/g/entries/e")).body.count, 11);
    }));

  for (const [seconds, expected] of [[601, [600]], [600, [540, 600]], [599, [540]]] as const) {
    it(`with a backlog of 1 at ${seconds} gives ${expected.join(" and ")}`, () =>
      at(seconds, async (parts) => {
        await put(parts, { backlog: 1 });
        assert.deepEqual(await look(parts), expected);
      }));
  }

  it("that is given another interval is due earlier or later by the difference", () =>
    at(1, async (parts) => {
      await put(parts);
      await look(parts);
      const change = async (every_ms: number) =>
        (await send(parts.broker, "PATCH", "/crons/g/entries/e", { every_ms })).body;
      assert.equal((await change(90 * second)).next_enqueue_at, 90 * second);
      const shorter = await change(10 * second);
      assert.deepEqual([shorter.next_enqueue_at, shorter.count], [10 * second, 1]);
    }));
});

describe("retention of completed jobs", () => {
  const complete = async ({ client, clock, take }: TestBroker) => {
    const { jobs } = await take({ queues: ["q"], prefetch: 10 });
    await clock.settle();
    for (const job of jobs) {
      await clock.advance(1);
      await client.success(job);
    }
    await clock.advance(30_000);
    return jobs.map(({ id }) => id);
  };
  const left = async ({ client }: TestBroker) =>
    (await client.page({ status: "completed" })).jobs.map(({ id }) => id);
  const set = ({ broker }: TestBroker, key: string, value: number) =>
    send(broker, "PUT", `/config/${key}`, { value });

  it("by number leaves five of ten, the newest, with a limit of five (25)", () =>
    withBroker(async (parts) => {
      await set(parts, "default_completed_retention_ms", 1e9);
      await set(parts, "completed_limit", 5);
      await fill(parts, 10);
      const ids = await complete(parts);
      assert.deepEqual(await left(parts), ids.slice(5));
    }));

  it("by age leaves none if they are not to be kept (25)", () =>
    withBroker(async (parts) => {
      await set(parts, "default_completed_retention_ms", 0);
      await fill(parts, 10);
      await complete(parts);
      assert.deepEqual(await left(parts), []);
    }));
});
