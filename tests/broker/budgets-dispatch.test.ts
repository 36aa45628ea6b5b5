/** Who gets the next job when jobs draw on budgets: docs/protocol.md, sections 8.5 and 8.6. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const atOnce = (allocation: number) => ({ allocation, strategy: { type: "while_in_flight" } });
const perSecond = (allocation: number, burst?: number) => ({
  allocation,
  strategy: { type: "time_based", duration_ms: 1000, burst },
});

interface Draft {
  readonly payload?: unknown;
  readonly queue?: string;
  readonly priority?: number;
  readonly ready_at?: number;
  /** Keys with their costs. */
  readonly budgets?: Readonly<Record<string, number>>;
}

async function budget(broker: Broker, key: string, policy: object): Promise<void> {
  const { status, body } = await send(broker, "PUT", `/budgets/${key}`, policy);
  assert.equal(status, 200, JSON.stringify(body));
}

async function enqueue(broker: Broker, ...drafts: Draft[]): Promise<string[]> {
  const jobs = drafts.map(({ budgets = {}, ...draft }) => ({
    type: "t",
    queue: "q",
    payload: null,
    ...draft,
    budgets: Object.entries(budgets).map(([key, cost]) => ({ key, cost })),
  }));
  const { status, body } = await send(broker, "POST", "/jobs/bulk", { jobs });
  assert.equal(status, 201, JSON.stringify(body));
  return body.jobs.map(({ id }: { id: string }) => id);
}

const times = (count: number, draft: Draft) => Array.from({ length: count }, () => draft);
const payloads = ({ jobs }: { jobs: readonly { payload?: unknown }[] }) =>
  jobs.map(({ payload }) => payload);

describe("jobs in flight at once", () => {
  it("are as many as the budget allows, and never keep others waiting", () =>
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

  it("that are more than a new limit go on, and are paid off before the next", () =>
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

describe("jobs in time", () => {
  it("start as the tokens drip", () =>
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

  it("may burst after a pause", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(1, 5));
      await enqueue(broker, ...times(20, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 100 });
      await clock.settle();
      assert.equal(taken.jobs.length, 5);
      await clock.advance(3000);
      assert.equal(taken.jobs.length, 8);
    }));

  it("do not get their tokens back by ending, nor full ones by a restart", async () => {
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

    const second = start();
    const after = await takeAll(second);
    assert.equal(after.ids.length, 0);
    await clock.advance(500);
    assert.equal(after.ids.length, 1);
    await after.close();
    await second.close();
    store.close();
  });

  it("do not start sooner when the clock is set back, nor never", () =>
    withBroker(async ({ broker, clock, take }) => {
      await budget(broker, "k", perSecond(1));
      await enqueue(broker, ...times(3, { budgets: { k: 1 } }));
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.equal(taken.jobs.length, 1);
      clock.setNow(clock.now() - 3_600_000);
      await clock.advance(1000);
      assert.equal(taken.jobs.length, 1);
      await clock.advance(3_600_000);
      assert.equal(taken.jobs.length, 2);
      await clock.advance(1000);
      assert.equal(taken.jobs.length, 3);
    }));
});

describe("order", () => {
  it("is kept within a budget: a cheap job does not pass the dear one in front", () =>
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

  it("gives way to a job that goes before the one that waits", () =>
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

  it("that gives way to a job which nobody reads lets the next one go when tokens come back", () =>
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

  it("frees the line when the one in front is deleted, patched or moved", () =>
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

  it("of which one is exhausted keep nobody waiting who draws on the others", () =>
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

describe("streams", () => {
  it("get only what their queues have, also from a shared budget", () =>
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

  it("learn of jobs that become due, come back, or are moved into their queue", () =>
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
