/**
 * Taking jobs that draw on no budgets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimJobs } from "../../../src/store/claim.ts";
import { failJob } from "../../../src/store/finish.ts";
import { releaseHolder } from "../../../src/store/release.ts";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { type JobSketch, start, type TestStore } from "./test-store.ts";

/** Jobs of three queues; their ids tell the order of delivery. */
const spread: readonly JobSketch[] = [
  { id: "5", queue: "a", priority: 9 },
  { id: "4", queue: "b", priority: 5 },
  { id: "3", queue: "c", priority: 5 },
  { id: "2", queue: "a", priority: 5 },
  { id: "1", queue: "b", priority: 0 },
  { id: "6", queue: "b", priority: 9 },
];

/** Defines the tests. */
export function describeTake(open: () => Promise<TestStore>): void {
  describe("claimJobs()", () => {
    it("gives the jobs of one queue by priority, then by id", async () => {
      const store = await open();
      await store.given(...spread);
      assert.deepEqual((await store.take({ queues: ["b"] })).ids, ["1", "4", "6"]);
      assert.deepEqual((await store.take({ queues: ["none"] })).ids, []);
    });

    it("gives the jobs of all queues in one order", async () => {
      const store = await open();
      await store.given(...spread);
      assert.deepEqual((await store.take()).ids, ["1", "2", "3", "4", "5", "6"]);
    });

    it("merges several queues in one order", async () => {
      const store = await open();
      await store.given(...spread);
      assert.deepEqual((await store.take({ queues: ["b", "a"] })).ids, ["1", "2", "4", "5", "6"]);
    });

    it("merges hundreds of jobs of several queues", async () => {
      const store = await open();
      const ids = Array.from({ length: 400 }, (_, at) => `${1000 + at}`);
      await store.given(...ids.map((id, at) => ({ id, queue: ["a", "b", "c"][at % 3]! })));
      const expected = ids.filter((_, at) => at % 3 !== 2);
      assert.deepEqual((await store.take({ queues: ["a", "b"], limit: 1000 })).ids, expected);
    });

    it("gives as many as asked for, and tells when no more are left", async () => {
      for (const queues of [undefined, ["b"], ["a", "b", "c"]]) {
        const store = await open();
        await store.given(...spread.map((job) => ({ ...job, queue: "b" })));
        const first = await store.take({ queues, limit: 4 });
        assert.deepEqual([first.ids, first.results[0]!.exhausted], [["1", "2", "3", "4"], false]);
        const rest = await store.take({ queues, limit: 4, holder: first.holder });
        assert.deepEqual([rest.ids, rest.results[0]!.exhausted], [["5", "6"], true]);
        assert.equal(rest.holder, first.holder);
      }
    });

    it("reads no further when the payloads are large", async () => {
      for (const queues of [undefined, ["q"], ["q", "other"]]) {
        const store = await open();
        const ids = Array.from({ length: 150 }, (_, at) => `${1000 + at}`);
        const payload = `"${"x".repeat(20_000)}"`;
        await store.given(...ids.map((id) => ({ id, payload })));
        const { ids: taken, results } = await store.take({ queues, limit: 1000 });
        assert.ok(taken.length >= 53 && taken.length < 150, `${taken.length} were taken`);
        assert.deepEqual(taken, ids.slice(0, taken.length));
        assert.equal(results[0]!.exhausted, false);
      }
    });

    it("marks what it gives: status, instant, holder, delivery", async () => {
      const store = await open();
      await store.given({ id: "a" });
      const { results, holder } = await store.take({ worker: "w7" });
      const [job] = results[0]!.jobs;
      assert.deepEqual([job!.status, job!.dequeuedAt, job!.deliveries], [2, start, 1]);
      const row = (await store.row("a"))!;
      assert.deepEqual([row["status"], row["dequeued_at"], row["holder"], row["deliveries"]], [
        2,
        start,
        holder,
        1,
      ]);
      assert.deepEqual(await store.all("SELECT * FROM holders"), [
        { id: holder, broker: store.broker, worker: "w7", since: start },
      ]);
      assert.deepEqual(store.changes(), ["1 ready > in_flight: a"]);
    });

    it("registers no holder when there is nothing to take", async () => {
      const store = await open();
      const { ids, holder, results } = await store.take();
      assert.deepEqual([ids, holder, results[0]!.exhausted], [[], undefined, true]);
      assert.deepEqual(await store.all("SELECT * FROM holders"), []);
      assert.deepEqual(store.changes(), []);
    });

    it("serves several subscribers in turn, each with a holder of its own", async () => {
      const store = await open();
      await store.given(...spread);
      const ask = { holder: undefined, worker: undefined };
      const { results } = await store.write(() =>
        claimJobs(
          [
            { ...ask, queues: ["a"], limit: 1 },
            { ...ask, queues: undefined, limit: 2 },
            { ...ask, queues: ["a", "c"], limit: 9 },
          ],
          { backlogs: [], heads: undefined },
          { now: start, broker: store.broker },
        )
      );
      const given = results.map(({ jobs }) => jobs.map(({ id }) => id));
      assert.deepEqual(given, [["2"], ["1", "3"], ["5"]]);
      assert.equal(new Set(results.map(({ holder }) => holder)).size, 3);
      assert.equal((await store.all("SELECT * FROM holders")).length, 3);
    });

    it("gives neither what is scheduled nor what is in flight", async () => {
      const store = await open();
      await store.given({ id: "a", readyAt: start + 1 }, { id: "b" });
      assert.deepEqual((await store.take()).ids, ["b"]);
      assert.deepEqual((await store.take()).ids, []);
    });

    it("counts deliveries, which grow with each take and never shrink", async () => {
      const store = await open();
      await store.given({ id: "a", backoff: '{"exponent":0,"base_ms":0,"jitter_ms":0}' });
      const deliveries = async () => (await store.row("a"))!["deliveries"];
      const first = await store.take();
      await store.write(() => releaseHolder(first.holder, store.terms()));
      assert.equal(await deliveries(), 1);
      await store.take();
      await store.write(() => failJob({ id: "a" }, { message: "m" }, store.terms()));
      assert.equal(await deliveries(), 2);
      await store.write(() => promoteJobs(start + 1000));
      const third = await store.take();
      assert.equal(third.results[0]!.jobs[0]!.deliveries, 3);
      assert.equal(await deliveries(), 3);
    });
  });
}
