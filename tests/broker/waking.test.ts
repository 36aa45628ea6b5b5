/** Waking costs as much as there are jobs to hand out, whoever waits; and who was served goes to the end. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toRuns } from "../../src/protocol/ack.ts";
import type { BindingRequest } from "../../src/protocol/binding.ts";
import { createCountingDatabase, type TestEngine, withEngine } from "../support/engine.ts";

const times = <Item>(count: number, make: (at: number) => Item): Item[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** What a job draws on: at most one of these is in flight. */
const budgets: readonly BindingRequest[] = [{
  key: "k",
  cost: 1,
  createWith: {
    allocation: 1,
    strategy: { type: "while_in_flight", durationMs: null, burst: null },
  },
  bucket: false,
}];

const noMore = { commits: 0, statements: 0 };

describe("waking", () => {
  /** What an enqueue costs while subscribers wait, with all that follows. */
  const costOf = async (
    queues: readonly (readonly string[] | undefined)[],
    queue = "q",
  ) => {
    const { database, asked } = createCountingDatabase();
    let cost = noMore;
    await withEngine(async ({ settle, listen, enqueue }) => {
      const listeners = queues.map((queues) => listen({ queues }));
      await settle();
      // The first job makes the rows that later ones find.
      await enqueue({ queue });
      await settle();
      asked();
      await enqueue({ queue });
      await settle();
      cost = asked();
      const got = listeners.flatMap(({ got }) => got).length;
      const isRead = queues.some((read) => read?.includes(queue) ?? true);
      assert.equal(got, isRead ? 2 : 0);
    }, { database, globalInFlightLimit: 0 });
    return cost;
  };

  it("of 1,000 idle subscribers by one job costs as one claim of one of them", async () => {
    for (const queues of [["q"], undefined]) {
      const ofOne = await costOf([queues]);
      assert.equal(ofOne.commits, 2);
      const ofMany = await costOf(times(1000, () => queues));
      // The second job goes to a subscriber that has got none, and that has no row yet.
      assert.equal(ofMany.commits, 2);
      assert.ok(
        ofMany.statements <= ofOne.statements + 1,
        `${ofMany.statements} statements, ${ofOne.statements} for one subscriber`,
      );
    }
  });

  it("by a job of a queue that nobody reads costs nothing", async () => {
    const alone = await costOf([]);
    assert.equal(alone.commits, 1);
    assert.deepEqual(await costOf([["a"], ["b", "c"]]), alone);
  });

  it("by several jobs serves as many subscribers as there are jobs, with one claim", async () => {
    const { database, asked } = createCountingDatabase();
    await withEngine(async ({ settle, listen, enqueue }) => {
      const listeners = times(100, () => listen({ prefetch: 2 }));
      await settle();
      asked();
      await Promise.all(times(7, () => enqueue()));
      await settle();
      const { commits } = asked();
      assert.equal(commits, 2);
      assert.deepEqual(listeners.map(({ got }) => got.length).slice(0, 5), [2, 2, 2, 1, 0]);
    }, { database });
  });

  it("costs nothing more once nothing is left", async () => {
    const { database, asked } = createCountingDatabase();
    await withEngine(async ({ settle, listen, enqueue, engine }) => {
      const one = listen({ queues: ["q"] });
      const two = listen({ queues: ["q", "r"] });
      const id = await enqueue();
      await settle();
      assert.deepEqual([one.got, two.got], [[id], []]);
      await engine.reports.complete(toRuns([id]));
      await settle();
      asked();
      for (const { drained } of [one, two]) drained();
      listen({ queues: ["q"] });
      await settle();
      assert.deepEqual(asked(), noMore);
    }, { database });
  });

  it("finds what waited in a queue that nobody read when somebody comes to read it", () =>
    withEngine(async ({ settle, listen, enqueue }) => {
      const other = listen({ queues: ["other"] });
      const ids = [await enqueue(), await enqueue({ queue: "r" }), await enqueue()];
      await settle();
      const reader = listen({ queues: ["q"] });
      await settle();
      assert.deepEqual(reader.got, [ids[0], ids[2]]);
      const all = listen();
      await settle();
      assert.deepEqual([all.got, other.got], [[ids[1]], []]);
    }));

  it("finds what waited while all readers were full, whoever has room first", () =>
    withEngine(async ({ settle, listen, enqueue, engine }) => {
      const one = listen({ queues: ["q"], prefetch: 1 });
      const two = listen({ queues: undefined, prefetch: 1 });
      const ids = [];
      for (let at = 0; at < 6; at++) ids.push(await enqueue());
      await settle();
      assert.deepEqual([one.got, two.got], [[ids[0]], [ids[1]]]);
      await engine.reports.complete(toRuns([ids[1]!]));
      await settle();
      assert.deepEqual([one.got, two.got], [[ids[0]], [ids[1], ids[2]]]);
      await engine.reports.complete(toRuns([ids[0]!]));
      await engine.reports.complete(toRuns([ids[2]!]));
      await settle();
      assert.deepEqual([one.got, two.got], [[ids[0], ids[3]], [ids[1], ids[2], ids[4]]]);
    }));

  it("finds what waited when a slow reader has caught up", () =>
    withEngine(async ({ settle, listen, enqueue }) => {
      let canWrite = false;
      const slow = listen({ queues: ["q"], canWrite: () => canWrite });
      const id = await enqueue();
      await settle();
      slow.drained(); // It is still full.
      await settle();
      assert.deepEqual(slow.got, []);
      canWrite = true;
      slow.drained();
      await settle();
      assert.deepEqual(slow.got, [id]);
    }));

  it("passes over a reader that has become slow since it had room", () =>
    withEngine(async ({ settle, listen, enqueue }) => {
      let canWrite = true;
      const slow = listen({ canWrite: () => canWrite });
      const next = listen();
      await settle();
      canWrite = false;
      const id = await enqueue();
      await settle();
      assert.deepEqual([slow.got, next.got], [[], [id]]);
    }));

  it("by jobs whose budget is exhausted costs nothing; tokens that come back cost one claim", async () => {
    const { database, asked } = createCountingDatabase();
    await withEngine(async ({ settle, listen, enqueue, engine }) => {
      const one = listen({ queues: ["q"] });
      listen({ queues: ["q"] });
      const first = await enqueue({ budgets });
      const next = await enqueue({ budgets });
      await settle();
      assert.deepEqual(one.got, [first]);
      asked();
      await enqueue({ budgets });
      await settle();
      assert.equal(asked().commits, 1, "the enqueue alone");
      const plain = await enqueue(); // Is not held up by those that wait.
      await settle();
      assert.ok(asked().commits <= 2);
      await engine.reports.complete(toRuns([first]));
      await settle();
      assert.ok(asked().commits <= 3);
      const got = await engine.list(
        { status: [2] },
        { from: undefined, order: "asc", limit: 9 },
        undefined,
      );
      assert.deepEqual(got.jobs.map(({ id }) => id), [next, plain]);
    }, { database });
  });

  it("goes round: who was served goes to the end", () =>
    withEngine(async ({ settle, listen, enqueue }) => {
      const listeners = times(3, (at) => listen({ queues: at === 1 ? undefined : ["q"] }));
      await settle();
      const ids: string[] = [];
      for (let at = 0; at < 9; at++) {
        ids.push(await enqueue());
        await settle();
      }
      for (const [at, { got }] of listeners.entries()) {
        assert.deepEqual(got, ids.filter((_, index) => index % 3 === at));
      }
    }));

  it("lets nobody wait for ever beside those who finish at once", () =>
    withEngine(async ({ settle, listen, enqueue, engine }) => {
      const listeners = times(5, () => listen({ prefetch: 1 }));
      await settle();
      for (let at = 0; at < 50; at++) {
        const id = await enqueue();
        await settle();
        await engine.reports.complete(toRuns([id]));
      }
      assert.deepEqual(listeners.map(({ got }) => got.length), [10, 10, 10, 10, 10]);
    }));
});

