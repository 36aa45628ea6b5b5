/**
 * What the end of a job means for those that wait for it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { reapJobs } from "../../../src/store/due-jobs.ts";
import { listErrors } from "../../../src/store/error-records.ts";
import { completeJobs } from "../../../src/store/finish.ts";
import { getJob } from "../../../src/store/read.ts";
import { requeueJob } from "../../../src/store/requeue.ts";
import {
  complete,
  demandConsistent,
  given,
  kept,
  kill,
  settleAll,
  sketch,
  takeAll,
} from "./dependency-sketches.ts";
import { start, type TestStore } from "./test-store.ts";

/** Defines the tests. */
export function describeSettling(open: () => Promise<TestStore>): void {
  describe("the success of a job that others wait for", () => {
    for (const how of ["together", "one by one", "kept"] as const) {
      it(`${how}: frees those that wait for nothing else, when they are due`, async () => {
        const store = await open();
        const retention = how === "kept" ? kept : null;
        await store.given({ id: "a", retention }, { id: "b", retention });
        await store.given(
          sketch("x: a"),
          sketch("y: a, b"),
          { ...sketch("z: b"), readyAt: start + 100 },
        );
        const takenJob = await takeAll(store);
        store.changes();
        await store.clock.advance(10);
        const changes = how === "together" ? { takenJob } : { oneByOne: true };
        assert.deepEqual(await complete(store, "a", changes), []);
        const gone = retention === null ? "none" : "completed";
        assert.deepEqual(store.changes(), [
          `1 in_flight > ${gone}: a`,
          "1 blocked > ready: x",
        ]);
        await demandConsistent(store);
        assert.deepEqual(await complete(store, "b", changes), []);
        assert.deepEqual(store.changes(), [
          `1 in_flight > ${gone}: b`,
          "1 blocked > ready: y",
          "1 blocked > scheduled: z",
        ]);
        await demandConsistent(store);
        assert.deepEqual(await store.all("SELECT * FROM dependencies"), []);
        const rows = await store.all(
          "SELECT id, ready_at, traits FROM jobs WHERE id > 'w' ORDER BY id",
        );
        assert.deepEqual(rows, [
          { id: "x", ready_at: start + 10, traits: 0 },
          { id: "y", ready_at: start + 10, traits: 0 },
          { id: "z", ready_at: start + 100, traits: 0 },
        ]);
      });
    }

    it("of many together takes a few statements", async () => {
      const store = await open();
      const names = Array.from({ length: 200 }, (_, at) => `${at}`.padStart(3, "0"));
      await store.given(...names.map((name) => ({ id: `a${name}` })));
      await given(store, ...names.map((name) => `b${name}: a${name}, a000`));
      await given(store, ...names.map((name) => `c${name}: b${name}`));
      const takenJob = await takeAll(store);
      const first = await store.take({ limit: 200 });
      const known = new Map(first.results[0]!.jobs.map((job) => [job.id, job]));
      let steps = 0;
      const missed = await store.write(function* () {
        const inner = completeJobs(names.map((name) => ({ id: `a${name}` })), {
          ...store.terms(),
          takenJob: (id) => takenJob(id) ?? known.get(id),
        });
        let step = inner.next();
        for (; !step.done; step = inner.next(yield step.value)) {
          if (step.value.kind !== "change") steps++;
        }
        return step.value;
      });
      assert.deepEqual(missed, []);
      assert.ok(steps <= 8, `${steps} statements`);
      const [count] = await store.all("SELECT count(*) AS count FROM jobs WHERE status = 1");
      assert.equal(count!["count"], 200);
      await demandConsistent(store);
    });

    it("is seen although the job was taken before anybody waited for it", async () => {
      const store = await open();
      await given(store, "a", "b");
      const takenJob = await takeAll(store);
      await given(store, "x: a");
      assert.deepEqual(await complete(store, "a b", { takenJob }), []);
      assert.equal(await store.statuses(), "x ready");
    });

    it("of very many is done in pieces, each of them durable", async () => {
      const store = await open();
      await given(store, "a");
      const children = Array.from({ length: 4500 }, (_, at) => `c${`${at}`.padStart(4, "0")}: a`);
      await given(store, ...children);
      await takeAll(store);
      assert.deepEqual(await complete(store, "a"), []);
      const count = async () =>
        (await store.all("SELECT count(*) AS count FROM jobs WHERE status = 1"))[0]!["count"];
      assert.equal(await count(), 1200);
      assert.equal(store.changes().at(-1), "settlements");
      assert.equal(await settleAll(store), 5);
      assert.equal(await count(), 4500);
      assert.deepEqual(await store.all("SELECT * FROM dependencies"), []);
    });
  });

  describe("the result of a job", () => {
    for (const how of ["together", "one by one"] as const) {
      it(`${how}: is kept as long as one that waited for it`, async () => {
        const store = await open();
        await given(store, "a", "b", "x: a as first, b", "y: b");
        const takenJob = await takeAll(store);
        const terms = how === "together" ? { takenJob } : { oneByOne: true };
        const runs = [{ id: "a", result: '{"n":1}' }, { id: "b", result: "[2]" }];
        const end = () => completeJobs(runs, { ...store.terms(), ...terms });
        assert.deepEqual(await store.write(end), []);
        await demandConsistent(store);
        const { results } = await store.take();
        const shown = results[0]!.jobs.map(({ id, extra }) => [id, { ...extra?.parentResults }]);
        assert.deepEqual(shown, [["x", { first: { n: 1 }, b: [2] }], ["y", { b: [2] }]]);
        const kept = async () =>
          (await store.all("SELECT id FROM results ORDER BY id")).map(({ id }) => id);
        assert.deepEqual(await kept(), ["a", "b"]);
        const taken = new Map(results[0]!.jobs.map((job) => [job.id, job]));
        await complete(store, "x", { takenJob: (id: string) => taken.get(id) });
        assert.deepEqual(await kept(), ["b"]);
        await store.write(() => removeJob("y"));
        assert.deepEqual(await kept(), []);
        assert.deepEqual(await store.all("SELECT * FROM dependencies"), []);
      });
    }

    it("is not kept if nobody waits for it", async () => {
      const store = await open();
      await given(store, "a", "b", "x: b");
      await store.write(() => removeJob("x"));
      await takeAll(store);
      const runs = [{ id: "a", result: "1" }, { id: "b", result: "1" }];
      assert.deepEqual(await store.write(() => completeJobs(runs, store.terms())), []);
      assert.deepEqual(await store.all("SELECT * FROM results"), []);
    });

    it("is kept with a job that is kept, and goes when neither it nor another has a use for it", async () => {
      const store = await open();
      const kept = '{"completed_ms":50,"dead_ms":50}';
      await store.given({ id: "a", retention: kept }, { id: "b", retention: kept }, { id: "c" });
      await store.take();
      const runs = [{ id: "a", result: "1" }, { id: "b", result: '"x"' }, { id: "c", result: "3" }];
      assert.deepEqual(await store.write(() => completeJobs(runs, store.terms())), []);
      const rest = async () =>
        (await store.all("SELECT id, result FROM results ORDER BY id")).map((row) => ({ ...row }));
      assert.deepEqual(await rest(), [{ id: "a", result: "1" }, { id: "b", result: '"x"' }]);
      assert.equal((await store.read(getJob("b", start)))!.extra!.result, "x");
      await store.write(() => removeJob("a"));
      assert.deepEqual(await rest(), [{ id: "b", result: '"x"' }]);
      await store.write(() => requeueJob("b", {}, start));
      assert.deepEqual([await rest(), (await store.row("b"))!["traits"]], [[], 0]);
    });

    it("is shown up to a bound", async () => {
      const store = await open();
      const ids = Array.from({ length: 20 }, (_, at) => `a${`${at}`.padStart(2, "0")}`);
      await given(store, ...ids, `x: ${ids.join(", ")}`);
      await takeAll(store);
      const runs = ids.map((id) => ({ id, result: JSON.stringify("x".repeat(60_000)) }));
      await store.write(() => completeJobs(runs, store.terms()));
      const { extra } = (await store.read(getJob("x", start)))!;
      assert.deepEqual(Object.keys(extra!.parentResults!), ids.slice(0, 17));
      assert.equal(extra!.moreLinks, true);
    });
  });

  describe("the death of a job that others wait for", () => {
    it("ends, frees or keeps those that wait, as each said, at all levels", async () => {
      const store = await open();
      await store.given({ id: "a", retention: kept });
      await given(store, "s: a", "c: a cancel", "r: a run", "cs: c", "cc: c cancel", "cr: c run");
      await takeAll(store);
      await kill(store, "a");
      assert.equal(
        await store.statuses(),
        "a dead, c dead, cc dead, cr ready, cs blocked, r ready, s blocked",
      );
      const [record] = await store.read(
        listErrors("c", { from: undefined, order: "asc", limit: 9 }),
      );
      assert.equal(record!.message, "Job a, which it waited for, is dead");
      assert.equal(record!.errorType, "DependencyDead");
      assert.equal((await store.row("c"))!["attempts"], 1);
      await demandConsistent(store);
    });

    it("ends those that stay once it is deleted, as its retention has ended", async () => {
      const store = await open();
      await store.given({ id: "a", retention: kept });
      await given(store, "s: a", "t: s");
      await takeAll(store);
      await kill(store, "a");
      await store.clock.advance(50);
      await store.write(() => reapJobs(store.clock.now()));
      assert.equal(await store.statuses(), "s blocked, t blocked");
      assert.equal(await settleAll(store), 1);
      assert.equal(await store.statuses(), "s dead, t blocked");
      const [record] = await store.read(
        listErrors("s", { from: undefined, order: "asc", limit: 9 }),
      );
      assert.equal(record!.message, "Job a, which it waited for, was dead and is deleted");
      await demandConsistent(store);
    });

    it("ends those that wait at once if dead jobs are not kept", async () => {
      const store = await open();
      await store.given({ id: "a", retention: '{"dead_ms":0}' });
      await store.given(
        { ...sketch("s: a"), retention: '{"dead_ms":0}' },
        sketch("t: s"),
        sketch("u: s run"),
      );
      await takeAll(store);
      await kill(store, "a");
      assert.equal(await store.statuses(), "t dead, u ready");
      await demandConsistent(store);
    });

    it("of the second parent does nothing to a job that is dead already", async () => {
      const store = await open();
      await given(store, "a", "b", "x: a cancel, b cancel");
      await takeAll(store);
      await kill(store, "a");
      await kill(store, "b");
      assert.equal(await store.statuses(), "a dead, b dead, x dead");
      assert.equal((await store.row("x"))!["attempts"], 1);
    });
  });

  describe("deleting a job that others wait for", () => {
    it("is refused, and names them", async () => {
      const store = await open();
      await given(store, "a", "b: a", "c: b");
      assert.deepEqual(await store.write(() => removeJob("a")), ["b"]);
      assert.deepEqual(await store.write(() => removeJob("b")), ["c"]);
      assert.equal(await store.statuses(), "a ready, b blocked, c blocked");
      assert.equal(await store.write(() => removeJob("c")), true);
      assert.equal(await store.write(() => removeJob("b")), true);
      assert.equal(await store.write(() => removeJob("a")), true);
      assert.deepEqual(await store.all("SELECT * FROM dependencies"), []);
    });

    it("deletes them too when it is to, at all levels", async () => {
      const store = await open();
      await given(store, "a", "o", "b: a, o", "c: b", "d: a, c", "e: o");
      const removal = { cascade: true, terms: store.terms() };
      assert.equal(await store.write(() => removeJob("a", removal)), true);
      assert.equal(await store.statuses(), "e blocked, o ready");
      await demandConsistent(store);
    });

    it("deletes very many in pieces", async () => {
      const store = await open();
      await given(store, "a", ...Array.from({ length: 2500 }, (_, at) => `c${at}: a`));
      const removal = { cascade: true, terms: store.terms() };
      await store.write(() => removeJob("a", removal));
      assert.equal(await settleAll(store), 2);
      assert.deepEqual(await store.all("SELECT * FROM jobs"), []);
      assert.deepEqual(await store.all("SELECT * FROM dependencies"), []);
    });

    it("counts all of them when many are deleted", async () => {
      const store = await open();
      await given(store, "a", "b: a", "c: b");
      assert.equal(await store.write(() => removeJobs({ id: ["a"] }, store.terms())), 3);
      assert.deepEqual(await store.all("SELECT * FROM jobs"), []);
    });

    it("is fine once it has succeeded", async () => {
      const store = await open();
      await store.given({ id: "a", retention: kept });
      await given(store, "b: a");
      await takeAll(store);
      await complete(store, "a");
      assert.equal(await store.write(() => removeJob("a")), true);
      assert.equal(await store.statuses(), "b ready");
    });
  });
}
