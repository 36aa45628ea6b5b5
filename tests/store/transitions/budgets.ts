/**
 * Taking jobs that draw on budgets, and keeping budgets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WaitingCount } from "../../../src/protocol/budget-waiting.ts";
import type { Rejection } from "../../../src/protocol/rejection.ts";
import { front } from "../../../src/store/backlog.ts";
import {
  changeBudget,
  correctRefills,
  countWaiting,
  createBudget,
  holdBudget,
  removeBudget,
  removeBudgets,
  replaceBudget,
} from "../../../src/store/budgets.ts";
import { type BudgetRecord, getBudget, listBudgets } from "../../../src/store/budgets-table.ts";
import { claimJobs } from "../../../src/store/claim.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { type JobSketch, seqOf, start, type TestStore, toBinding } from "./test-store.ts";

const inFlight = (allocation: number) => ({ allocation, durationMs: null, burst: null });
const rate = (allocation: number, durationMs: number) => ({ allocation, durationMs, burst: null });

/** Creates budgets that allow 4 in flight (`f`), and 2 each 1000 ms (`r`). */
async function openBudgets(open: () => Promise<TestStore>): Promise<TestStore> {
  const store = await open();
  await store.write(() => createBudget("f", inFlight(4), store.terms()));
  await store.write(() => createBudget("r", rate(2, 1000), store.terms()));
  return store;
}

/** A job that costs this much of each budget. */
const costs = (id: string, draws: Readonly<Record<string, number>>, more = {}): JobSketch => {
  return { id, budgets: Object.entries(draws).map(([key, cost]) => toBinding(key, cost)), ...more };
};

const levels = async (store: TestStore) =>
  (await store.all("SELECT key, drawn, tokens FROM budgets ORDER BY key"))
    .map(({ key, drawn, tokens }) => `${key} ${key === "r" ? tokens : drawn}`).join(", ");

/** The position of a job. */
const at = (id: string) => ({ priority: 5, seq: seqOf(id) });

