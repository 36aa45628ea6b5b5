/**
 * The ends of a run: completed and failed jobs, and their error records.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FailureReport } from "../../../src/protocol/failure.ts";
import { findError, listErrors } from "../../../src/store/error-records.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import {
  completeJobs,
  failJob,
  type MissedReport,
  type TakenJob,
} from "../../../src/store/finish.ts";
import { releaseHolder } from "../../../src/store/release.ts";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const all = { from: undefined, order: "asc", limit: 100 } as const;
const idsOf = (missed: readonly MissedReport[]) => missed.map(({ id }) => id);

const noBackoff = '{"exponent":0,"base_ms":0,"jitter_ms":0}';

/** The runs of jobs that were taken. */
const toRuns = (jobs: readonly TakenJob[]) =>
  jobs.map(({ id, deliveries }) => ({ id, delivery: deliveries }));

/** Defines the tests. */
export function describeFinish(open: () => Promise<TestStore>): void {
  describe("completeJobs()", () => {
    const complete = async (store: TestStore, ...ids: string[]) =>
      idsOf(await store.write(() => completeJobs(ids.map((id) => ({ id })), store.terms())));

    it("deletes what is not kept", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b", retention: '{"completed_ms":0}' }, { id: "c" });
      await store.take();
      store.changes();
      assert.deepEqual(await complete(store, "a", "b"), []);
      assert.equal(await store.statuses(), "c in_flight");
      assert.deepEqual(store.changes(), ["1 in_flight > none: a", "1 in_flight > none: b"]);
    });

    it("keeps what its retention keeps, and who held it does not", async () => {
      const store = await open();
      await store.given({ id: "a", retention: '{"completed_ms":50}' });
      await store.take();
      store.changes();
      store.clock.setNow(start + 7);
      assert.deepEqual(await complete(store, "a"), []);
      const row = (await store.row("a"))!;
      assert.deepEqual([row["status"], row["completed_at"], row["purge_at"], row["holder"]], [
        3,
        start + 7,
        start + 57,
        null,
      ]);
      assert.deepEqual(store.changes(), ["1 in_flight > completed: a"]);
    });

    it("tells which were not in flight, and changes nothing of them", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b", retention: '{"completed_ms":50}' });
      await store.take();
      await store.given({ id: "ready" }, { id: "later", readyAt: start + 9 });
      store.changes();
      const missing = await complete(store, "gone", "a", "ready", "b", "later", "a");
      assert.deepEqual(missing, ["gone", "ready", "later", "a"]);
      assert.deepEqual(await complete(store, "b"), ["b"]);
      assert.equal(await store.statuses(), "b completed, later scheduled, ready ready");
    });

    it("deletes the error records with the job", async () => {
      const store = await open();
      await store.given({ id: "a", backoff: noBackoff });
      await store.take();
      await store.write(() => failJob({ id: "a" }, { message: "m" }, store.terms()));
      await store.write(() => promoteJobs(start + 9999));
      await store.take();
      assert.equal((await store.all("SELECT * FROM errors")).length, 1);
      assert.deepEqual(await complete(store, "a"), []);
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
    });
  });

  describe("completeJobs() of jobs that are known", () => {
    const known = async (store: TestStore) => {
      const { results } = await store.take();
      store.changes();
      return results[0]!.jobs.map(({ id, seq, queue, type, traits, deliveries }) => {
        return { id, seq, queue, type, traits, deliveries };
      });
    };
    const knowing = (store: TestStore, jobs: readonly TakenJob[]) => {
      const byId = new Map(jobs.map((job) => [job.id, job]));
      return { ...store.terms(), takenJob: (id: string) => byId.get(id) };
    };
    /** As the broker does: one by one when that could not be told together. */
    const complete = async (store: TestStore, jobs: readonly TakenJob[]) => {
      let runs = 0;
      const missed = await store.write(() =>
        completeJobs(toRuns(jobs), {
          ...knowing(store, jobs),
          oneByOne: runs++ > 0,
        })
      );
      return { missing: idsOf(missed), runs };
    };
    const inFlight = async (store: TestStore) =>
      (await store.all("SELECT queue, in_flight FROM job_counts ORDER BY queue")).map((row) => {
        return [row["queue"], row["in_flight"]];
      });

    it("deletes those that are plain with one statement", async () => {
      const store = await open();
      const sketches = Array.from({ length: 9 }, (_, at) => ({ id: `j${at}` }));
      await store.given(...sketches);
      const jobs = await known(store);
      const statements: string[] = [];
      const missing = await store.write(function* () {
        const steps = completeJobs(toRuns(jobs), knowing(store, jobs));
        let step = steps.next();
        while (!step.done) {
          if (step.value.kind === "keys") statements.push(step.value.text.ofList);
          else if ("sql" in step.value) statements.push(step.value.sql);
          step = steps.next(yield step.value);
        }
        return step.value;
      });
      assert.deepEqual([missing, statements.length], [[], 1]);
      assert.deepEqual(store.changes(), ["9 in_flight > none: j0 j1 j2 j3 j4 j5 j6 j7 j8"]);
      assert.deepEqual(await inFlight(store), [["q", 0]]);
    });

    it("ends each as what it is, whatever the others are", async () => {
      const store = await open();
      await store.given(
        { id: "again", backoff: noBackoff },
        { id: "bound", budgets: [toBinding("x", 1, { allocation: 4 })] },
        { id: "kept", retention: '{"completed_ms":50}' },
        { id: "other", queue: "p" },
        { id: "plain" },
      );
      const { holder } = await store.take();
      await store.write(() => failJob({ id: "again" }, { message: "m" }, store.terms()));
      await store.write(() => releaseHolder(holder, store.terms()));
      await store.write(() => promoteJobs(start + 9999));
      const jobs = await known(store);
      assert.deepEqual(await complete(store, jobs), { missing: [], runs: 1 });
      assert.equal(await store.statuses(), "kept completed");
      assert.deepEqual(await store.all("SELECT job_id FROM bindings"), []);
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      assert.deepEqual(await store.all("SELECT job_id FROM errors"), []);
      assert.deepEqual(await inFlight(store), [["p", 0], ["q", 0]]);
    });

    it("leaves those alone that were delivered again since", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" }, { id: "c" });
      const { holder } = await store.take({ limit: 2 });
      await store.write(() => releaseHolder(holder, store.terms()));
      // `a` and `b` are at their second delivery, `c` is at its first.
      const jobs = await known(store);
      assert.deepEqual(jobs.map(({ deliveries }) => deliveries), [2, 2, 1]);
      const stale = jobs.map((job) => job.id === "a" ? { ...job, deliveries: 1 } : job);
      assert.deepEqual(await complete(store, stale), { missing: ["a"], runs: 1 });
      assert.equal(await store.statuses(), "a in_flight");
      assert.deepEqual(await inFlight(store), [["q", 1]]);
    });

    it("cannot tell together which of them were there, but one by one", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" }, { id: "c" }, { id: "d" });
      const jobs = await known(store);
      await store.write(() => removeJob("a"));
      await store.write(() => failJob({ id: "b" }, { message: "m", kill: true }, store.terms()));
      store.changes();
      await assert.rejects(
        store.write(() => completeJobs(toRuns(jobs), knowing(store, jobs))),
        /others were in the way/,
      );
      assert.equal(await store.statuses(), "b dead, c in_flight, d in_flight");
      assert.deepEqual(await complete(store, jobs), { missing: ["a", "b"], runs: 2 });
      assert.deepEqual(store.changes(), ["1 in_flight > none: c", "1 in_flight > none: d"]);
      assert.equal(await store.statuses(), "b dead");
      assert.deepEqual(await inFlight(store), [["q", 0]]);
    });

    it("counts a job under the queue that a patch has moved it to", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" }, { id: "c", queue: "p" });
      const jobs = await known(store);
      await store.write(() => patchJob("a", { queue: "elsewhere" }, start));
      store.changes();
      // What is known of `a` is from before.
      assert.deepEqual((await complete(store, jobs)).missing, []);
      assert.equal(await store.statuses(), "");
      assert.deepEqual(await inFlight(store), [["elsewhere", 0], ["p", 0], ["q", 0]]);
    });
  });

  describe("failJob()", () => {
    const fail = async (
      store: TestStore,
      failure: Partial<FailureReport> = {},
      delivery?: number,
    ) => {
      const outcome = await store.write(() =>
        failJob({ id: "a", delivery }, { message: "m", ...failure }, store.terms())
      );
      return "job" in outcome ? outcome.job : undefined;
    };
    const facts = async (store: TestStore) => {
      const { status, attempts, ready_at, failed_at, purge_at, holder } = (await store.row("a"))!;
      return { status, attempts, ready_at, failed_at, purge_at, holder };
    };

    it("schedules a retry by the backoff of the job", async () => {
      const store = await open();
      await store.given({ id: "a", backoff: '{"exponent":1,"base_ms":500,"jitter_ms":9}' });
      await store.take();
      store.changes();
      store.clock.setNow(start + 3);
      const failed = await fail(store);
      assert.deepEqual([failed!.status, failed!.attempts], [0, 1]);
      assert.deepEqual(await facts(store), {
        status: 0,
        attempts: 1,
        ready_at: start + 3 + 1500,
        failed_at: start + 3,
        purge_at: null,
        holder: null,
      });
      assert.deepEqual(store.changes(), ["1 in_flight > scheduled: a"]);
    });

    it("retries when the failure says, beyond the limit too", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 0 });
      await store.take();
      assert.equal((await fail(store, { retryAt: start + 77 }))!.readyAt, start + 77);
      assert.equal(await store.statuses(), "a scheduled");
    });

    it("retries after a delay, which counts before an instant", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 0 });
      await store.take();
      const failed = await fail(store, { delayMs: 80, retryAt: start + 77 });
      assert.equal(failed!.readyAt, start + 80);
    });

    it("fails one delivery and no other", async () => {
      const store = await open();
      await store.given({ id: "a", backoff: noBackoff });
      const { holder } = await store.take();
      await store.write(() => releaseHolder(holder, store.terms()));
      await store.take();
      store.changes();
      for (const other of [0, 1, 3]) assert.equal(await fail(store, {}, other), undefined);
      assert.deepEqual(store.changes(), []);
      assert.equal((await fail(store, {}, 2))!.attempts, 1);
    });

    it("kills a job past its limit, keeps it, and keeps the record", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 0, retention: '{"dead_ms":40}' });
      await store.take();
      store.changes();
      await fail(store);
      assert.deepEqual(await facts(store), {
        status: 4,
        attempts: 1,
        ready_at: start,
        failed_at: start,
        purge_at: start + 40,
        holder: null,
      });
      assert.deepEqual(store.changes(), ["1 in_flight > dead: a"]);
      assert.equal((await store.all("SELECT * FROM errors")).length, 1);
    });

    it("kills at once when told to, whatever retries are left", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      await fail(store, { kill: true, retryAt: start + 5 });
      assert.equal(await store.statuses(), "a dead");
    });

    it("deletes a dead job that is not kept, with all its records, and tells what it was", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 1, retention: '{"dead_ms":0}', backoff: noBackoff });
      await store.take();
      await fail(store);
      await store.write(() => promoteJobs(start + 9999));
      await store.take();
      store.changes();
      const failed = await fail(store);
      assert.deepEqual([failed!.status, failed!.attempts], [4, 2]);
      assert.equal(await store.statuses(), "");
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
      assert.deepEqual(store.changes(), ["1 in_flight > none: a"]);
    });

    it("fails nothing that is not in flight", async () => {
      const store = await open();
      assert.equal(await fail(store), undefined);
      await store.given({ id: "a", retention: '{"dead_ms":40}' });
      assert.equal(await fail(store), undefined);
      await store.take();
      await fail(store, { kill: true });
      store.changes();
      assert.equal(await fail(store), undefined);
      assert.equal((await store.all("SELECT * FROM errors")).length, 1);
      assert.deepEqual(store.changes(), []);
    });
  });

  describe("error records", () => {
    /** Fails one job as often as there are failures. */
    const failAll = async (store: TestStore, failures: readonly FailureReport[]) => {
      await store.given({ id: "a", backoff: noBackoff });
      for (const [at, failure] of failures.entries()) {
        store.clock.setNow(start + at * 10_000);
        await store.write(() => promoteJobs(start + at * 10_000));
        await store.take();
        store.clock.setNow(start + at * 10_000 + 5);
        await store.write(() => failJob({ id: "a" }, failure, store.terms()));
      }
    };

    it("keep every text as it came, with U+0000 too", async () => {
      const store = await open();
      await failAll(store, [
        { message: "m\0n", errorType: "T\0", backtrace: "\0at x\u2028" },
        { message: "" },
      ]);
      assert.deepEqual(await store.read(listErrors("a", all)), [
        {
          attempt: 1,
          message: "m\0n",
          errorType: "T\0",
          backtrace: "\0at x\u2028",
          dequeuedAt: start,
          failedAt: start + 5,
        },
        {
          attempt: 2,
          message: "",
          errorType: undefined,
          backtrace: undefined,
          dequeuedAt: start + 10_000,
          failedAt: start + 10_005,
        },
      ]);
    });

    it("are listed page by page in both orders, and found by attempt", async () => {
      const store = await open();
      await failAll(store, ["x", "y", "z"].map((message) => ({ message })));
      const list = async (page: Partial<{ from: number; order: "desc"; limit: number }>) =>
        (await store.read(listErrors("a", { ...all, ...page }))).map(({ message }) => message);
      assert.deepEqual(await list({ limit: 2 }), ["x", "y"]);
      assert.deepEqual(await list({ from: 2 }), ["z"]);
      assert.deepEqual(await list({ order: "desc", limit: 2 }), ["z", "y"]);
      assert.deepEqual(await list({ order: "desc", from: 2 }), ["x"]);
      assert.equal((await store.read(findError("a", 2)))!.message, "y");
      assert.equal(await store.read(findError("a", 4)), undefined);
    });
  });
}
