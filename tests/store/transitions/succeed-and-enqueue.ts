/**
 * Successes that store jobs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRejection, type Rejection } from "../../../src/protocol/rejection.ts";
import { cancelJob } from "../../../src/store/cancel.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { completeJobs } from "../../../src/store/finish.ts";
import { releaseHolder } from "../../../src/store/release.ts";
import { type EnqueuedSuccess, succeedAndEnqueue } from "../../../src/store/succeed-and-enqueue.ts";
import { run, type Transition } from "../../../src/store/transition.ts";
import { demandConsistent, kept, on } from "./dependency-sketches.ts";
import { race } from "./race.ts";
import { type JobSketch, type TestStore, toBinding, toEntry } from "./test-store.ts";

/** Ends `a`, and stores jobs. */
export function succeed(
  store: TestStore,
  jobs: readonly JobSketch[],
  { result, delivery }: { readonly result?: string; readonly delivery?: number } = {},
): Transition<EnqueuedSuccess | Rejection> {
  const entries = jobs.map((job) => toEntry(job, store.clock.now()));
  const terms = { finish: store.terms(), enqueue: store.terms() };
  return succeedAndEnqueue({ id: "a", result, delivery }, { entries }, terms);
}

const idsOf = (outcome: EnqueuedSuccess | Rejection): string => {
  if (isRejection(outcome)) return outcome.message;
  return "missed" in outcome ? "missed" : outcome.stored.map(({ job }) => job.id).join(" ");
};

async function givenTaken(store: TestStore, changes: Partial<JobSketch> = {}): Promise<void> {
  await store.given({ id: "a", ...changes });
  await store.take();
  store.changes();
}

/** What others do to `a`. */
const others = {
  "delete it": () => removeJob("a"),
  "complete it": (store: TestStore) => completeJobs([{ id: "a" }], store.terms()),
  "take it away": (store: TestStore) => releaseHolder(1, store.terms()),
  *"give it to another worker"(): Transition<void> {
    yield* run("UPDATE jobs SET deliveries = deliveries + 1 WHERE id = 'a'");
  },
  "cancel it": (store: TestStore) =>
    cancelJob("a", { reason: "r", forceAfterMs: 0 }, store.terms()),
};

/** Defines the tests. */
export function describeSucceedAndEnqueue(open: () => Promise<TestStore>): void {
  describe("succeedAndEnqueue()", () => {
    it("ends the run, stores the jobs, and says where they came from", async () => {
      const store = await open();
      const budgets = [toBinding("x", 1, { allocation: 1 })];
      await givenTaken(store, { budgets, retention: kept });
      const jobs = [{ id: "b", tags: ["t"] }, { id: "c", budgets: [toBinding("x", 1)] }];
      const outcome = await store.write(() => succeed(store, jobs, { result: "1" }));
      assert.equal(idsOf(outcome), "b c");
      assert.equal(await store.statuses(), "a completed, b ready, c ready");
      assert.deepEqual(
        (await store.all("SELECT origin FROM spawned")).map(({ origin }) => origin),
        ["a", "a"],
      );
      assert.deepEqual(store.changes(), [
        "tags t",
        "2 none > ready: b c",
        "1 in_flight > completed: a",
        "budgets x refunded",
      ]);
      await demandConsistent(store);
    });

    it("stores jobs that wait for the one that ends, and lets them run", async () => {
      for (const retention of [kept, null]) {
        const store = await open();
        await givenTaken(store, { retention });
        const jobs = [{ id: "b", dependsOn: [on("a as x")] }, { id: "c", dependsOn: [on("#0")] }];
        const outcome = await store.write(() => succeed(store, jobs, { result: "[1]" }));
        assert.equal(idsOf(outcome), "b c");
        const statuses = await store.statuses();
        assert.equal(statuses.replace("a completed, ", ""), "b ready, c blocked");
        await demandConsistent(store);
        await store.take();
        await store.write(() => completeJobs([{ id: "b" }], store.terms()));
        assert.match(await store.statuses(), /c ready/);
        await demandConsistent(store);
      }
    });

    it("lets them have its key if it lets that go", async () => {
      const cases = [
        ["queued", null, "b"],
        ["active", kept, "b"],
        ["exists", null, "b"],
        ["exists", kept, "a"],
      ] as const;
      for (const [uniqueWhile, retention, expected] of cases) {
        const store = await open();
        const key = { uniqueKey: "k", uniqueWhile };
        await givenTaken(store, { ...key, retention });
        const outcome = await store.write(() => succeed(store, [{ id: "b", ...key }]));
        assert.equal(idsOf(outcome), expected, `${uniqueWhile}, kept: ${retention}`);
        const holders = await store.all("SELECT id FROM jobs WHERE holds_key = 1");
        assert.deepEqual(holders, [{ id: expected }]);
      }
    });

    it("does nothing if one of the jobs cannot be stored", async () => {
      const store = await open();
      await givenTaken(store);
      const before = await store.all("SELECT * FROM jobs");
      const jobs = [{ id: "b" }, { id: "c", budgets: [toBinding("none", 1)] }];
      assert.match(idsOf(await store.write(() => succeed(store, jobs))), /budget 'none'/);
      assert.deepEqual(await store.all("SELECT * FROM jobs"), before);
      assert.deepEqual(store.changes(), []);
    });

    it("does nothing for another delivery", async () => {
      const store = await open();
      await givenTaken(store);
      assert.equal(
        idsOf(await store.write(() => succeed(store, [{ id: "b" }], { delivery: 2 }))),
        "missed",
      );
      assert.equal(await store.statuses(), "a in_flight");
    });

    for (const [what, other] of Object.entries(others)) {
      it(`stores nothing when somebody else could ${what} meanwhile`, async () => {
        for (const retention of [kept, null]) {
          const { isStale, result, hasWritten, changes } = await race(open, {
            given: (store) => givenTaken(store, { retention }),
            transition: (store) => succeed(store, [{ id: "b" }], { delivery: 1 }),
            other,
          });
          assert.deepEqual([isStale, idsOf(result), hasWritten, changes], [
            true,
            "missed",
            false,
            [],
          ]);
        }
      });
    }
  });
}
