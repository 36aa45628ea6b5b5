/**
 * Leases that end, and jobs that are taken from their workers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { front } from "../../../src/store/backlog.ts";
import { claimJobs } from "../../../src/store/claim.ts";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { evictJobs } from "../../../src/store/evict-jobs.ts";
import { nextExpiry } from "../../../src/store/expire-leases.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { heartbeatJob, renewLeases } from "../../../src/store/heartbeat.ts";
import { releaseRuns } from "../../../src/store/release.ts";
import type { Transition } from "../../../src/store/transition.ts";
import { killAtEach } from "./dying.ts";
import { expire, kept, leasesIn, maker, openTaken, renewal, take } from "./lease-sketches.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

/** Defines the tests. */
export function describeLeaseEnds(open: () => Promise<TestStore>): void {
  describe("expireLeases()", () => {
    it("gives notice, then a window of grace, then the job to others", async () => {
      const { store } = await openTaken(open, "a");
      assert.equal(await store.write(expire(store, start + 999)), false);
      assert.deepEqual(store.changes(), []);
      await store.write(expire(store, start + 1000));
      assert.deepEqual(await leasesIn(store), ["a until 1000, grace 1100"]);
      assert.deepEqual(store.changes(), [
        `leases at ${start + 1100}`,
        "1 in_flight > in_flight: a",
      ]);
      assert.equal(await store.read(nextExpiry()), start + 1100);
      await store.write(expire(store, start + 1099));
      assert.deepEqual(store.changes(), [], "the notice is given once");
      await store.write(expire(store, start + 1100));
      assert.deepEqual(store.changes(), ["1 in_flight > ready: a"]);
      const { status, attempts, failed_at } = (await store.row("a"))!;
      assert.deepEqual([status, attempts, failed_at], [1, 1, start + 1100]);
      const [error] = await store.all("SELECT attempt, failed_at FROM errors");
      assert.deepEqual(error, { attempt: 1, failed_at: start + 1100 });
      assert.equal(await store.read(nextExpiry()), undefined);
    });

    it("gives both at once without grace, and gives tokens of budgets back", async () => {
      const store = await open();
      await store.given({ id: "a", budgets: [toBinding("x", 1, { allocation: 4 })] });
      await take(store);
      store.changes();
      await store.write(expire(store, start + 1000, 0));
      assert.deepEqual(store.changes(), [
        "1 in_flight > in_flight: a",
        "1 in_flight > ready: a",
        "budgets x refunded",
      ]);
      assert.deepEqual(await store.all("SELECT drawn FROM budgets"), [{ drawn: 0 }]);
    });

    it("closes the window with a heartbeat", async () => {
      const { store } = await openTaken(open, "a");
      await store.write(expire(store, start + 1000));
      await store.write(() => renewLeases([{ id: "a" }], renewal(start + 1050)));
      assert.deepEqual(await leasesIn(store), ["a until 2050"]);
      await store.write(expire(store, start + 2050));
      assert.deepEqual(await leasesIn(store), ["a until 2050, grace 2150"]);
    });

    it("kills, or deletes, a job without a retry left", async () => {
      const store = await open();
      await store.given(
        { id: "a", retryLimit: 0, retention: kept },
        { id: "b", retryLimit: 0, retention: '{"dead_ms":0}' },
      );
      await take(store);
      await store.write(expire(store, start + 1000, 0));
      assert.equal(await store.statuses(), "a dead");
      assert.deepEqual(await leasesIn(store), []);
    });

    it("works off many in pieces", async () => {
      const store = await open();
      await store.given(...Array.from({ length: 201 }, (_, at) => ({ id: `j${at + 100}` })));
      await store.take({ lease: maker, limit: 300 });
      assert.equal(await store.write(expire(store, start + 1000, 0)), true);
      assert.equal(await store.write(expire(store, start + 1000, 0)), false);
      assert.deepEqual(await leasesIn(store), []);
    });
  });

  describe("evictJobs()", () => {
    it("takes jobs from whoever has them, uncharged", async () => {
      const { store } = await openTaken(open, "a");
      await store.given({ id: "b" });
      await store.take({ worker: "v" });
      store.changes();
      const evicted = await store.write(() => evictJobs(["a", "b"], store.terms()));
      assert.ok(!("missing" in evicted));
      assert.deepEqual(store.changes(), ["1 in_flight > ready: a", "1 in_flight > ready: b"]);
      assert.deepEqual(await store.all("SELECT status, holder, attempts, releases FROM jobs"), [
        { status: 1, holder: null, attempts: 0, releases: 1 },
        { status: 1, holder: null, attempts: 0, releases: 1 },
      ]);
    });

    it("takes all or none", async () => {
      const { store } = await openTaken(open, "a");
      await store.given({ id: "b" });
      const refused = await store.write(() => evictJobs(["a", "b", "c"], store.terms()));
      assert.deepEqual(refused, { missing: ["c"], refused: [{ id: "b", reason: "not_running" }] });
      assert.deepEqual(await leasesIn(store), ["a until 1000"]);
      assert.deepEqual(store.changes(), []);
    });
  });

  it("killed between any two statements, transitions leave nothing behind", async () => {
    const store = await open();
    const budgets = [toBinding("x", 1, { allocation: 4 })];
    await store.given(
      { id: "a", retention: kept, budgets },
      { id: "b", retryLimit: 0, retention: kept },
    );
    const inTurn: (() => Transition<unknown>)[] = [
      () => heartbeatJob({ id: "a" }, { payload: "[2]", progress: 0.1 }, renewal(start)),
      () => evictJobs(["a", "b"], store.terms()),
      () => releaseRuns([{ id: "a" }, { id: "b" }], store.terms()),
      () => failJob({ id: "a" }, { message: "", retryAt: start }, store.terms()),
      expire(store, start + 5000),
      expire(store, start + 6000),
      () => completeJobs([{ id: "a" }], store.terms()),
    ];
    for (const transition of inTurn) {
      await store.write(() => promoteJobs(start));
      const claim = () =>
        claimJobs(
          [{ queues: undefined, limit: 2, holder: undefined, worker: "w", lease: maker }],
          { backlogs: [{ queue: "q", budgetSet: '["x"]', from: front }], heads: undefined },
          { now: start, broker: store.broker },
        );
      store.changes();
      await killAtEach(store, claim);
      store.changes();
      await killAtEach(store, transition);
      await leasesIn(store);
    }
    assert.equal(await store.statuses(), "a completed, b dead");
  });
}
