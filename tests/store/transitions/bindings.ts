/**
 * Tying jobs to budgets, when they are stored and later.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobRecord } from "../../../src/protocol/record.ts";
import type { Rejection } from "../../../src/protocol/rejection.ts";
import { rebindJob, rebindJobs } from "../../../src/store/rebind.ts";
import type { Rebinding } from "../../../src/store/rebindings.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const x = (cost: number) => toBinding("x", cost);
const newX = toBinding("x", 1, { allocation: 4 });

/** What is kept of the bindings of a job, in its row and in the table. */
async function kept(store: TestStore, id: string): Promise<readonly unknown[]> {
  const row = (await store.row(id))!;
  const bindings = await store.all(
    "SELECT key, cost FROM bindings WHERE job_id = ? ORDER BY key",
    id,
  );
  const text = bindings.map(({ key, cost }) => `${key} ${cost}`).join(", ");
  return [row["budgets"], row["budget_set"], text];
}

/** Defines the tests. */
export function describeBindings(open: () => Promise<TestStore>): void {
  describe("enqueueJobs() with budgets", () => {
    it("creates budgets, writes the bindings, and names the set by its sorted keys", async () => {
      const store = await open();
      await store.enqueue({ id: "a", budgets: [newX, toBinding("b", 2, { allocation: 3 })] });
      assert.deepEqual(await kept(store, "a"), [
        '[{"key":"x","cost":1},{"key":"b","cost":2}]',
        '["b","x"]',
        "b 2, x 1",
      ]);
      const budgets = await store.all("SELECT key, allocation FROM budgets ORDER BY key");
      assert.deepEqual(budgets, [{ key: "b", allocation: 3 }, { key: "x", allocation: 4 }]);
    });

    it("refuses all jobs for one that no budget can pay for, and writes nothing", async () => {
      const store = await open();
      const refused = [
        [x(1)],
        [toBinding("x", 5, { allocation: 4 })],
        [..."123456"].map((key) => toBinding(key, 1, { allocation: 1 })),
      ];
      for (const budgets of refused) {
        const outcome = await store.enqueue({ id: "a" }, { id: "b", budgets });
        const { kind, index } = outcome as Rejection;
        assert.deepEqual([kind, index], ["unprocessable", 1]);
        assert.deepEqual([await store.statuses(), store.changes()], ["", []]);
        assert.deepEqual(await store.all("SELECT * FROM budgets"), []);
      }
    });

    it("lets the first of one call set the policy of a new budget", async () => {
      const store = await open();
      await store.enqueue(
        { id: "a", budgets: [newX] },
        { id: "b", budgets: [toBinding("x", 4, { allocation: 1 })] },
      );
      assert.equal((await store.all("SELECT allocation FROM budgets"))[0]!["allocation"], 4);
    });
  });

  describe("rebindJob()", () => {
    const rebind = (store: TestStore, rebinding: Rebinding, id = "a") =>
      store.write(() => rebindJob(id, rebinding, store.terms()));
    const openJob = async () => {
      const store = await open();
      await store.given(
        { id: "a", budgets: [newX, toBinding("y", 1, { allocation: 4 })] },
        { id: "none" },
        { id: "later", budgets: [x(1)], readyAt: start + 9 },
      );
      return store;
    };
    const y = '{"key":"y","cost":1}';
    const rebindings: readonly (readonly [Rebinding, readonly string[]])[] = [
      [{ kind: "add", request: toBinding("z", 2, { allocation: 2 }) }, [
        `[{"key":"x","cost":1},${y},{"key":"z","cost":2}]`,
        '["x","y","z"]',
        "x 1, y 1, z 2",
      ]],
      [{ kind: "put", request: x(3) }, [`[{"key":"x","cost":3},${y}]`, '["x","y"]', "x 3, y 1"]],
      [{ kind: "recost", request: x(2) }, [
        `[{"key":"x","cost":2},${y}]`,
        '["x","y"]',
        "x 2, y 1",
      ]],
      [{ kind: "remove", key: "x" }, [`[${y}]`, '["y"]', "y 1"]],
      [{ kind: "replace", requests: [x(4)] }, ['[{"key":"x","cost":4}]', '["x"]', "x 4"]],
    ];
    for (const [rebinding, expected] of rebindings) {
      it(`${rebinding.kind}: writes the row and the table, and tells of both sets`, async () => {
        const store = await openJob();
        const job = await rebind(store, rebinding) as JobRecord;
        assert.deepEqual(await kept(store, "a"), expected);
        assert.equal(job.budgets, expected[0]);
        const keys = rebinding.kind === "add" ? "x y z" : "x y";
        assert.deepEqual(store.changes(), ["1 ready > ready: a", `budgets ${keys}`]);
      });
    }

    it("replace with nothing leaves a job without budgets", async () => {
      const store = await openJob();
      await rebind(store, { kind: "replace", requests: [] });
      assert.deepEqual(await kept(store, "a"), [null, "", ""]);
    });

    it("tells nothing of a scheduled job, and writes nothing when nothing changes", async () => {
      const store = await openJob();
      await rebind(store, { kind: "put", request: x(2) }, "later");
      assert.deepEqual(await kept(store, "later"), ['[{"key":"x","cost":2}]', '["x"]', "x 2"]);
      await rebind(store, { kind: "put", request: x(1) });
      await rebind(store, { kind: "remove", key: "w" });
      assert.deepEqual(store.changes(), []);
    });

    it("refuses what cannot be, and writes nothing", async () => {
      const store = await openJob();
      await store.given({ id: "run", queue: "other" });
      await store.take({ queues: ["other"] });
      const before = await kept(store, "a");
      store.changes();
      const kinds = [
        await rebind(store, { kind: "add", request: x(1) }),
        await rebind(store, { kind: "recost", request: x(1) }, "none"),
        await rebind(store, { kind: "put", request: x(5) }),
        await rebind(store, { kind: "add", request: toBinding("w", 1) }),
        await rebind(store, { kind: "put", request: x(1) }, "run"),
      ].map((outcome) => (outcome as Rejection).kind);
      assert.deepEqual(kinds, [
        "conflict",
        "missing",
        "unprocessable",
        "unprocessable",
        "unprocessable",
      ]);
      assert.equal(await rebind(store, { kind: "remove", key: "x" }, "gone"), undefined);
      assert.deepEqual([await kept(store, "a"), store.changes()], [before, []]);
    });
  });

  describe("rebindJobs()", () => {
    it("changes the waiting jobs of a selection, and names those in flight that it would change", async () => {
      const store = await open();
      await store.given({ id: "a", budgets: [newX] }, { id: "b" }, { id: "c", queue: "other" });
      await store.take({ limit: 1 });
      store.changes();
      const outcome = await store.write(() =>
        rebindJobs({ queue: ["q"] }, { kind: "put", request: x(2) }, store.terms())
      );
      assert.deepEqual(outcome, { changed: 1, blocked: ["a"] });
      assert.deepEqual(await kept(store, "b"), ['[{"key":"x","cost":2}]', '["x"]', "x 2"]);
      assert.deepEqual(await kept(store, "c"), [null, "", ""]);
      assert.deepEqual(store.changes(), ["1 ready > ready: b", "budgets x"]);
    });

    it("refuses what no budget can pay for before any job is changed", async () => {
      const store = await open();
      await store.given({ id: "a", budgets: [newX] }, { id: "b" });
      const outcome = await store.write(() =>
        rebindJobs({}, { kind: "put", request: x(9) }, store.terms())
      );
      assert.equal((outcome as Rejection).kind, "unprocessable");
      assert.deepEqual(await kept(store, "b"), [null, "", ""]);
      assert.deepEqual(store.changes(), []);
    });
  });
}
