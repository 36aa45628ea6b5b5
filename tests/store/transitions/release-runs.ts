/**
 * Jobs that their workers give back, and when they come again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { releaseHolder, releaseRuns } from "../../../src/store/release.ts";
import { readStates } from "../../../src/store/read.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

/** Defines the tests. */
export function describeReleaseRuns(open: () => Promise<TestStore>): void {
  const release = async (
    store: TestStore,
    runs: readonly { readonly id: string; readonly delivery?: number }[],
    readyAt?: number,
  ) => {
    const outcomes = await store.write(() => releaseRuns(runs, { ...store.terms(), readyAt }));
    return outcomes.map((outcome) => "job" in outcome ? outcome.job.id : "missed");
  };

  describe("releaseRuns()", () => {
    it("makes jobs ready again: uncharged, without a record, in nobody's hands", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      await store.take();
      store.changes();
      const runs = [{ id: "a", delivery: 1 }, { id: "b" }];
      assert.deepEqual(await release(store, runs), ["a", "b"]);
      const row = (await store.row("a"))!;
      assert.deepEqual(
        ["status", "attempts", "deliveries", "releases", "holder", "failed_at", "ready_at"]
          .map((column) => row[column]),
        [1, 0, 1, 1, null, null, start],
      );
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
      assert.deepEqual(store.changes(), ["1 in_flight > ready: a", "1 in_flight > ready: b"]);
    });

    it("puts a job off when it is told when", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      await store.take();
      store.changes();
      assert.deepEqual(await release(store, [{ id: "a" }], start + 50), ["a"]);
      assert.deepEqual(await release(store, [{ id: "b" }], start - 50), ["b"]);
      assert.equal(await store.statuses(), "a scheduled, b ready");
      assert.deepEqual(store.changes(), ["1 in_flight > scheduled: a", "1 in_flight > ready: b"]);
      await store.write(() => promoteJobs(start + 50));
      assert.equal(await store.statuses(), "a ready, b ready");
    });

    it("changes nothing of a job that is not in flight, or at another delivery", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      const { holder } = await store.take({ limit: 1 });
      await store.write(() => releaseHolder(holder, store.terms()));
      await store.take({ limit: 1 });
      store.changes();
      const runs = [{ id: "a", delivery: 1 }, { id: "a", delivery: 3 }, { id: "b" }, { id: "c" }];
      assert.deepEqual(await release(store, runs), ["missed", "missed", "missed", "missed"]);
      assert.deepEqual(store.changes(), []);
      assert.deepEqual(await release(store, [{ id: "a", delivery: 2 }]), ["a"]);
    });

    it("holds the unique key again, and frees tokens", async () => {
      const store = await open();
      await store.given({
        id: "a",
        uniqueKey: "k",
        uniqueWhile: "queued",
        budgets: [toBinding("x", 2, { allocation: 9 })],
      });
      await store.take();
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 2);
      await release(store, [{ id: "a" }]);
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      assert.equal((await store.row("a"))!["holds_key"], 1);
    });

    for (const [kind, more] of [["plain", {}], ["other", { uniqueKey: "k" }]] as const) {
      it(`does not count towards the deliveries of a ${kind} job`, async () => {
        const store = await open();
        await store.given({ id: "a", retryLimit: 0, uniqueWhile: "active", ...more });
        for (let times = 0; times < 50; times++) {
          await store.take();
          await release(store, [{ id: "a" }]);
        }
        const end = async () => {
          const { holder } = await store.take();
          await store.write(() => releaseHolder(holder, { ...store.terms(), maxDeliveries: 2 }));
        };
        await end();
        await end();
        assert.equal(await store.statuses(), "a ready");
        await end();
        assert.equal(await store.statuses(), "a dead");
      });
    }
  });

  describe("readStates()", () => {
    it("tells where jobs stand, whatever their ids", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      await store.take({ limit: 1 });
      const states = await store.read(readStates(["a", "b", "c", "0".repeat(25)]));
      const shown = [...states.values()].map(({ id, status, deliveries }) => {
        return `${id} ${status} ${deliveries}`;
      });
      assert.deepEqual(shown.sort(), ["a 2 1", "b 1 0"]);
      assert.equal((await store.read(readStates([]))).size, 0);
    });
  });
}
