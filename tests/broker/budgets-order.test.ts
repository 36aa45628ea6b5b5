/** The order of jobs that draw on budgets: docs/protocol.md, section 8.6. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { atOnce, budget, enqueue, payloads, perSecond, times } from "../support/budget-jobs.ts";

describe("order of jobs with budgets", () => {
  it("is kept within a budget: a cheap job does not overtake an expensive one", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(3));
      await enqueue(
        broker,
        { payload: "first", budgets: { k: 2 } },
        { payload: "dear", budgets: { k: 3 } },
        { payload: "cheap", budgets: { k: 1 } },
      );
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first"]);
      await clock.advance(666);
      assert.deepEqual(payloads(taken), ["first"]);
      await clock.advance(1);
      assert.deepEqual(payloads(taken), ["first", "dear"]);
      await clock.advance(1000);
      assert.deepEqual(payloads(taken), ["first", "dear", "cheap"]);
    }));

  it("puts a job with a lower priority number before the one that waits", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(3));
      await enqueue(broker, { payload: "first", budgets: { k: 2 } }, {
        payload: "dear",
        budgets: { k: 3 },
      });
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      await enqueue(broker, { payload: "late", budgets: { k: 1 } });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first"]);
      await enqueue(broker, { payload: "urgent", priority: 1, budgets: { k: 1 } });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first", "urgent"]);
    }));

  it("goes on when tokens come back, also when a job that nobody reads stands in front", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", atOnce(1));
      const [first] = await enqueue(
        broker,
        { payload: "first", budgets: { k: 1 } },
        { payload: "next", budgets: { k: 1 } },
      );
      const taken = await take({ prefetch: 10, queues: ["q"] });
      await clock.settle();
      await enqueue(broker, { queue: "unread", priority: 1, budgets: { k: 1 } });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first"]);
      await send(broker, "POST", `/jobs/${first}/success`);
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first", "next"]);
    }));

  it("is that of priority and age over all jobs that can be paid for", () =>
    withBroker(async ({ broker, clock, take }) => {
      for (const key of ["a", "b", "c"]) await budget(broker, key, atOnce(10));
      await enqueue(
        broker,
        { payload: 5, priority: 3, budgets: { a: 1 } },
        { payload: 1, priority: 1, budgets: { b: 1 } },
        { payload: 6, priority: 3 },
        { payload: 2, priority: 1 },
        { payload: 3, priority: 2, budgets: { c: 1, a: 1 } },
        { payload: 7, priority: 3, budgets: { b: 1 } },
        { payload: 4, priority: 2, budgets: { a: 1 } },
        { payload: 8, priority: 3, budgets: { a: 1, c: 1 } },
      );
      const taken = await take({ prefetch: 100 });
      await clock.settle();
      assert.deepEqual(payloads(taken), [1, 2, 3, 4, 5, 6, 7, 8]);
    }));

  it("goes on when the job at the head is deleted, patched or moved", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await budget(broker, "k", perSecond(3));
      const [, dear, dear2] = await enqueue(
        broker,
        { payload: "first", budgets: { k: 1 } },
        { payload: "dear", budgets: { k: 3 } },
        { payload: "dear 2", budgets: { k: 3 } },
        { payload: "cheap", budgets: { k: 1 } },
      );
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first"]);
      await client.delete(dear!);
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first"]);
      await client.patch(dear2!, { readyAt: clock.now() + 1e9 });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["first", "cheap"]);
    }));
});

describe("several budgets", () => {
  it("pay together or not at all", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await budget(broker, "a", atOnce(1));
      await budget(broker, "b", atOnce(1));
      const [, both] = await enqueue(
        broker,
        { payload: "a", budgets: { a: 1 } },
        { payload: "a+b", budgets: { a: 1, b: 1 } },
        { payload: "b", budgets: { b: 1 } },
      );
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.deepEqual(payloads(taken), ["a", "b"]);
      await client.success(taken.jobs[1]!.id);
      await clock.settle();
      assert.equal(taken.jobs.length, 2, "'b' alone does not pay for both");
      await client.success(taken.jobs[0]!.id);
      await clock.settle();
      assert.equal(taken.jobs[2]!.id, both);
    }));

  it("of which one is exhausted do not delay jobs that draw on the others", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "all", atOnce(100));
      await budget(broker, "tenant-1", atOnce(1));
      await budget(broker, "tenant-2", atOnce(50));
      await enqueue(
        broker,
        ...times(10, { payload: 1, budgets: { all: 1, "tenant-1": 1 } }),
        ...times(10, { payload: 2, budgets: { all: 1, "tenant-2": 1 } }),
      );
      const taken = await take({ prefetch: 100 });
      await clock.settle();
      assert.deepEqual(payloads(taken), [1, ...times(10, {}).map(() => 2)]);
    }));

  it(
    "of which 999 of 1,000 are exhausted leave the free one all its work",
    { timeout: 60_000 },
    () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const keys = Array.from({ length: 1000 }, (_, at) => `k${at}`);
        for (const key of keys) await budget(broker, key, atOnce(key === "k999" ? 1000 : 1));
        await enqueue(
          broker,
          ...keys.flatMap((key) => times(3, { payload: key, budgets: { [key]: 1 } })),
        );
        const blockers = await take({ prefetch: 5000 });
        await clock.settle();
        assert.equal(blockers.jobs.length, 999 + 3);
        await enqueue(
          broker,
          ...times(500, { payload: "k999", budgets: { k999: 1 } }),
          ...times(50, {}),
        );
        await clock.settle();
        assert.equal(blockers.jobs.length, 999 + 3 + 500 + 50);
        assert.equal(await client.count({ status: ["ready"] }), 999 * 2);
        const one = blockers.jobs.find(({ payload }) => payload === "k5")!;
        await client.success(one.id);
        await clock.settle();
        assert.equal(blockers.jobs.at(-1)!.payload, "k5");
      }, { globalInFlightLimit: 0 }),
  );
});