describe("the share of one stream in all jobs in flight", () => {
  const fill = ({ enqueue }: TestEngine, count: number) =>
    Promise.all(times(count, () => enqueue()));

  const shares: readonly [total: number, percent: number, got: readonly number[]][] = [
    [10, 50, [5, 5, 0]],
    [10, 100, [10, 0, 0]],
    [9, 50, [5, 4, 0]], // Rounded up.
    [10, 33, [4, 4, 2]],
    [3, 1, [1, 1, 1]], // One job at least.
    [0, 1, [100, 0, 0]], // There is no limit to have a share in.
  ];
  for (const [globalInFlightLimit, streamInFlightPercent, got] of shares) {
    it(`is ${streamInFlightPercent} % of ${globalInFlightLimit}: ${got.join(", ")}`, () =>
      withEngine(async (parts) => {
        const listeners = got.map(() => parts.listen({ prefetch: 100 }));
        await fill(parts, 100);
        await parts.settle();
        assert.deepEqual(listeners.map(({ got }) => got.length), got);
      }, { globalInFlightLimit, streamInFlightPercent }));
  }

  it("is free again as its jobs end, and goes to others when its stream ends", () =>
    withEngine(async (parts) => {
      const { listen, settle, engine } = parts;
      const [one, two, three] = times(3, () => listen({ prefetch: 100 }));
      await fill(parts, 30);
      await settle();
      assert.deepEqual([one!, two!, three!].map(({ got }) => got.length), [5, 5, 0]);
      await engine.reports.complete(toRuns(one!.got.slice(0, 2)));
      await settle();
      // The third waits longest; all that is free goes to it.
      assert.deepEqual([one!, two!, three!].map(({ got }) => got.length), [5, 5, 2]);
      await two!.unsubscribe();
      await settle();
      assert.deepEqual([one!.got.length - 2, three!.got.length], [5, 5]);
    }, { globalInFlightLimit: 10, streamInFlightPercent: 50 }));
});

describe("a job that ends its workers", () => {
  it("is dead after so many deliveries, with a record, and others go on", () =>
    withEngine(async ({ listen, enqueue, settle, engine }) => {
      const poison = await enqueue({ retryLimit: 0, priority: 1 });
      const sound = await enqueue();
      for (let delivery = 1; delivery <= 3; delivery++) {
        const worker = listen({ prefetch: 1 });
        await settle();
        assert.deepEqual(worker.got, [poison]);
        await worker.unsubscribe();
        await settle();
      }
      assert.equal((await engine.get(poison))!.status, 4);
      const record = await engine.error(poison, 1);
      assert.ok(typeof record === "object");
      assert.match(record.message, /^Delivered 3 times, and each time/);
      assert.equal(record.errorType, "TooManyDeliveries");
      const worker = listen({ prefetch: 1 });
      await settle();
      assert.deepEqual(worker.got, [sound]);
      assert.equal(await engine.count({ status: [4] }), 1);
    }, { maxDeliveries: 2 }));

  it("is given out for ever when the limit is 0", () =>
    withEngine(async ({ listen, enqueue, settle, engine }) => {
      const id = await enqueue({ retryLimit: 0 });
      for (let delivery = 1; delivery <= 60; delivery++) {
        const worker = listen();
        await settle();
        assert.deepEqual(worker.got, [id]);
        await worker.unsubscribe();
      }
      assert.deepEqual((await engine.get(id))!.deliveries, 60);
      assert.equal((await engine.get(id))!.status, 1);
    }, { maxDeliveries: 0 }));
});
