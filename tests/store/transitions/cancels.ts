/**
 * Cancelling jobs: those that wait, those in flight, and what becomes of the wish.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobRecord } from "../../../src/protocol/record.ts";
import { statusNames } from "../../../src/protocol/status.ts";
import { succeedJob } from "../../../src/store/advance.ts";
import {
  cancelJob,
  cancelJobs,
  type CancelWish,
  forceCancellations,
  nextForce,
} from "../../../src/store/cancel.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { findLastError } from "../../../src/store/error-records.ts";
import { evictJobs } from "../../../src/store/evict-jobs.ts";
import { evictQueue } from "../../../src/store/evict-queue.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import { getJob } from "../../../src/store/read.ts";
import { dropRuns, recoverJobs, releaseHolder, releaseRuns } from "../../../src/store/release.ts";
import type { Transition } from "../../../src/store/transition.ts";
import { demandConsistent, given } from "./dependency-sketches.ts";
import { expire, take as takeLeased } from "./lease-sketches.ts";
import { kept, put, requeue } from "./movement-sketches.ts";
import { race } from "./race.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const wish = (changes: Partial<CancelWish> = {}): CancelWish => {
  return { reason: "no use", forceAfterMs: undefined, ...changes };
};
const cancel = (store: TestStore, id: string, changes?: Partial<CancelWish>) =>
  store.write(() => cancelJob(id, wish(changes), store.terms()));

/** What a job is now, its last error record, and whether anybody still wants to cancel it. */
async function shown(store: TestStore, id: string): Promise<string> {
  const job = await store.read(getJob(id, store.clock.now()));
  const wishes = await store.all("SELECT job FROM cancellations");
  if (job === undefined) return `gone, ${wishes.length}`;
  const error = await store.read(findLastError(job));
  const failed = error === undefined ? "" : ` of ${error.errorType} '${error.message}'`;
  return `${statusNames[job.status]}${failed}, ${wishes.length}`;
}

const dead = "dead of Cancelled 'no use', 0";

/** All that leads a job in flight back to a queue, or lets it fail. */
const ends: Readonly<Record<string, (store: TestStore) => Transition<unknown>>> = {
  "fails": (store) => failJob({ id: "a" }, { message: "m", backtrace: "b" }, store.terms()),
  "fails with a time": (store) =>
    failJob({ id: "a" }, { message: "m", retryAt: start }, store.terms()),
  "is killed": (store) => failJob({ id: "a" }, { message: "m", kill: true }, store.terms()),
  "is given back": (store) => releaseRuns([{ id: "a" }], store.terms()),
  "is put off": (store) => releaseRuns([{ id: "a" }], { ...store.terms(), readyAt: start + 9 }),
  "is forgotten by its worker": (store) => dropRuns([{ id: "a" }], store.terms()),
  "loses its stream": (store) => releaseHolder(1, store.terms()),
  "loses its broker": (store) => recoverJobs(store.broker + 1, start + 1, store.terms()),
  "is evicted": (store) => evictJobs(["a"], store.terms()),
  "is in a queue that is stopped": (store) => evictQueue("q", store.terms()),
  "goes on in another queue": (store) =>
    succeedJob({ id: "a" }, { next: { queue: "p" } }, store.terms()),
};

