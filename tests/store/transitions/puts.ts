/**
 * Putting jobs by their ids.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRejection } from "../../../src/protocol/rejection.ts";
import { status } from "../../../src/protocol/status.ts";
import { toJobId } from "../../../src/store/job-key.ts";
import { putJob } from "../../../src/store/put-job.ts";
import { requeueJob } from "../../../src/store/requeue.ts";
import { run } from "../../../src/store/transition.ts";
import { complete, demandConsistent, given, on } from "./dependency-sketches.ts";
import { counted, kept, put, putWell, requeue, toPut, ways } from "./movement-sketches.ts";
import { race } from "./race.ts";
import { seqOf, start, type TestStore, toBinding } from "./test-store.ts";

/** Defines the tests. */
export function describePuts(open: () => Promise<TestStore>): void {
  describe("putJob()", () => {
    it("stores a new job under its id, with the next key", async () => {
      const store = await open();
      const { job, isNew } = await putWell(store, "order:7", { queue: "q", priority: 3 });
      assert.deepEqual([job.id, job.status, job.priority, isNew], ["order:7", 1, 3, true]);
      const row = (await store.row("order:7"))!;
      assert.deepEqual([row["named"], row["seq"], row["payload_json"]], [1, job.seq, "2"]);
      assert.deepEqual(store.changes(), ["1 none > ready: order:7"]);
      assert.deepEqual(await counted(store), ["q t ready 1"]);
    });

    it("refuses a new job without a queue, and an id that only the broker makes", async () => {
      const store = await open();
      const made = toJobId(4000, "z".repeat(13));
      const refused = [await put(store, "a"), await put(store, made, { queue: "q" })];
      assert.deepEqual(refused.map((found) => isRejection(found) && found.kind), [
        "invalid",
        "unprocessable",
      ]);
      assert.deepEqual([await store.all("SELECT * FROM jobs"), store.changes()], [[], []]);
    });

    for (const [from, bring] of Object.entries(ways)) {
      it(`writes over a job that is ${from}, which begins anew elsewhere`, async () => {
        const store = await open();
        await store.given({ id: "a", retryLimit: 2, priority: 9, ...kept });
        await bring(store);
        const before = (await store.row("a"))!;
        store.changes();
        const { job, isNew, duplicate } = await putWell(store, "a", { type: "u", queue: "p" });
        assert.deepEqual([isNew, duplicate], [false, false]);
        const row = (await store.row("a"))!;
        assert.deepEqual({ ...row, releases: 0 }, {
          ...before,
          type: "u",
          queue: "p",
          status: 1,
          ready_at: start,
          attempts: 0,
          holder: null,
          purge_at: null,
          completed_at: null,
          payload_json: "2",
          releases: 0,
          traits: 0,
        });
        assert.equal(row["releases"], row["deliveries"]);
        assert.deepEqual([job.status, job.queue], [status.ready, "p"]);
        assert.deepEqual(store.changes(), [`1 ${from} > ready: a`]);
        assert.deepEqual(await counted(store), ["p u ready 1"]);
        assert.deepEqual((await store.take({ queues: ["p"] })).ids, ["a"]);
      });
    }

    it("keeps what is left out but the time, and takes what is given, also as nothing", async () => {
      const store = await open();
      const batch = { key: "k", when: "true", fold: "$new" };
      const budgets = [toBinding("x", 1, { allocation: 3 })];
      const rules = { backoff: '{"exponent":1.0,"base_ms":1,"jitter_ms":1}', ...kept };
      await store.given({ id: "a", readyAt: start + 9, retryLimit: 2, budgets, batch, ...rules });
      const before = (await store.row("a"))!;
      await putWell(store, "a");
      assert.deepEqual(await store.row("a"), {
        ...before,
        status: 1,
        ready_at: start,
        payload_json: "2",
        heads_batch: 1, // It waits now.
      });
      await putWell(store, "a", {
        priority: 1,
        delayMs: 7,
        retryLimit: null,
        backoff: null,
        retention: null,
        batch: null,
        budgets: [],
      });
      const { row, bindings } = {
        row: (await store.row("a"))!,
        bindings: await store.all("SELECT * FROM bindings"),
      };
      assert.deepEqual(
        [row["priority"], row["ready_at"], row["status"], row["retry_limit"], row["backoff"]],
        [1, start + 7, 0, null, null],
      );
      assert.deepEqual([row["retention"], row["batch"], row["batch_key"], row["heads_batch"]], [
        null,
        null,
        null,
        0,
      ]);
      assert.deepEqual([row["budgets"], row["budget_set"], bindings], [null, "", []]);
    });

    it("leaves the job as it is when it is to be kept", async () => {
      const store = await open();
      await store.given({ id: "a" });
      const before = await store.row("a");
      const kept = await putWell(store, "a", { queue: "other", onConflict: "keep" });
      assert.deepEqual([kept.duplicate, kept.isNew, kept.job.queue], [true, false, "q"]);
      assert.deepEqual([await store.row("a"), store.changes()], [before, []]);
      assert.equal((await putWell(store, "b", { queue: "q", onConflict: "keep" })).isNew, true);
    });

    it("stores anew what nobody sees any more", async () => {
      const store = await open();
      await store.given({ id: "a", ...kept });
      await ways["completed"]!(store);
      store.changes();
      store.clock.setNow(start + 1000);
      assert.equal((await putWell(store, "a", { queue: "q" })).isNew, true);
      assert.deepEqual(store.changes(), ["1 completed > none: a", "1 none > ready: a"]);
    });

    it("gives tokens back that the job held, and draws on other budgets then", async () => {
      const store = await open();
      await store.given({ id: "a", budgets: [toBinding("x", 2, { allocation: 3 })] });
      await store.take();
      const drawn = async () =>
        (await store.all("SELECT key, drawn FROM budgets ORDER BY key")).map(({ key, drawn }) =>
          `${key} ${drawn}`
        );
      assert.deepEqual(await drawn(), ["x 2"]);
      store.changes();
      await putWell(store, "a", { budgets: [toBinding("y", 1, { allocation: 1 })] });
      assert.deepEqual(await drawn(), ["x 0", "y 0"]);
      assert.deepEqual(store.changes(), ["1 in_flight > ready: a", "budgets x refunded"]);
      assert.deepEqual((await store.take()).ids, ["a"]);
      assert.deepEqual(await drawn(), ["x 0", "y 1"]);
    });

    it("changes nothing when a budget is missing", async () => {
      const store = await open();
      await store.given({ id: "a" });
      const before = await store.row("a");
      const refused = await put(store, "a", { budgets: [toBinding("none", 1)] });
      assert.equal(isRejection(refused) && refused.kind, "unprocessable");
      assert.deepEqual([await store.row("a"), store.changes()], [before, []]);
    });

    it("is a duplicate of another job with its key, unless that does not count", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b", uniqueKey: "k", uniqueWhile: "queued" });
      const { job, duplicate, isNew } = await putWell(store, "a", { uniqueKey: "k" });
      assert.deepEqual([job.id, duplicate, isNew], ["b", true, false]);
      assert.equal((await store.row("a"))!["payload_json"], "1");
      const own = await putWell(store, "b", { uniqueKey: "k", uniqueWhile: "active" });
      assert.deepEqual([own.duplicate, own.job.uniqueWhile], [false, "active"]);
      await store.take();
      const { duplicate: second } = await putWell(store, "a", { uniqueKey: "k" });
      assert.equal(second, false, "it is in flight, which this scope does not look at");
      const holders = async () =>
        (await store.all("SELECT id FROM jobs WHERE holds_key = 1")).map(({ id }) => id);
      assert.deepEqual(await holders(), ["a"]);
      await putWell(store, "a", { uniqueKey: null });
      assert.deepEqual(await holders(), []);
    });

    it("holds its key again when it is put over a finished job, if nobody else does", async () => {
      const store = await open();
      await store.given({ id: "a", uniqueKey: "k", uniqueWhile: "active", ...kept });
      await ways["dead"]!(store);
      await requeue(store, "a");
      assert.equal((await store.row("a"))!["holds_key"], 1);
      await ways["dead"]!(store);
      await store.enqueue({ id: "b", uniqueKey: "k", uniqueWhile: "active" });
      await requeue(store, "a");
      assert.equal((await store.row("a"))!["holds_key"], 0);
      assert.equal((await putWell(store, "a")).job.id, "b", "and then it is a duplicate");
    });

    it("heads its batch if no other job does, and is never folded itself", async () => {
      const store = await open();
      const batch = { key: "k", when: "true", fold: "$existing + $new" };
      await store.given({ id: "a" }, { id: "b", batch, payload: "[1]" });
      const { folded } = await putWell(store, "a", { batch, payload: "[2]" });
      assert.equal(folded, false);
      const heads = async () =>
        (await store.all("SELECT id FROM jobs WHERE heads_batch = 1")).map(({ id }) => id);
      assert.deepEqual(await heads(), ["b"]);
      await putWell(store, "b", { batch: null });
      await putWell(store, "a", { payload: "[3]" });
      assert.deepEqual(await heads(), ["a"]);
      await store.enqueue({ id: "c", batch, payload: "[4]" });
      assert.equal((await store.row("a"))!["payload_json"], "[3,4]");
    });

    it("is folded if it is new", async () => {
      const store = await open();
      const batch = { key: "k", when: "true", fold: "$existing + $new" };
      await store.given({ id: "b", batch, payload: "[1]" });
      const { job, folded, isNew } = await putWell(store, "a", {
        queue: "q",
        batch,
        payload: "[2]",
      });
      assert.deepEqual([job.id, folded, isNew], ["b", true, false]);
    });

    it("waits for the jobs that are given, in the place of those before, or goes on waiting", async () => {
      const store = await open();
      await given(store, "p", "r", "a: p");
      const links = async () =>
        (await store.all("SELECT parent FROM dependencies")).map(({ parent }) => parent);
      const state = async () => (await store.row("a"))!["status"];
      store.changes();
      await putWell(store, "a", { queue: "other", delayMs: 50 });
      assert.deepEqual([await state(), await links()], [status.blocked, [seqOf("p")]]);
      assert.deepEqual(store.changes(), ["1 blocked > blocked: a"]);
      const { job } = await putWell(store, "a", { dependsOn: [on("r")] });
      assert.deepEqual([await state(), await links()], [status.blocked, [seqOf("r")]]);
      assert.deepEqual(job.extra, { dependsOn: ["r"] });
      await demandConsistent(store);
      await putWell(store, "a", { dependsOn: [], delayMs: 5 });
      assert.deepEqual([await state(), await links()], [status.scheduled, []]);
      await putWell(store, "a", { dependsOn: [on("none")] });
      assert.equal(await state(), status.ready);
      await store.take();
      await putWell(store, "a", { dependsOn: [on("p")] });
      assert.deepEqual([await state(), await links()], [status.blocked, [seqOf("p")]]);
      await demandConsistent(store);
      await complete(store, "p");
      assert.equal(await state(), status.ready);
    });

    it("has the tags that are given, or those that it had", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x", "y"] });
      const tags = async () =>
        (await store.all("SELECT tag FROM job_tags ORDER BY place")).map(({ tag }) => tag);
      await putWell(store, "a");
      assert.deepEqual(await tags(), ["x", "y"]);
      assert.deepEqual((await putWell(store, "a", { tags: ["z", "x"] })).job.extra, {
        tags: ["z", "x"],
      });
      assert.deepEqual(await tags(), ["z", "x"]);
      await putWell(store, "a", { tags: [] });
      assert.deepEqual([await tags(), (await store.row("a"))!["traits"]], [[], 0]);
    });

    it("does not wait for itself, for those that wait for it, nor for what has to be there and is not", async () => {
      const store = await open();
      await given(store, "a", "b: a", "c: b");
      for (const dependsOn of [[on("a")], [on("#0")], [on("c")], [on("b"), on("c")]]) {
        const refused = await put(store, "a", { dependsOn });
        assert.equal(isRejection(refused) && refused.kind, "unprocessable");
      }
      const strict = await put(store, "a", { dependsOn: [on("none")], strictDependencies: true });
      assert.equal(isRejection(strict), true);
      assert.equal((await store.row("a"))!["payload_json"], "1");
      await demandConsistent(store);
    });

    it("starts over when the job was changed meanwhile", async () => {
      for (
        const transition of [
          (store: TestStore) => putJob(toPut("a", { queue: "q" }, start), store.terms()),
          () => requeueJob("a", {}, start),
        ]
      ) {
        const { isStale } = await race<unknown>(open, {
          given: (store) => store.given({ id: "a" }),
          transition,
          other: () => run("UPDATE jobs SET status = 2, deliveries = 1 WHERE id = 'a'"),
        });
        assert.equal(isStale, true);
      }
    });
  });
}
