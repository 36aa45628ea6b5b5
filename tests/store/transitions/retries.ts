/**
 * Trying finished jobs again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { listErrors } from "../../../src/store/error-records.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { retryJob, retryJobs } from "../../../src/store/retry-jobs.ts";
import { kept, requeue } from "./movement-sketches.ts";
import { race } from "./race.ts";
import { start, type TestStore } from "./test-store.ts";

const fail = (store: TestStore, message: string, kill = false) =>
  store.write(() => failJob({ id: "a" }, { message, kill, retryAt: start }, store.terms()));
const retry = (store: TestStore) => store.write(() => retryJob("a", store.clock.now()));

const errorsOf = async (store: TestStore) => {
  const range = { from: undefined, order: "asc", limit: 9 } as const;
  const found = await store.read(listErrors("a", range));
  return found.map(({ attempt, message }) => `${attempt} ${message}`);
};

/** A job that failed once, and then died. */
async function givenDead(store: TestStore): Promise<void> {
  await store.given({ id: "a", ...kept });
  await store.take();
  await fail(store, "first");
  await store.write(() => promoteJobs(start));
  await store.take();
  await fail(store, "second", true);
  store.changes();
}

/** Defines the tests. */
export function describeRetries(open: () => Promise<TestStore>): void {
  describe("retryJob()", () => {
    it("makes a dead job ready, with all retries before it and its records kept", async () => {
      const store = await open();
      await givenDead(store);
      const { isRetried, job } = (await retry(store))!;
      assert.deepEqual([isRetried, job.attempts, job.purgeAt], [true, 0, null]);
      assert.deepEqual(store.changes(), ["1 dead > ready: a"]);
      const { status, attempts, failed_at, releases, deliveries } = (await store.row("a"))!;
      assert.deepEqual([status, attempts, failed_at], [1, 0, start]);
      assert.equal(releases, deliveries, "former deliveries count no more");
      assert.deepEqual(await store.all("SELECT * FROM failures"), []);
      assert.deepEqual(await store.all("SELECT * FROM failure_counts"), []);
      await store.take();
      await fail(store, "third", true);
      assert.deepEqual(await errorsOf(store), ["1 first", "2 second", "3 third"]);
      assert.equal((await store.row("a"))!["attempts"], 1);
      await retry(store);
      await store.take();
      await fail(store, "fourth", true);
      assert.deepEqual((await errorsOf(store)).at(-1), "4 fourth");
    });

    it("keeps the records also when the run succeeds then", async () => {
      const store = await open();
      await givenDead(store);
      await retry(store);
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      assert.deepEqual(await errorsOf(store), ["1 first", "2 second"]);
      await retry(store);
      assert.deepEqual([(await store.row("a"))!["completed_at"], await store.statuses()], [
        null,
        "a ready",
      ]);
    });

    it("keeps them no more once somebody puts the job anew", async () => {
      const store = await open();
      await givenDead(store);
      await retry(store);
      await requeue(store, "a");
      await store.take();
      await fail(store, "new", true);
      assert.deepEqual(await errorsOf(store), ["1 new"]);
    });

    it("leaves a job that is not finished, and knows none that is gone", async () => {
      const store = await open();
      await store.given({ id: "a" });
      for (const statuses of ["a ready", "a in_flight"]) {
        assert.equal((await retry(store))!.isRetried, false);
        assert.equal(await store.statuses(), statuses);
        await store.take();
      }
      await store.write(() => removeJob("a"));
      assert.equal(await retry(store), undefined);
    });

    it("starts over when somebody else could delete or retry the job", async () => {
      for (const other of [() => removeJob("a"), () => retryJob("a", start)]) {
        const { isStale } = await race(open, {
          given: givenDead,
          transition: () => retryJob("a", start),
          other,
        });
        assert.equal(isStale, true);
      }
    });
  });

  describe("retryJobs()", () => {
    it("tries all finished jobs of a selection again", async () => {
      const store = await open();
      await store.given(
        ...["b", "c", "d", "e"].map((id) => ({ id, queue: id === "d" ? "p" : "q", ...kept })),
      );
      await store.take();
      await store.write(() => completeJobs([{ id: "b" }], store.terms()));
      for (const id of ["c", "d"]) {
        await store.write(() => failJob({ id }, { message: "m", kill: true }, store.terms()));
      }
      const now = store.clock.now();
      assert.equal(await store.write(() => retryJobs({ queue: ["q"] }, now)), 2);
      assert.equal(await store.statuses(), "b ready, c ready, d dead, e in_flight");
      assert.equal(await store.write(() => retryJobs({}, start + 5000)), 0, "it is past its time");
    });
  });
}
