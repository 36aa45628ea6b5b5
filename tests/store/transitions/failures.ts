/**
 * Groups of failures: who is in one, their counts, and requeueing a group.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FailureReport } from "../../../src/protocol/failure.ts";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { reapJobs } from "../../../src/store/due-jobs.ts";
import { type Requeue, requeueFailures } from "../../../src/store/failures.ts";
import { dayOf, listGroups } from "../../../src/store/failures-table.ts";
import { failJob } from "../../../src/store/finish.ts";
import { getJob, listJobs } from "../../../src/store/read.ts";
import { run } from "../../../src/store/transition.ts";
import { race } from "./race.ts";
import { start, type TestStore } from "./test-store.ts";

const kill = (failure: Partial<FailureReport> = {}): FailureReport => ({
  message: "m",
  kill: true,
  ...failure,
});

/** Jobs that died one after the other, 10 ms apart, of what is given. */
async function givenDead(
  store: TestStore,
  deaths: Readonly<Record<string, Partial<FailureReport>>>,
): Promise<void> {
  await store.given(...Object.keys(deaths).map((id) => ({ id, queue: `q-${id}` })));
  await store.take();
  for (const [id, failure] of Object.entries(deaths)) {
    await store.write(() => failJob({ id }, kill(failure), store.terms()));
    await store.clock.advance(10);
  }
  store.changes();
}

const groupsOf = async (store: TestStore, order: "asc" | "desc" = "asc") => {
  const { groups } = await store.read(listGroups(undefined, order));
  return groups.map(({ group, count }) => `${group} ${count}`);
};

const requeue = (store: TestStore, changes: Partial<Requeue> = {}) => {
  const now = store.clock.now();
  const all = { group: undefined, queue: undefined, limit: 100, upTo: now, now, ...changes };
  return store.write(() => requeueFailures(all, undefined));
};

/** Defines the tests. */
export function describeFailures(open: () => Promise<TestStore>): void {
  describe("groups of failures", () => {
    it("are given with the failure, else the type of the error, else 'unknown'", async () => {
      const store = await open();
      await givenDead(store, {
        a: { failureGroup: "g\0, ü", errorType: "E" },
        b: { errorType: "E" },
        c: {},
        d: { errorType: "" },
        e: { errorType: "x".repeat(300) },
      });
      assert.deepEqual(await groupsOf(store), [
        "E 1",
        "g\0, ü 1",
        "unknown 2",
        `${"x".repeat(200)} 1`,
      ]);
      assert.deepEqual(await groupsOf(store, "desc"), (await groupsOf(store)).reverse());
      const shown = async (id: string) => (await store.read(getJob(id, start)))!.extra;
      assert.deepEqual(await shown("a"), { failureGroup: "g\0, ü" });
      assert.equal(await shown("b"), undefined);
    });

    it("have no jobs that are tried again, or not kept", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b", retention: '{"dead_ms":0}' });
      await store.take();
      await store.write(() => failJob({ id: "a" }, { message: "m" }, store.terms()));
      await store.write(() => failJob({ id: "b" }, kill(), store.terms()));
      assert.deepEqual([await groupsOf(store), (await store.row("a"))!.traits], [[], 0]);
    });

    it("lose jobs that are deleted, one, many, or because their time is over", async () => {
      const store = await open();
      const deaths = { a: {}, b: {}, c: {}, d: { errorType: "E" } };
      await givenDead(store, deaths);
      await store.write(() => removeJob("a"));
      assert.deepEqual(await groupsOf(store), ["E 1", "unknown 2"]);
      await store.write(() => removeJobs({ failureGroup: "unknown", queue: ["q-b"] }));
      assert.deepEqual(await groupsOf(store), ["E 1", "unknown 1"]);
      await store.write(() => reapJobs(store.clock.now() + 10 ** 12));
      assert.deepEqual(await groupsOf(store), []);
      assert.deepEqual(await store.all("SELECT * FROM failures"), []);
      assert.deepEqual(await store.all("SELECT * FROM failure_counts"), []);
    });

    it("are counted by queue and day", async () => {
      const store = await open();
      await givenDead(store, { a: {}, b: {} });
      assert.deepEqual(await store.all("SELECT queue, day, jobs FROM failure_counts"), [
        { queue: "q-a", day: dayOf(start), jobs: 1 },
        { queue: "q-b", day: dayOf(start), jobs: 1 },
      ]);
    });

    it("select jobs", async () => {
      const store = await open();
      await givenDead(store, { a: { errorType: "E" }, b: {}, c: { errorType: "E" } });
      const range = { behind: undefined, order: "asc", limit: 9 } as const;
      const found = await store.read(listJobs({ failureGroup: "E" }, range, start));
      assert.deepEqual(found.map(({ id }) => id), ["a", "c"]);
    });

    it("are requeued, those that died first first, and start afresh", async () => {
      const store = await open();
      await givenDead(store, { b: { errorType: "E" }, a: { errorType: "E" }, c: {} });
      const piece = await requeue(store, { group: "E", limit: 1 });
      assert.deepEqual([piece.requeued, piece.next?.failedAt], [1, start]);
      assert.deepEqual(store.changes(), ["1 dead > ready: b"]);
      assert.deepEqual(await groupsOf(store), ["E 1", "unknown 1"]);
      const { status, attempts, traits, queue, ready_at, failed_at, purge_at } =
        (await store.row("b"))!;
      assert.deepEqual(
        { status, attempts, traits, queue, ready_at, failed_at, purge_at },
        {
          status: 1,
          attempts: 0,
          traits: 0,
          queue: "q-b",
          ready_at: store.clock.now(),
          failed_at: null,
          purge_at: null,
        },
      );
      assert.deepEqual(await store.all("SELECT job_id FROM errors ORDER BY job_id"), [
        { job_id: "a" },
        { job_id: "c" },
      ]);
      assert.deepEqual(await requeue(store, { queue: "other" }), { requeued: 2, next: undefined });
      assert.equal((await store.row("c"))!.queue, "other");
      assert.deepEqual(await groupsOf(store), []);
      // It may die again.
      await store.take();
      await store.write(() => failJob({ id: "c" }, kill(), store.terms()));
      assert.deepEqual(await groupsOf(store), ["unknown 1"]);
    });

    it("keep what died later, and what nobody sees any more", async () => {
      const store = await open();
      await givenDead(store, { a: {}, b: {} });
      assert.equal((await requeue(store, { upTo: start })).requeued, 1);
      assert.equal((await requeue(store, { now: start + 10 ** 12 })).requeued, 0);
    });

    it("are requeued anew when somebody else changed a job meanwhile", async () => {
      const { isStale } = await race(open, {
        given: (store) => givenDead(store, { a: {}, b: {} }),
        transition: (store) => {
          const now = store.clock.now();
          const all = { group: undefined, queue: undefined, limit: 9, upTo: now, now };
          return requeueFailures(all, undefined);
        },
        other: () => run("UPDATE jobs SET deliveries = deliveries + 1 WHERE id = 'a'"),
      });
      assert.equal(isStale, true);
    });
  });
}
