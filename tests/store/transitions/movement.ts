/**
 * Moving jobs, success that says more, and pages of jobs whose ids were chosen.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blankJob } from "../../../src/protocol/new-job.ts";
import { isRejection } from "../../../src/protocol/rejection.ts";
import type { JobRecord } from "../../../src/protocol/record.ts";
import { status } from "../../../src/protocol/status.ts";
import { succeedJob, type SuccessReport } from "../../../src/store/advance.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { enqueueJobs } from "../../../src/store/enqueue.ts";
import { listErrors } from "../../../src/store/error-records.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { keyOfId, toCursor, toJobId } from "../../../src/store/job-key.ts";
import { toCreated } from "../../../src/store/job-rules.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import { keyBehind, listJobs } from "../../../src/store/read.ts";
import { complete, demandConsistent, given, on } from "./dependency-sketches.ts";
import { counted, kept, putWell, requeue, ways } from "./movement-sketches.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const succeed = (store: TestStore, id: string, success: SuccessReport, delivery?: number) =>
  store.write(() => succeedJob({ id, delivery }, success, store.terms()));

/** Defines the tests. */
export function describeMovement(open: () => Promise<TestStore>): void {
  describe("requeueJob()", () => {
    for (const [from, bring] of Object.entries(ways)) {
      it(`moves a job that is ${from}, with all its retries before it`, async () => {
        const store = await open();
        await store.given({ id: "a", ...kept });
        await bring(store);
        store.changes();
        const moved = (await requeue(store, "a", {
          queue: "p",
          delayMs: 5,
          priority: 1,
          retryLimit: 4,
          payload: new Uint8Array([0x92, 1, 2]),
        })) as JobRecord;
        const row = (await store.row("a"))!;
        assert.deepEqual(
          [row["queue"], row["status"], row["ready_at"], row["attempts"], row["holder"]],
          ["p", 0, start + 5, 0, null],
        );
        assert.deepEqual([row["priority"], row["retry_limit"], row["purge_at"]], [1, 4, null]);
        assert.equal(row["payload_json"], null);
        assert.deepEqual(
          new Uint8Array(row["payload_pack"] as Uint8Array),
          new Uint8Array([0x92, 1, 2]),
        );
        assert.deepEqual([moved.status, moved.queue], [status.scheduled, "p"]);
        assert.deepEqual(store.changes(), [`1 ${from} > scheduled: a`]);
        assert.deepEqual(await counted(store), ["p t scheduled 1"]);
      });
    }

    it("waits for other jobs and has other tags, if these are given", async () => {
      const store = await open();
      await given(store, "p", "r: p");
      await store.given({ id: "a", tags: ["x", "y"] });
      await store.take();
      const list = (...texts: string[]) => ({ ids: texts.map(on), isStrict: false });
      const blocked = (await requeue(store, "a", { tags: ["z"], dependsOn: list("r") }))!;
      assert.deepEqual((blocked as JobRecord).extra, { dependsOn: ["r"], tags: ["z"] });
      assert.equal((await store.row("a"))!["status"], status.blocked);
      await demandConsistent(store);
      const tags = await store.all("SELECT tag, count FROM tags");
      assert.deepEqual(tags, [{ tag: "z", count: 1 }]);
      const circle = await requeue(store, "p", { dependsOn: list("a") });
      assert.equal(isRejection(circle) && circle.kind, "unprocessable");
      await requeue(store, "a");
      assert.equal((await store.row("a"))!["status"], status.blocked, "it still waits");
      await requeue(store, "a", { dependsOn: list() });
      assert.equal((await store.row("a"))!["status"], status.ready);
      await demandConsistent(store);
    });

    it("finds no job that there is not, or whose retention has ended", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept });
      await ways["completed"]!(store);
      assert.equal(await requeue(store, "b"), undefined);
      store.clock.setNow(start + 1000);
      assert.equal(await requeue(store, "a"), undefined);
    });

    it("does not count former deliveries towards those that a job may have", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 0 });
      const terms = { ...store.terms(), maxDeliveries: 1 };
      for (let round = 0; round < 4; round++) {
        await store.take();
        await requeue(store, "a");
      }
      const { releases, deliveries } = (await store.row("a"))!;
      assert.deepEqual([releases, deliveries, terms.maxDeliveries], [4, 4, 1]);
    });

    it("keeps the records of failures until the next one, which is the first again", async () => {
      const store = await open();
      await store.given({ id: "a", backoff: '{"exponent":0,"base_ms":0,"jitter_ms":0}' });
      const fail = async (message: string) => {
        await store.take();
        return await store.write(() =>
          failJob({ id: "a" }, { message, retryAt: 0 }, store.terms())
        );
      };
      const records = async () => {
        const page = { from: undefined, order: "asc", limit: 9 } as const;
        return (await store.read(listErrors("a", page))).map(({ attempt, message }) =>
          `${attempt} ${message}`
        );
      };
      await fail("one");
      await requeue(store, "a", { readyAt: 0 });
      await fail("two");
      assert.deepEqual(await records(), ["1 two"]);
      await requeue(store, "a");
      assert.deepEqual(await records(), ["1 two"]);
      await putWell(store, "a");
      assert.deepEqual(await records(), ["1 two"]);
      await store.take();
      assert.deepEqual(await store.write(() => completeJobs([{ id: "a" }], store.terms())), []);
      assert.deepEqual([await records(), await store.row("a")], [[], undefined]);
    });
  });

  describe("succeedJob()", () => {
    it("replaces the payload of a job that is kept, and clears what it failed of before", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept });
      await ways["dead"]!(store);
      await requeue(store, "a");
      await store.take();
      store.changes();
      const outcome = await succeed(store, "a", { payload: '{"r":1}' });
      assert.ok("job" in outcome);
      const row = (await store.row("a"))!;
      assert.deepEqual([row["status"], row["payload_json"], row["failed_at"]], [
        3,
        '{"r":1}',
        null,
      ]);
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
      assert.deepEqual(store.changes(), ["1 in_flight > completed: a"]);
    });

    it("moves a job into the next queue, with all its retries before it", async () => {
      const store = await open();
      const budgets = [toBinding("x", 2, { allocation: 3 })];
      await store.given({ id: "a", budgets, uniqueKey: "k", uniqueWhile: "queued" });
      await store.take();
      await store.write(() => failJob({ id: "a" }, { message: "m", retryAt: 0 }, store.terms()));
      await store.write(() => patchJob("a", { readyAt: 0 }, start));
      await store.take();
      store.changes();
      const next = { queue: "p", delayMs: 4 };
      const outcome = await succeed(store, "a", { payload: "[]", next }, 2);
      assert.ok("job" in outcome && outcome.job.status === status.scheduled);
      const row = (await store.row("a"))!;
      assert.deepEqual(
        [row["queue"], row["ready_at"], row["attempts"], row["failed_at"], row["holds_key"]],
        ["p", start + 4, 0, null, 1],
      );
      assert.deepEqual([row["payload_json"], row["releases"]], ["[]", 2]);
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 0);
      assert.deepEqual(store.changes(), ["1 in_flight > scheduled: a", "budgets x refunded"]);
      assert.deepEqual(await counted(store), ["p t scheduled 1"]);
    });

    it("lets a job wait for others in the next queue, which are not those that wait for it", async () => {
      const store = await open();
      await given(store, "a", "p", "b: a");
      await store.take({ limit: 1 });
      const next = { queue: "q2", dependsOn: { ids: [on("p")], isStrict: false } };
      const refused = await succeed(store, "a", {
        next: { ...next, dependsOn: { ...next.dependsOn, ids: [on("b")] } },
      });
      assert.equal(isRejection(refused), true);
      const outcome = await succeed(store, "a", { next });
      assert.ok("job" in outcome && outcome.job.status === status.blocked);
      assert.equal((await store.row("b"))!["status"], status.blocked, "it is not done yet");
      await demandConsistent(store);
      await store.take({ limit: 1 });
      await complete(store, "p");
      assert.equal((await store.row("a"))!["status"], status.ready);
    });

    it("ends no run that is over", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      await requeue(store, "a");
      for (const delivery of [undefined, 1]) {
        const outcome = await succeed(store, "a", { next: { queue: "p" } }, delivery);
        assert.ok("missed" in outcome && outcome.missed.job?.status === status.ready);
      }
      assert.equal((await store.row("a"))!["queue"], "q");
    });
  });

  describe("failJob() with a limit that holds", () => {
    it("spends a retry for each time that is named, and then the job is dead", async () => {
      const store = await open();
      await store.given({ id: "a", retryLimit: 1 });
      const failure = { message: "m", retryAt: 0, enforceLimit: true, payload: '"part"' };
      const ends: number[] = [];
      for (let round = 0; round < 2; round++) {
        await store.take();
        const outcome = await store.write(() => failJob({ id: "a" }, failure, store.terms()));
        ends.push("job" in outcome ? outcome.job.status : -1);
        await store.write(() => patchJob("a", { readyAt: 0 }, start));
      }
      assert.deepEqual(ends, [status.scheduled, status.dead]);
      assert.equal((await store.row("a"))!["payload_json"], '"part"');
    });
  });

  describe("pages of jobs with ids of both kinds", () => {
    it("lose none and double none, also when the job of the cursor is gone", async () => {
      const store = await open();
      const base = keyOfId("03hacwdizk00000000000000z")!;
      const names = ["b", "z", "A", "0", "zz", "m:1"];
      const jobs = Array.from({ length: 12 }, (_, at) => {
        const seq = base + at * 7;
        const named = at % 2 === 0;
        return { seq, id: named ? names[at / 2]! : toJobId(seq, "5".repeat(13)), named };
      });
      const add = (added: typeof jobs) => {
        const entries = added.map(({ named, ...identity }) => {
          const job = toCreated(
            { ...blankJob(), type: "t", queue: "q", payload: "1" },
            identity,
            start,
          );
          return { job, bindings: [], ...named && { named } };
        });
        return store.write(() => enqueueJobs(entries, store.terms()));
      };
      await add(jobs);
      const behind = async (cursor: string, order: "asc" | "desc") => {
        const page = { behind: await store.read(keyBehind(cursor, order)), order, limit: 99 };
        return (await store.read(listJobs({}, page, start))).map(({ id }) => id);
      };
      for (const order of ["asc", "desc"] as const) {
        const all = order === "asc" ? jobs : jobs.toReversed();
        for (const [at, job] of all.entries()) {
          const rest = all.slice(at + 1).map(({ id }) => id);
          assert.deepEqual(await behind(toCursor(job), order), rest);
          assert.deepEqual(await behind(job.id, order), rest, "by its id too");
          await store.write(() => removeJob(job.id));
          assert.deepEqual(await behind(toCursor(job), order), rest, "also when it is gone");
          await add([job]);
        }
      }
    });
  });
}