/** Defines the tests. */
export function describeCancels(open: () => Promise<TestStore>): void {
  describe("cancelJob()", () => {
    for (const readyAt of [undefined, start + 500]) {
      it(`ends a job that is ${readyAt === undefined ? "ready" : "scheduled"}`, async () => {
        const store = await open();
        await store.given({ id: "a", readyAt: readyAt ?? null, uniqueKey: "k", tags: ["t"] });
        const done = (await cancel(store, "a"))!;
        assert.equal(done.outcome, "cancelled");
        assert.deepEqual(done.job.extra, { tags: ["t"] });
        const from = readyAt === undefined ? "ready" : "scheduled";
        assert.deepEqual(store.changes(), [`1 ${from} > dead: a`]);
        assert.equal(await shown(store, "a"), dead);
        const { attempts, holds_key, purge_at } = (await store.row("a"))!;
        assert.deepEqual([attempts, holds_key, (purge_at as number) > start], [1, 0, true]);
        const groups = await store.all("SELECT queue, jobs FROM failure_counts");
        assert.deepEqual(groups, [{ queue: "q", jobs: 1 }]);
      });
    }

    it("ends a job that waits for others, and those that wait for it as for any dead job", async () => {
      const store = await open();
      await given(store, "p", "a: p", "b: a", "c: a cancel", "d: a run");
      assert.equal((await cancel(store, "a"))!.outcome, "cancelled");
      assert.equal(await store.statuses(), "a dead, b blocked, c dead, d ready, p ready");
      await demandConsistent(store);
      assert.equal(await shown(store, "a"), dead);
      await store.take();
      await store.write(() => completeJobs([{ id: "p" }], store.terms()));
      assert.equal(await store.statuses(), "a dead, b blocked, c dead, d in_flight");
    });

    it("deletes a job at once that is not to be kept when it is dead", async () => {
      const store = await open();
      await store.given({ id: "a", retention: '{"dead_ms":0}' });
      const done = await cancel(store, "a");
      assert.deepEqual([done!.outcome, statusNames[done!.job.status]], ["cancelled", "dead"]);
      assert.equal(await shown(store, "a"), "gone, 0");
    });

    it("gives budgets back, and marks the job of a run that goes on", async () => {
      const store = await open();
      const budgets = [toBinding("x", 1, { allocation: 2 })];
      await store.given({ id: "a", budgets, ...kept });
      await store.take();
      store.changes();
      const wanted = (await cancel(store, "a", { forceAfterMs: 50 }))!;
      assert.equal(wanted.outcome, "requested");
      assert.deepEqual(wanted.job.extra, {
        cancelReason: "no use",
        cancelForceAt: start + 50,
      });
      assert.deepEqual(store.changes(), [
        `cancellations at ${start + 50}`,
        "1 in_flight > in_flight: a",
      ]);
      assert.equal(await store.read(nextForce()), start + 50);
      await store.write(() => failJob({ id: "a" }, { message: "m" }, store.terms()));
      assert.equal(await shown(store, "a"), dead);
      assert.deepEqual(await store.all("SELECT drawn FROM budgets"), [{ drawn: 0 }]);
      assert.equal(await store.read(nextForce()), undefined);
    });

    it("keeps the later reason and the earlier end", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      const wishes = [
        [{ reason: undefined }, "Cancelled", undefined],
        [{ reason: "x", forceAfterMs: 90 }, "x", start + 90],
        [{ reason: undefined, forceAfterMs: 95 }, "x", start + 90],
        [{ reason: "y", forceAfterMs: 80 }, "y", start + 80],
        [{ reason: "z\0ü" }, "z\0ü", start + 80],
      ] as const;
      for (const [changes, reason, forceAt] of wishes) {
        const { extra } = (await cancel(store, "a", changes))!.job;
        assert.deepEqual([extra!.cancelReason, extra!.cancelForceAt], [reason, forceAt]);
      }
    });

    it("says of a job that has ended whether it was this, and of no job nothing", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept }, { id: "b", ...kept }, { id: "c" });
      await cancel(store, "c");
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      await store.write(() => failJob({ id: "b" }, { message: "m", kill: true }, store.terms()));
      const outcomes: (string | undefined)[] = [];
      for (const id of ["a", "b", "c", "d"]) outcomes.push((await cancel(store, id))?.outcome);
      assert.deepEqual(outcomes, ["finished", "finished", "cancelled", undefined]);
    });

    it("takes a job from its worker at once if that has no time", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      store.changes();
      const done = await cancel(store, "a", { forceAfterMs: 0 });
      assert.equal(done!.outcome, "cancelled");
      assert.deepEqual(store.changes().at(-1), "1 in_flight > dead: a");
      assert.equal(await shown(store, "a"), dead);
      const late = await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      assert.deepEqual(late.map(({ id }) => id), ["a"], "a late report ends nothing");
    });

    for (const other of ["complete", "remove", "release"] as const) {
      it(`starts over when somebody else could ${other} the job`, async () => {
        const others = {
          complete: (store: TestStore) => completeJobs([{ id: "a" }], store.terms()),
          remove: () => removeJob("a"),
          release: (store: TestStore) => releaseHolder(1, store.terms()),
        };
        const { isStale, result } = await race(open, {
          given: async (store) => {
            await store.given({ id: "a", ...kept });
            await store.take();
          },
          transition: (store) => cancelJob("a", wish({ forceAfterMs: 5 }), store.terms()),
          other: others[other],
        });
        assert.equal(isStale, true);
        const expected = { complete: "finished", remove: undefined, release: "cancelled" };
        assert.equal(result?.outcome, expected[other]);
      });
    }
  });

  describe("a job in flight that is to be cancelled", () => {
    for (const [what, end] of Object.entries(ends)) {
      it(`is dead when it ${what}`, async () => {
        const store = await open();
        await store.given({ id: "a", ...kept }, { id: "b" });
        await store.take();
        await cancel(store, "a");
        store.changes();
        await store.write(() => end(store));
        assert.ok(store.changes().includes("1 in_flight > dead: a"));
        assert.equal(await shown(store, "a"), dead);
        assert.equal(((await store.row("a"))!["traits"] as number) & 1024, 0);
      });
    }

    it("is dead when nobody renews its lease", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept });
      await takeLeased(store);
      await cancel(store, "a");
      await store.write(expire(store, start + 1000, 0));
      assert.equal(await shown(store, "a"), dead);
      assert.deepEqual(await store.all("SELECT job FROM leases"), []);
    });

    it("is completed when its run succeeds, kept or not", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept }, { id: "b" });
      const { results } = await store.take();
      const taken = new Map(results[0]!.jobs.map((job: JobRecord) => [job.id, job]));
      for (const id of ["a", "b"]) await cancel(store, id);
      const runs = [{ id: "a", delivery: 1 }, { id: "b", delivery: 1 }];
      const terms = { ...store.terms(), takenJob: (id: string) => taken.get(id) };
      assert.deepEqual(await store.write(() => completeJobs(runs, terms)), []);
      assert.deepEqual([await shown(store, "a"), await shown(store, "b")], [
        "completed, 0",
        "gone, 0",
      ]);
    });

    it("is one no more when somebody puts it anew, requeues or deletes it", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept }, { id: "b", ...kept }, { id: "c" });
      await store.take();
      for (const id of ["a", "b", "c"]) await cancel(store, id);
      await put(store, "a");
      await requeue(store, "b");
      await store.write(() => removeJob("c"));
      assert.deepEqual([await shown(store, "a"), await shown(store, "b")], [
        "ready, 0",
        "ready, 0",
      ]);
    });

    it("stays one when it is patched", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      await cancel(store, "a");
      await store.write(() => patchJob("a", { queue: "p" }, start));
      assert.equal(await shown(store, "a"), "in_flight, 1");
      await store.write(() => releaseHolder(1, store.terms()));
      assert.equal(await shown(store, "a"), dead);
    });

    it("is deleted if it is not to be kept, and keeps what it failed of for who waits", async () => {
      const store = await open();
      await store.given({ id: "a", retention: '{"dead_ms":0}' });
      await store.take();
      await cancel(store, "a");
      await store.write(() => releaseHolder(1, store.terms()));
      assert.equal(await shown(store, "a"), "gone, 0");
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
    });
  });

  describe("forceCancellations()", () => {
    const force = (store: TestStore, now: number) =>
      store.write(() => forceCancellations({ ...store.terms(), now }));

    it("takes jobs from workers that have no more time", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" }, { id: "c" });
      await store.take({ limit: 2 });
      await takeLeased(store);
      await cancel(store, "a", { forceAfterMs: 10 });
      await cancel(store, "b", { forceAfterMs: 20 });
      await cancel(store, "c", { forceAfterMs: 10 });
      store.changes();
      assert.equal(await force(store, start + 9), false);
      assert.deepEqual(store.changes(), []);
      assert.equal(await force(store, start + 10), false);
      assert.deepEqual(store.changes().sort(), ["1 in_flight > dead: a", "1 in_flight > dead: c"]);
      assert.equal(await store.statuses(), "a dead, b in_flight, c dead");
      assert.equal(await store.read(nextForce()), start + 20);
      assert.deepEqual(await store.all("SELECT job FROM leases"), []);
    });

    it("goes piece by piece", async () => {
      const store = await open();
      const ids = Array.from({ length: 201 }, (_, at) => `j${String(at).padStart(3, "0")}`);
      await store.given(...ids.map((id) => ({ id })));
      await store.take({ limit: 300 });
      await store.write(() => cancelJobs({}, wish({ forceAfterMs: 1 }), store.terms()));
      assert.deepEqual([await force(store, start + 1), await force(store, start + 1)], [
        true,
        false,
      ]);
      assert.deepEqual(await store.all("SELECT job FROM cancellations"), []);
    });
  });

  describe("cancelJobs()", () => {
    it("ends what waits, tells of what runs, and leaves what is finished", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept }, { id: "b" });
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      await store.given({ id: "c" }, { id: "d", queue: "p" });
      const counts = await store.write(() => cancelJobs({ queue: ["q"] }, wish(), store.terms()));
      assert.deepEqual(counts, { cancelled: 1, requested: 1 });
      assert.equal(await store.statuses(), "a completed, b in_flight, c dead, d ready");
    });

    it("does not stumble over jobs that end, or are free, by the end of others", async () => {
      const store = await open();
      await given(store, "a", "b: a cancel", "c: a run", "d: b cancel", "e");
      const counts = await store.write(() => cancelJobs({}, wish(), store.terms()));
      assert.deepEqual(counts, { cancelled: 3, requested: 0 });
      assert.equal(await store.statuses(), "a dead, b dead, c dead, d dead, e dead");
      await demandConsistent(store);
    });
  });
}
