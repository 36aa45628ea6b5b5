/**
 * What is set for queues, what claims make of it, and taking jobs from workers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { QueueSettingsPatch } from "../../../src/protocol/queue-settings.ts";
import { claimJobs } from "../../../src/store/claim.ts";
import { type EvictionCursor, evictQueue } from "../../../src/store/evict-queue.ts";
import {
  changeQueueSettings,
  countInFlight,
  forgetQueue,
  getQueueSettings,
  listQueueSettings,
  recountInFlight,
  removeQueueSettings,
} from "../../../src/store/queue-settings.ts";
import { type JobSketch, start, type TestStore, toBinding } from "./test-store.ts";

const jobs = (ids: string, more: Partial<JobSketch> = {}): JobSketch[] =>
  ids.split(" ").map((id) => ({ id, ...more }));

const set = (store: TestStore, queue: string, patch: QueueSettingsPatch) =>
  store.write(() => changeQueueSettings(queue, patch));

/** What is set for `q` while nothing is. */
const unset = { queue: "q", paused: 0, maxInFlight: null, leaseMs: null, graceMs: null };

const everyQueue = { isShut: () => false, isRestricted: () => true };

/** What one subscriber may take of these queues; claims look at each row. */
const take = async (store: TestStore, queues: readonly string[] | undefined, limit = 9) => {
  const ask = { queues, limit, holder: undefined, worker: undefined };
  const { results, fullQueues } = await store.write(() =>
    claimJobs([ask, ask], { backlogs: [], heads: undefined, gates: everyQueue }, {
      now: store.clock.now(),
      broker: store.broker,
    })
  );
  const [first, second] = results.map(({ jobs, exhausted }) =>
    `${jobs.map(({ id }) => id).join(" ")}${exhausted ? "." : ""}`
  );
  return { first, second, fullQueues: [...fullQueues].sort() };
};

const counted = async (store: TestStore) =>
  (await store.all("SELECT queue, in_flight FROM queue_settings ORDER BY queue"))
    .map(({ queue, in_flight }) => `${queue} ${in_flight}`).join(", ");