/** Defines the tests. */
export function describeBudgets(open: () => Promise<TestStore>): void {
  describe("correctRefills()", () => {
    it("lets budgets go on refilling that were refilled by a clock that was wrong", async () => {
      const store = await openBudgets(open);
      const levelOf = async () => (await store.read(getBudget("r")))!;
      const { tokens, refilledAt } = await levelOf();
      await store.write(() => correctRefills(start, refilledAt));
      assert.equal((await levelOf()).refilledAt, refilledAt);
      await store.write(() => correctRefills(refilledAt - 5, refilledAt - 1));
      const corrected = await levelOf();
      assert.deepEqual([corrected.tokens, corrected.refilledAt], [tokens, refilledAt - 5]);
    });
  });

  describe("holdBudget()", () => {
    it("keeps tokens back until the longest hold is over, or ended", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 3 }), costs("b", { r: 2 }), { id: "c" });
      const hold = (key: string, forMs: number) => store.write(() => holdBudget(key, forMs, start));
      const untilOf = async (key: string, forMs: number) => (await hold(key, forMs))?.heldUntil;
      assert.equal(await hold("none", 5), undefined);
      assert.equal(await untilOf("f", 500), start + 500);
      assert.equal(await untilOf("f", 20), start + 500);
      assert.equal(await untilOf("r", 300), start + 300);
      const { ids, exhaustedBudgets } = await store.take();
      assert.deepEqual(ids, ["c"]);
      assert.deepEqual(exhaustedBudgets, [
        { key: "f", until: start + 500, at: at("a") },
        { key: "r", until: start + 300, at: at("b") },
      ]);
      const [{ queue, type, count }] = (await store.read(countWaiting("f"))) as [WaitingCount];
      assert.deepEqual([queue, type, count], ["q", "t", 1]);
      assert.equal(await untilOf("f", 0), 0);
      assert.deepEqual((await store.take()).ids, ["a"]);
      assert.deepEqual(await store.read(countWaiting("f")), []);
    });
  });

  describe("claimJobs() with budgets", () => {
    it("takes what a budget pays for, and tells who waits for what is in flight", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 3 }), costs("b", { f: 2 }), { id: "c" });
      const { ids, exhaustedBudgets, updates } = await store.take();
      assert.deepEqual(ids, ["a", "c"]);
      assert.deepEqual(exhaustedBudgets, [
        { key: "f", until: Infinity, at: at("b") },
      ]);
      const backlog = { queue: "q", budgetSet: '["f"]', from: front };
      assert.deepEqual(updates[0], { backlog, from: at("b") });
      assert.equal(await levels(store), "f 3, r 2");
      assert.deepEqual(store.changes(), ["2 ready > in_flight: a c"]);
    });

    it("takes on when tokens came back", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 3 }), costs("b", { f: 2 }));
      await store.take();
      store.changes();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      assert.deepEqual(store.changes(), ["1 in_flight > none: a", "budgets f refunded"]);
      assert.deepEqual((await store.take()).ids, ["b"]);
      assert.equal(await levels(store), "f 2, r 2");
      store.changes();
      await store.write(() => failJob({ id: "b" }, { message: "m" }, store.terms()));
      assert.equal(await levels(store), "f 0, r 2");
      assert.deepEqual(store.changes(), ["1 in_flight > scheduled: b", "budgets f refunded"]);
    });

    it("lets no cheap job pass an expensive one, in whatever queue", async () => {
      const store = await openBudgets(open);
      await store.given(
        costs("a", { f: 2 }),
        costs("b", { f: 4 }),
        costs("c", { f: 1 }),
        costs("d", { f: 1 }, { queue: "other" }),
        costs("e", { r: 1 }),
      );
      assert.deepEqual((await store.take()).ids, ["a", "e"]);
      assert.deepEqual((await store.take({ queues: ["other", "q"] })).ids, []);
    });

    it("charges a job to all of its budgets or to none; the others stay open", async () => {
      const store = await openBudgets(open);
      await store.given(
        costs("a", { f: 4 }),
        costs("b", { f: 1, r: 1 }),
        costs("c", { r: 2 }),
        costs("d", { f: 1 }),
      );
      const { ids, exhaustedBudgets } = await store.take();
      assert.deepEqual(ids, ["a", "c"]);
      assert.deepEqual(exhaustedBudgets.map(({ key, at }) => [key, at.seq]), [["f", seqOf("b")]]);
      assert.equal(await levels(store), "f 4, r 0");
    });

    it("names the budget that keeps a job longest", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 4, r: 2 }), costs("b", { r: 1, f: 1 }));
      const { exhaustedBudgets } = await store.take();
      assert.deepEqual(exhaustedBudgets, [
        { key: "f", until: Infinity, at: at("b") },
      ]);
    });

    it("takes by a rate as tokens drip, which no finished job gives back", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { r: 1 }), costs("b", { r: 1 }), costs("c", { r: 1 }));
      const { ids, exhaustedBudgets } = await store.take();
      assert.deepEqual(ids, ["a", "b"]);
      assert.deepEqual(exhaustedBudgets, [{ key: "r", until: start + 500, at: at("c") }]);
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      store.clock.setNow(start + 499);
      assert.deepEqual((await store.take()).ids, []);
      store.clock.setNow(start + 500);
      assert.deepEqual((await store.take()).ids, ["c"]);
    });

    it("merges jobs with and without budgets in one order", async () => {
      for (const queues of [undefined, ["q", "other"], ["q"]]) {
        const store = await openBudgets(open);
        await store.given(
          { id: "a", priority: 6 },
          costs("b", { f: 1 }, { priority: 6 }),
          { id: "c", priority: 6 },
          costs("d", { f: 1 }, { priority: 1 }),
          costs("e", { r: 1 }, { priority: 2 }),
          { id: "f", priority: 3 },
        );
        assert.deepEqual((await store.take({ queues })).ids, ["d", "e", "f", "a", "b", "c"]);
      }
    });

    it("takes from no other backlog than it is told of", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 1 }), costs("b", { r: 1 }), { id: "c" });
      const backlogs = [{ queue: "q", budgetSet: '["r"]', from: front }];
      assert.deepEqual((await store.take({ backlogs })).ids, ["b", "c"]);
      assert.deepEqual((await store.take({ backlogs: [] })).ids, []);
    });

    it("tells where each backlog that was looked at goes on", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 1 }), costs("b", { f: 1 }), costs("c", { r: 1 }));
      const { updates } = await store.take({ limit: 1 });
      assert.deepEqual(
        updates.filter(({ backlog }) => backlog.budgetSet !== "")
          .map(({ backlog, from }) => [backlog.budgetSet, from?.seq]),
        [['["f"]', seqOf("a")], ['["r"]', seqOf("c")]],
      );
      const rest = await store.take();
      assert.deepEqual(rest.updates.filter(({ from }) => from !== undefined), []);
      assert.ok(rest.updates.length >= 2);
    });

    it("shares tokens between the subscribers of one claim", async () => {
      const store = await openBudgets(open);
      await store.given(...["a", "b", "c"].map((id) => costs(id, { f: 2 })));
      const ask = { queues: undefined, holder: undefined, worker: undefined };
      const { results } = await store.write(() =>
        claimJobs(
          [{ ...ask, limit: 1 }, { ...ask, limit: 9 }],
          { backlogs: [{ queue: "q", budgetSet: '["f"]', from: front }], heads: undefined },
          { now: start, broker: store.broker },
        )
      );
      assert.deepEqual(results.map(({ jobs }) => jobs.map(({ id }) => id)), [["a"], ["b"]]);
      assert.equal(await levels(store), "f 4, r 2");
    });

    it("takes a job whose budget is gone", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 1 }));
      await store.all("DELETE FROM budgets RETURNING key");
      assert.deepEqual((await store.take()).ids, ["a"]);
    });
  });

  describe("keeping budgets", () => {
    it("creates one, full, but not two of one key, nor more than there may be", async () => {
      const store = await open();
      const create = (key: string) =>
        store.write(() => createBudget(key, rate(3, 100), store.terms()));
      const created = await create("a") as BudgetRecord;
      assert.deepEqual([created.tokens, created.createdAt, created.updatedAt], [3, start, start]);
      assert.equal((await create("a") as Rejection).kind, "conflict");
      for (const key of ["B", "ä", "Z", "z"]) await create(key);
      assert.equal((await create("y") as Rejection).kind, "unprocessable");
      const keys = (await store.read(listBudgets())).map(({ key }) => key);
      assert.deepEqual(keys, ["B", "Z", "a", "z", "ä"]);
      assert.deepEqual({ ...(await store.read(getBudget("a"))) }, created);
      assert.equal(await store.read(getBudget("none")), undefined);
    });

    it("gives one a new policy, tells of it, and counts what is in flight", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { r: 2 }), costs("b", { r: 1 }));
      await store.take();
      store.changes();
      store.clock.setNow(start + 1);
      const changed = await store.write(() => replaceBudget("r", inFlight(3), store.terms()));
      const { drawn, createdAt, updatedAt } = changed as BudgetRecord;
      assert.deepEqual([drawn, createdAt, updatedAt], [2, start, start + 1]);
      assert.deepEqual(store.changes(), ["budgets r"]);
      assert.deepEqual((await store.take()).ids, ["b"]);
      const patched = await store.write(() => changeBudget("r", { allocation: 9 }, start + 2));
      assert.deepEqual([(patched as BudgetRecord).allocation, (patched as BudgetRecord).drawn], [
        9,
        3,
      ]);
      assert.equal(await store.write(() => changeBudget("none", {}, start)), undefined);
    });

    it("refuses a policy that cannot pay for a job that waits", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 3 }));
      const outcome = await store.write(() => changeBudget("f", { allocation: 2 }, start));
      assert.equal((outcome as Rejection).kind, "unprocessable");
      assert.equal((await store.read(getBudget("f")))!.allocation, 4);
      assert.deepEqual(store.changes(), []);
    });

    it("deletes one that no unfinished job draws on", async () => {
      const store = await openBudgets(open);
      const remove = (key: string) => store.write(() => removeBudget(key));
      await store.given(costs("a", { f: 1 }, { retention: '{"completed_ms":9}' }));
      assert.equal((await remove("f") as Rejection).kind, "conflict");
      await store.take();
      assert.equal((await remove("f") as Rejection).kind, "conflict");
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      assert.equal(await remove("f"), "deleted");
      assert.equal(await remove("f"), undefined);
      assert.equal(await levels(store), "r 2");
    });

    it("deletes all, whatever draws on them, and tells of it", async () => {
      const store = await openBudgets(open);
      await store.given(costs("a", { f: 1 }));
      await store.write(() => removeBudgets());
      assert.deepEqual(store.changes(), ["budgets f r"]);
      for (const table of ["budgets", "bindings"]) {
        assert.deepEqual(await store.all(`SELECT * FROM ${table}`), []);
      }
      await store.write(() => removeBudgets());
      assert.deepEqual(store.changes(), []);
    });
  });
}
