/**
 * Deleting jobs, one and many, and which jobs a selection means.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import type { JobSelection } from "../../../src/store/where.ts";
import { listJobs } from "../../../src/store/read.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

/** One job of each status, and what hangs on them. `a` ready, `b` scheduled, `c` in flight, `d` completed, `e` dead. */
async function fill(store: TestStore): Promise<void> {
  const kept = '{"completed_ms":900,"dead_ms":900}';
  const budgets = [toBinding("x", 2, { allocation: 9 })];
  await store.given(
    { id: "c", type: "u", priority: 1, budgets },
    { id: "d", retention: kept, priority: 2 },
    { id: "e", retention: kept, priority: 3 },
  );
  await store.take();
  await store.write(() => completeJobs([{ id: "d" }], store.terms()));
  await store.write(() => failJob({ id: "e" }, { message: "m", kill: true }, store.terms()));
  await store.given(
    {
      id: "a",
      queue: "ä",
      priority: 4,
      budgets: [toBinding("x", 1), toBinding("y", 1, { allocation: 1 })],
    },
    { id: "b", queue: "B", priority: 5, readyAt: start + 100 },
  );
}

/** Selections, and the jobs that are meant. */
const selections: readonly (readonly [JobSelection, string])[] = [
  [{}, "a b c d e"],
  [{ id: ["b"] }, "b"],
  [{ id: ["a", "d", "none"] }, "a d"],
  [{ id: [] }, ""],
  [{ status: [1] }, "a"],
  [{ status: [0, 2, 4] }, "b c e"],
  [{ queue: ["ä"] }, "a"],
  [{ queue: ["ä", "B", "b"] }, "a b"],
  [{ type: ["u"] }, "c"],
  [{ type: ["t", "u"], queue: ["q"] }, "c d e"],
  [{ priority: { min: 2, max: 4 } }, "a d e"],
  [{ priority: { max: 2 } }, "c d"],
  [{ readyAt: { min: start + 1 } }, "b"],
  [{ attempts: { min: 1 } }, "e"],
  [{ attempts: { min: 0, max: 0 } }, "a b c d"],
  [{ budget: ["x"] }, "a c"],
  [{ budget: ["y", "none"] }, "a"],
  [{ budget: ["x"], status: [2] }, "c"],
];

/** All jobs there are. */
const all = { behind: undefined, order: "asc", limit: 100 } as const;

/** Defines the tests. */
export function describeDelete(open: () => Promise<TestStore>): void {
  describe("removeJob()", () => {
    it("deletes a job of any status, with its records and bindings, and refunds it", async () => {
      const expected: Readonly<Record<string, readonly string[]>> = {
        a: ["1 ready > none: a", "budgets x y"],
        b: ["1 scheduled > none: b"],
        c: ["1 in_flight > none: c", "budgets x refunded"],
        d: ["1 completed > none: d"],
        e: ["1 dead > none: e"],
      };
      const store = await open();
      await fill(store);
      for (const [id, changes] of Object.entries(expected)) {
        assert.equal(await store.write(() => removeJob(id)), true);
        assert.deepEqual(store.changes(), changes);
        assert.equal(await store.write(() => removeJob(id)), false);
        assert.deepEqual(store.changes(), []);
      }
      for (const table of ["jobs", "errors", "bindings"]) {
        assert.deepEqual(await store.all(`SELECT * FROM ${table}`), []);
      }
      const drawn = await store.all("SELECT key, drawn FROM budgets ORDER BY key");
      assert.deepEqual(drawn, [{ key: "x", drawn: 0 }, { key: "y", drawn: 0 }]);
    });
  });

  describe("a selection", () => {
    for (const [selection, expected] of selections) {
      it(`${JSON.stringify(selection)} means '${expected}', for counting and for deleting`, async () => {
        const store = await open();
        await fill(store);
        const ids = expected === "" ? [] : expected.split(" ");
        const found = await store.read(listJobs(selection, all, start));
        assert.deepEqual(found.map(({ id }) => id), ids);
        assert.equal(await store.write(() => removeJobs(selection)), ids.length);
        const left = (await store.all("SELECT id FROM jobs ORDER BY id")).map(({ id }) => id);
        assert.deepEqual(left, ["a", "b", "c", "d", "e"].filter((id) => !ids.includes(id)));
      });
    }
  });

  describe("removeJobs()", () => {
    it("deletes what hangs on the jobs, refunds those in flight, and lists who is to hear of it", async () => {
      const store = await open();
      await fill(store);
      await store.given({ id: "z" });
      assert.equal(await store.write(() => removeJobs({})), 6);
      for (const table of ["jobs", "errors", "bindings"]) {
        assert.deepEqual(await store.all(`SELECT * FROM ${table}`), []);
      }
      const drawn = await store.all("SELECT key, drawn FROM budgets ORDER BY key");
      assert.deepEqual(drawn, [{ key: "x", drawn: 0 }, { key: "y", drawn: 0 }]);
      assert.deepEqual(store.changes().sort(), [
        "1 completed > none: d",
        "1 dead > none: e",
        "1 in_flight > none: c",
        "1 scheduled > none: b",
        "2 ready > none: a z",
        "budgets x refunded",
        "budgets x y",
      ]);
    });

    it("leaves the belongings of others", async () => {
      const store = await open();
      await fill(store);
      await store.write(() => removeJobs({ id: ["a", "d"] }));
      const bindings = await store.all("SELECT job_id FROM bindings");
      assert.deepEqual(bindings, [{ job_id: "c" }]);
      assert.equal((await store.all("SELECT * FROM errors")).length, 1);
      assert.equal((await store.all("SELECT drawn FROM budgets WHERE key = 'x'"))[0]!["drawn"], 2);
    });

    it("reports nothing when there is nothing to delete", async () => {
      const store = await open();
      assert.equal(await store.write(() => removeJobs({})), 0);
      assert.deepEqual(store.changes(), []);
    });
  });
}