/** Defines the tests. */
export function describeQueueSettings(open: () => Promise<TestStore>): void {
  describe("changeQueueSettings()", () => {
    it("keeps a row as long as something is set, and tells of what changed", async () => {
      const store = await open();
      const limited = { ...unset, maxInFlight: 2 };
      assert.deepEqual(await set(store, "q", { maxInFlight: 2 }), limited);
      assert.deepEqual({ ...(await set(store, "q", {})) }, limited);
      assert.deepEqual(store.changes(), ["queues q"]);
      await set(store, "q", { paused: true });
      await set(store, "a", { paused: true });
      assert.deepEqual((await store.read(listQueueSettings())).map((row) => ({ ...row })), [
        { ...unset, queue: "a", paused: 1 },
        { ...unset, paused: 1, maxInFlight: 2 },
      ]);
      await set(store, "q", { paused: false, maxInFlight: null });
      assert.equal((await store.read(listQueueSettings())).length, 1);
      assert.deepEqual(await store.read(getQueueSettings("q")), unset);
      store.changes();
      await store.write(removeQueueSettings);
      assert.deepEqual(store.changes(), ["queues a"]);
      assert.deepEqual(await store.read(listQueueSettings()), []);
    });
  });

  describe("claimJobs() with gates", () => {
    it("takes nothing of a paused queue, and as much as its limit allows of another", async () => {
      const store = await open();
      await store.given(
        ...jobs("a b c", { queue: "limited" }),
        ...jobs("d", { queue: "paused" }),
        ...jobs("e", { queue: "free", priority: 30_000 }),
      );
      await set(store, "limited", { maxInFlight: 2 });
      await set(store, "paused", { paused: true });
      await store.write(recountInFlight);
      assert.deepEqual(await take(store, undefined), {
        first: "a b e.",
        second: ".",
        fullQueues: ["limited", "paused"],
      });
      assert.equal(await counted(store), "limited 2, paused null");
    });

    it("counts over the requests and the claims of one transaction", async () => {
      const store = await open();
      await store.given(...jobs("a b c d"));
      await set(store, "q", { maxInFlight: 3 });
      await store.write(recountInFlight);
      const [one, other] = await Promise.all([take(store, ["q"], 1), take(store, ["q"], 1)]);
      assert.deepEqual([one.first, one.second, other.first, other.second], ["a", "b", "c", "."]);
      assert.deepEqual([one.fullQueues, other.fullQueues], [[], ["q"]]);
      await set(store, "q", { maxInFlight: 1 });
      assert.equal((await take(store, ["q"])).first, ".");
    });

    it("neither reads nor charges what is behind a gate", async () => {
      const store = await open();
      await store.given(
        { id: "a", budgets: [toBinding("x", 2, { allocation: 5 })] },
        { id: "b", queue: "r" },
      );
      await set(store, "q", { paused: true });
      assert.equal((await take(store, undefined)).first, "b.");
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
    });

    it("takes nothing while nobody has counted", async () => {
      const store = await open();
      await store.given(...jobs("a"));
      await set(store, "q", { maxInFlight: 3 });
      assert.equal((await take(store, ["q"])).first, ".");
    });
  });

  describe("countInFlight()", () => {
    it("follows what leaves flight and what moves, and begins at what there is", async () => {
      const store = await open();
      const limited = (queue: string) => queue !== "free";
      const at = { id: 1, seq: 1, type: "t", traits: 0 };
      await store.given(...jobs("a b c"));
      await store.take({ limit: 2 });
      await set(store, "q", { maxInFlight: 5 });
      const settings = { ...unset, maxInFlight: 5 };
      await store.write(() => countInFlight([{ kind: "queues", settings }], limited));
      assert.equal(await counted(store), "q 2");
      const q = { ...at, id: "x", queue: "q" };
      const moved = { kind: "jobs", cause: "changed", from: 2, to: 2 } as const;
      await store.write(() =>
        countInFlight([
          { kind: "jobs", cause: "taken", from: 1, to: 2, jobs: [q] },
          { kind: "jobs", cause: "succeeded", from: 2, to: undefined, jobs: [q, q] },
          { ...moved, fromQueue: "free", jobs: [q] },
          { ...moved, fromQueue: "q", jobs: [{ ...q, queue: "free" }] },
          { ...moved, fromQueue: "free", jobs: [q] },
        ], limited)
      );
      assert.equal(await counted(store), "q 1");
      await store.write(recountInFlight);
      assert.equal(await counted(store), "q 2");
    });
  });

  describe("forgetQueue()", () => {
    it("refuses while there are unfinished jobs, and forgets what is left", async () => {
      const store = await open();
      await set(store, "q", { paused: true });
      await store.given(...jobs("a b"), { id: "c", readyAt: start + 9 });
      await store.take({ limit: 1 });
      const forget = () => store.write(() => forgetQueue("q"));
      assert.deepEqual(await forget(), {
        kind: "conflict",
        message: "queue 'q' is not empty: it has 1 scheduled, 1 ready, 1 in_flight",
      });
      await store.all("UPDATE job_counts SET scheduled = 0, ready = 0, in_flight = 0, dead = 1");
      store.changes();
      assert.equal(await forget(), true);
      assert.deepEqual(store.changes(), ["queues q"]);
      assert.equal(await forget(), true);
      await store.all("UPDATE job_counts SET dead = 0");
      assert.equal(await forget(), true);
      assert.equal(await forget(), false);
      assert.deepEqual(store.changes(), []);
    });
  });

  describe("evictQueue()", () => {
    const evict = async (store: TestStore, queue: string) => {
      let after: EvictionCursor | undefined;
      let pieces = 0;
      do {
        after = await store.write(() => evictQueue(queue, store.terms(), after));
        pieces++;
      } while (after !== undefined);
      return pieces;
    };

    it("makes the jobs of one queue ready again, uncharged, whoever has them", async () => {
      const store = await open();
      await store.given(
        ...jobs("a b"),
        { id: "c", budgets: [toBinding("x", 2, { allocation: 5 })] },
        { id: "d", queue: "r" },
        { id: "e", uniqueKey: "k", uniqueWhile: "queued" },
        ...jobs("f g", { queue: "r" }),
      );
      const lease = { leaseMs: 1000, leaseMsOf: () => 1, newToken: () => "token" };
      await store.take({ limit: 1 });
      await store.take({ limit: 1, lease });
      await store.take({ limit: 4 });
      await store.take({ limit: 1, lease });
      assert.equal(await evict(store, "q"), 1);
      assert.equal(
        await store.statuses(),
        "a ready, b ready, c ready, d in_flight, e ready, f in_flight, g in_flight",
      );
      const found = await store.all(
        "SELECT attempts, deliveries, releases, holder FROM jobs WHERE queue = 'q'",
      );
      assert.deepEqual(
        found,
        Array(4).fill({ attempts: 0, deliveries: 1, releases: 1, holder: null }),
      );
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      assert.equal((await store.all("SELECT job FROM leases")).length, 1);
    });

    it("goes on where a piece ended", async () => {
      const store = await open();
      const ids = Array.from({ length: 600 }, (_, at) => `j${10_000 + at}`);
      await store.given(...ids.map((id, at) => ({ id, queue: at % 2 === 0 ? "q" : "r" })));
      while ((await store.take({ limit: 500 })).ids.length > 0) continue;
      assert.equal(await evict(store, "q"), 2);
      const [left] = await store.all("SELECT count(*) AS count FROM jobs WHERE status = 2");
      assert.equal(left!["count"], 300);
    });
  });
}
