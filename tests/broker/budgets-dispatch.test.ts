/** Who gets the next job when jobs draw on budgets: docs/protocol.md, section 8.5. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { atOnce, budget, enqueue, payloads, perSecond, times } from "../support/budget-jobs.ts";

describe("budget without a duration: jobs in flight", () => {
  it("are as many as the budget allows, and do not delay jobs without budgets", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await budget(broker, "k", atOnce(1));
      const [a, b] = await enqueue(
        broker,
        { payload: "a", budgets: { k: 1 } },
        { payload: "b", budgets: { k: 1 } },
        { payload: "free" },
      );
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["a", "free"]);
      assert.equal((await client.get(b!)).status, "ready");
      await client.success(a!);
      await clock.settle();
      assert.deepEqual(payloads(taken), ["a", "free", "b"]);
    }));

  for (
    const [how, leave] of [
      ["success", ({ client }, id) => client.success(id)],
      ["bulk success", ({ client }, id) => client.successMany([id])],
      ["a retry", ({ client }, id) => client.failure(id, { message: "no", retryAt: 1e15 })],
      ["death", ({ client }, id) => client.failure(id, { message: "no", kill: true })],
      ["a delete", ({ client }, id) => client.delete(id)],
      ["a bulk delete", ({ client }, id) => client.deleteMany({ id: [id] })],
    ] as [string, (parts: TestBroker, id: string) => Promise<unknown>][]
  ) {
    it(`give their tokens back by ${how}`, () =>
      withBroker(async (parts) => {
        const { broker, clock, take } = parts;
        await budget(broker, "k", atOnce(2));
        const [a, b] = await enqueue(broker, ...times(2, { budgets: { k: 2 } }));
        const taken = await take({ prefetch: 10 });
        await clock.settle();
        assert.deepEqual(taken.jobs.map(({ id }) => id), [a]);
        await leave(parts, a!);
        await clock.settle();
        assert.deepEqual(taken.jobs.map(({ id }) => id), [a, b]);
      }));
  }

  it("give their tokens back when their worker is gone, and by a reset", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", atOnce(1));
      const [a] = await enqueue(broker, { budgets: { k: 1 } }, { budgets: { k: 1 } });
      const first = await take();
      await clock.settle();
      assert.deepEqual(first.jobs.map(({ id }) => id), [a]);
      await first.close();
      const second = await take();
      await clock.settle();
      assert.deepEqual(second.jobs.map(({ id }) => id), [a]);
      await send(broker, "POST", "/reset");
      await budget(broker, "k", atOnce(1));
      const [c] = await enqueue(broker, { budgets: { k: 1 } });
      await clock.settle();
      assert.deepEqual(second.jobs.map(({ id }) => id), [a, c]);
    }));

  it("beyond a lowered limit go on, and end before the next job starts", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await budget(broker, "k", atOnce(5));
      const ids = await enqueue(broker, ...times(8, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.equal(taken.jobs.length, 5);
      await budget(broker, "k", atOnce(2));
      for (const id of ids.slice(0, 3)) await client.success(id);
      await clock.settle();
      assert.equal(taken.jobs.length, 5);
      await client.success(ids[3]!);
      await clock.settle();
      assert.equal(taken.jobs.length, 6);
      await budget(broker, "k", atOnce(4));
      await clock.settle();
      assert.equal(taken.jobs.length, 8, "a raised limit wakes the waiting at once");
    }));
});

describe("budget with a duration: jobs", () => {
  it("start as tokens are refilled", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(2));
      await enqueue(broker, ...times(4, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.equal(taken.jobs.length, 2);
      await clock.advance(499);
      assert.equal(taken.jobs.length, 2);
      await clock.advance(1);
      assert.equal(taken.jobs.length, 3);
      await clock.advance(499);
      assert.equal(taken.jobs.length, 3);
      await clock.advance(1);
      assert.equal(taken.jobs.length, 4);
    }));

  it("start together up to the burst after a pause", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(1, 5));
      await enqueue(broker, ...times(20, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 100 });
      await clock.settle();
      assert.equal(taken.jobs.length, 5);
      await clock.advance(3000);
      assert.equal(taken.jobs.length, 8);
    }));

  it("do not get their tokens back by ending, nor full ones by a restart, nor none when the clock was ahead", async () => {
    const store = openSqlite(":memory:");
    const unclosed = { ...store, close: () => {} };
    const clock = createTestClock();
    const start = () => createBroker({ store: unclosed, clock });
    const first = start();
    await budget(first, "k", perSecond(2));
    await enqueue(first, ...times(5, { budgets: { k: 1 } }));
    const takeAll = async (broker: Broker) => {
      const client = createClient({ fetch: broker.fetch });
      const stream = await client.take({ prefetch: 100 });
      const ids: string[] = [];
      (async () => {
        for await (const { id } of stream) {
          ids.push(id);
          await client.success(id);
        }
      })();
      await clock.settle();
      return { ids, close: stream.close };
    };
    const before = await takeAll(first);
    assert.equal(before.ids.length, 2);
    await before.close();
    await first.close();

    // The clock of the first one was two hours ahead.
    clock.setNow(clock.now() - 7_200_000);
    const second = start();
    const after = await takeAll(second);
    assert.equal(after.ids.length, 0);
    await clock.advance(500);
    assert.equal(after.ids.length, 1);
    await after.close();
    await second.close();
    store.close();
  });

  it("do not start sooner when the clock is set back by some minutes, nor never", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(1));
      await enqueue(broker, ...times(3, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.equal(taken.jobs.length, 1);
      clock.setNow(clock.now() - 240_000);
      await clock.advance(1000);
      assert.equal(taken.jobs.length, 1);
      await clock.advance(240_000);
      assert.equal(taken.jobs.length, 2);
      await clock.advance(1000);
      assert.equal(taken.jobs.length, 3);
    }));

  it("go on at their rate when the clock is set back by hours", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(1));
      await enqueue(broker, ...times(5, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      clock.setNow(clock.now() - 3 * 3_600_000);
      const counts: number[] = [];
      for (let second = 1; second <= 5; second++) {
        await clock.advance(1000);
        counts.push(taken.jobs.length);
      }
      assert.deepEqual(counts, [1, 2, 3, 4, 5]); // Noticed when the first timer fires.
    }));
});

describe("take streams with budgets", () => {
  it("get only jobs of their queues, also with a shared budget", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await budget(broker, "k", atOnce(2));
      await enqueue(
        broker,
        ...times(3, { payload: "x", queue: "x", budgets: { k: 1 } }),
        ...times(3, { payload: "y", queue: "y", budgets: { k: 1 } }),
      );
      const y = await take({ queues: ["y"], prefetch: 10 });
      const x = await take({ queues: ["x"], prefetch: 10 });
      await clock.settle();
      assert.deepEqual([payloads(x), payloads(y)], [[], ["y", "y"]]);
      await client.success(y.jobs[0]!.id);
      await clock.settle();
      assert.equal(x.jobs.length + y.jobs.length, 3);
    }));

  it("get jobs that become due, are given back, or are moved into their queue", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await budget(broker, "k", atOnce(1));
      const [due] = await enqueue(broker, { ready_at: clock.now() + 1000, budgets: { k: 1 } });
      const taken = await take({ queues: ["q"] });
      await clock.advance(1000);
      assert.deepEqual(taken.jobs.map(({ id }) => id), [due]);
      await client.failure(due!, { message: "again", retryAt: clock.now() + 1000 });
      await clock.advance(1000);
      assert.deepEqual(taken.jobs.map(({ id }) => id), [due, due]);
      await client.success(due!);
      const [moved] = await enqueue(broker, { queue: "other", budgets: { k: 1 } });
      await client.patchMany({ queue: ["other"] }, { queue: "q" });
      await clock.settle();
      assert.deepEqual(taken.jobs.map(({ id }) => id), [due, due, moved]);
    }));
});
