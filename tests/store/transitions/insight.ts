/**
 * What is kept of jobs besides the jobs: history, statistics, workers, and what is read of queues.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { Distribution } from "../../../src/store/distribution.ts";
import { Flow } from "../../../src/store/flow.ts";
import {
  addFlow,
  firstFlow,
  type FlowPlace,
  type FlowRow,
  forgetFlow,
  readAllFlow,
  readFlow,
} from "../../../src/store/flow-table.ts";
import { addEntry, listHistory, writeHistory } from "../../../src/store/history.ts";
import {
  firstPlace,
  listOldestReady,
  type ReadyPlace,
  type ReadySince,
} from "../../../src/store/oldest-ready.ts";
import { nextPositions, readAtPositions, readCounts } from "../../../src/store/queue-details.ts";
import { addTallies, firstDay, forgetDays, readDay } from "../../../src/store/statistics.ts";
import { traits } from "../../../src/store/traits.ts";
import {
  findWorker,
  forgetWorkers,
  listWorkers,
  markSeen,
  removeWorker,
} from "../../../src/store/workers.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const bodies = async (store: TestStore, id: string, order: "asc" | "desc" = "asc") => {
  const { seq } = (await store.row(id))!;
  const page = { from: undefined, order, limit: 99 };
  const found = await store.read(listHistory(seq as number, page));
  return found.map(({ entry }) => (entry as { what: string }).what);
};

const tally = (queue: string, day: number, waits: readonly number[], failures = 0) => {
  const [wait, runs] = [new Distribution(), new Distribution()];
  for (const ms of waits) wait.add(ms);
  return { queue, day, waits: wait, runs, retries: 1, failures, cancelled: 2 };
};

/** Defines the tests. */
export function describeInsight(open: () => Promise<TestStore>): void {
  describe("history", () => {
    it("keeps the first entry and the newest, as many as a job may have", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      for (const limit of [5, 2]) {
        for (let at = 0; at < 7; at++) {
          const terms = { now: start + at, historyLimit: limit };
          await store.write(() => addEntry("a", { what: `${at}` }, terms));
        }
        assert.deepEqual(
          await bodies(store, "a"),
          limit === 5 ? ["0", "3", "4", "5", "6"] : ["0", "6"],
        );
      }
      assert.deepEqual(await bodies(store, "a", "desc"), ["6", "0"]);
      assert.equal((await store.row("a"))!.traits, traits.recorded);
      assert.deepEqual([await bodies(store, "b"), (await store.row("b"))!.traits], [[], 0]);
    });

    it("goes with the job", async () => {
      const store = await open();
      await store.given({ id: "a" });
      const terms = { now: start, historyLimit: 9 };
      await store.write(() => addEntry("a", { what: "x", data: { "\0": 1 } }, terms));
      await store.write(() => removeJob("a"));
      assert.deepEqual(await store.all("SELECT * FROM history"), []);
    });

    it("is written of changes with few statements, however many jobs there are", async () => {
      const store = await open();
      const jobs = Array.from({ length: 300 }, (_, seq) => {
        return { id: `${seq}`, seq, queue: "q", type: "t", traits: seq % 3 === 0 ? 32 : 0 };
      });
      const steps = writeHistory(
        [{ kind: "jobs", from: 1, to: 2, jobs, cause: "taken", worker: "w" }],
        { now: start, historyLimit: 100 },
      );
      const kinds: string[] = [];
      for (let step = steps.next(); !step.done; step = steps.next([] as never)) {
        kinds.push(step.value.kind);
      }
      assert.deepEqual(kinds, ["insert", "rows"]);
      const plain = jobs.map((job) => ({ ...job, traits: 0 }));
      const none = writeHistory(
        [{ kind: "jobs", from: 1, to: 2, jobs: plain, cause: "taken" }],
        { now: start, historyLimit: 100 },
      );
      assert.equal(none.next().done, true);
      await store.given();
    });
  });

  describe("statistics", () => {
    it("are added up by queue and day, and forgotten by the day", async () => {
      const store = await open();
      await store.write(() => addTallies([tally("a", 5, [1000, 3000]), tally("b", 6, [])]));
      await store.write(() => addTallies([tally("a", 5, [5000], 2), tally("a", 7, [7])]));
      const { waits, runs, retries, failures, cancelled, failed } = await store.read(
        readDay("a", 5),
      );
      const { count, meanMs, stdMs, histogram } = waits.show();
      assert.deepEqual([count, meanMs, stdMs, histogram.slice(0, 6)], [3, 3000, 2000, [
        0,
        1,
        0,
        1,
        0,
        1,
      ]]);
      assert.deepEqual([runs.show().count, retries, failures, cancelled, failed], [0, 2, 2, 4, 0]);
      assert.equal(await store.read(firstDay()), 5);
      assert.equal(await store.write(() => forgetDays(7)), false);
      assert.equal(await store.read(firstDay()), 7);
      assert.equal((await store.read(readDay("a", 5))).waits.show().count, 0);
    });
  });

  describe("workers", () => {
    it("are listed by when they were seen, which only grows", async () => {
      const store = await open();
      await store.write(() => markSeen([{ id: "a", seenAt: 5 }, { id: "b", seenAt: 7 }]));
      await store.write(() => markSeen([{ id: "c", seenAt: 7 }, { id: "a", seenAt: 3 }]));
      const list = async (order: "asc" | "desc", behind?: { id: string; seenAt: number }) =>
        (await store.read(listWorkers(4, { behind, order, limit: 9 }))).map(({ id }) => id).join();
      assert.deepEqual([await list("desc"), await list("asc")], ["c,b,a", "a,b,c"]);
      assert.equal(await list("desc", { id: "c", seenAt: 7 }), "b,a");
      assert.equal(await store.write(() => forgetWorkers(6)), false);
      assert.equal(await list("asc"), "b,c");
      assert.equal(await store.read(findWorker("b", 0)), 7);
      assert.equal(await store.read(findWorker("b", 8)), undefined);
      assert.deepEqual([
        await store.write(() => removeWorker("b")),
        await store.write(() => removeWorker("b")),
      ], [true, false]);
    });
  });

  describe("what is read of queues", () => {
    it("has the counts of all types, and the next jobs over all budgets", async () => {
      const store = await open();
      const budgets = (key: string) => [toBinding(key, 1, { allocation: 1 })];
      await store.given(
        { id: "a", priority: 3 },
        { id: "b", priority: 1, budgets: budgets("x"), type: "u" },
        { id: "c", priority: 2, budgets: budgets("y") },
        { id: "d", queue: "other" },
      );
      const { items, next } = await store.read(readCounts("q", ["q", ""]));
      assert.deepEqual(items.map(({ type, counts }) => [type, counts]), [
        ["t", [0, 2, 0, 0, 0, 0]],
        ["u", [0, 1, 0, 0, 0, 0]],
      ]);
      assert.equal(next, undefined);
      const piece = await store.read(
        nextPositions("q", { limit: 2, best: [], after: undefined }),
      );
      const jobs = await store.read(readAtPositions(piece.items));
      assert.deepEqual([jobs.map(({ id }) => id), piece.next], [["b", "c"], undefined]);
    });
  });

  describe("the oldest ready jobs of all queues", () => {
    /** By their queues, read in pieces. */
    const sinceOf = async (store: TestStore, limit: number) => {
      const found = new Map<string, number[]>();
      let place: ReadyPlace | undefined = firstPlace;
      while (place !== undefined) {
        const piece: readonly ReadySince[] = await store.read(listOldestReady(place, limit));
        for (const { queue, since } of piece) {
          found.set(queue, [...found.get(queue) ?? [], start - since]);
        }
        place = piece.length < limit ? undefined : piece.at(-1);
      }
      return Object.fromEntries(found);
    };

    it("are the first ones of each priority and budget set", async () => {
      const store = await open();
      await store.given(
        { id: "a1", queue: "a", readyAt: start - 1 },
        { id: "a2", queue: "a", readyAt: start - 9 },
        { id: "a3", queue: "a", priority: 9, readyAt: start - 2 },
        {
          id: "b1",
          queue: "b",
          readyAt: start - 3,
          budgets: [toBinding("k", 1, { allocation: 4 })],
        },
        {
          id: "b2",
          queue: "b",
          readyAt: start - 4,
          budgets: [toBinding("l", 1, { allocation: 4 })],
        },
        { id: "b3", queue: "b", readyAt: start - 5 },
        { id: "c1", queue: "c", readyAt: start + 9 },
        { id: "d1", queue: "d", readyAt: start - 6 },
      );
      for (const limit of [1, 2, 100]) {
        assert.deepEqual(await sinceOf(store, limit), { a: [1, 2], b: [5, 3, 4], d: [6] });
      }
      await store.write(() => removeJob("d1"));
      assert.deepEqual(Object.keys(await sinceOf(store, 100)), ["a", "b"]);
    });

    it("are looked for at twenty priorities of a budget set, the most urgent ones", async () => {
      const store = await open();
      const jobs = Array.from({ length: 30 }, (_, at) => {
        return { id: `w${at}`, queue: "wild", priority: at * 2, readyAt: start - at };
      });
      await store.given(...jobs, { id: "x", queue: "x", readyAt: start });
      for (const limit of [20, 100]) {
        const { wild, x } = await sinceOf(store, limit);
        assert.deepEqual([wild!.length, wild![0], x], [20, 0, [0]], `by ${limit}`);
      }
    });
  });

  describe("the flow of jobs", () => {
    const [minuteMs, quarterMs] = [60_000, 900_000];
    const at = start - start % quarterMs;
    const flowOf = (jobs: readonly (readonly [queue: string, type: string])[], now: number) => {
      const flow = new Flow();
      for (const [queue, type] of jobs) {
        const told = [{ queue, type, readyAt: now, dequeuedAt: now + 5 }];
        flow.add([{ kind: "jobs", cause: "taken", from: 1, to: 2, jobs: told }] as never, now);
      }
      return flow.takeAll();
    };
    const readAll = async (store: TestStore, queue: string | undefined, stepMs: number) => {
      const range = { stepMs, from: at, to: at + 2 * quarterMs, queue };
      const found: FlowRow[] = [];
      let place: FlowPlace | undefined;
      do {
        const { rows, next } = await store.read(readFlow(range, place));
        found.push(...rows);
        place = next;
      } while (place !== undefined);
      return found;
    };

    it("is added to the rows of each width, and deleted by pieces", async () => {
      const store = await open();
      await store.write(() => addFlow(flowOf([["a", "x"], ["b", "x"], ["b", "y"]], at)));
      await store.write(() => addFlow(flowOf([["b", "y"], ["c", "x"]], at + minuteMs)));
      const told = (rows: readonly FlowRow[]) =>
        rows.map(({ queue, type, at: row, waits }) => `${queue}${type} ${row - at} ${waits}`);
      assert.deepEqual(told(await readAll(store, undefined, minuteMs)), [
        "ax 0 5 5 1",
        "bx 0 5 5 1",
        "by 0 5 5 1",
        "by 60000 5 5 1",
        "cx 60000 5 5 1",
      ]);
      assert.deepEqual(told(await readAll(store, "b", quarterMs)), ["bx 0 5 5 1", "by 0 10 5 2"]);
      const range = { stepMs: quarterMs, from: at, to: at + 1 };
      assert.deepEqual(told(await store.read(readAllFlow(range))), [" 0 25 5 5"]);
      assert.equal(await store.read(firstFlow(minuteMs)), at);
      assert.equal(await store.write(() => forgetFlow(minuteMs, at + 1)), false);
      assert.equal(await store.read(firstFlow(minuteMs)), at + minuteMs);
      assert.equal((await readAll(store, undefined, minuteMs)).length, 2);
      assert.equal((await readAll(store, undefined, quarterMs)).length, 4);
    });

    it("keeps the greatest age of each width, whoever saw it", async () => {
      const store = await open();
      const seen = (ageMs: number, now: number) => {
        const flow = new Flow();
        flow.addAge("a", ageMs, now);
        return flow.takeAll();
      };
      for (const [ageMs, now] of [[7, at], [9, at], [8, at], [3, at + minuteMs]] as const) {
        await store.write(() => addFlow(seen(ageMs, now)));
      }
      await store.write(() => addFlow(flowOf([["a", "x"]], at)));
      const told = (rows: readonly FlowRow[]) =>
        rows.map(({ type, at: row, age }) => [type, row - at, age]);
      assert.deepEqual(told(await readAll(store, "a", minuteMs)), [
        ["", 0, 9],
        ["x", 0, -1],
        ["", minuteMs, 3],
      ]);
      assert.deepEqual(told(await readAll(store, "a", quarterMs)), [["", 0, 9], ["x", 0, -1]]);
      const range = { stepMs: quarterMs, from: at, to: at + 1 };
      assert.deepEqual(told(await store.read(readAllFlow(range))), [["", 0, 9]]);
    });

    it("is read and deleted in pieces", async () => {
      const store = await open();
      const names = Array.from({ length: 700 }, (_, at) => `t${1000 + at}`);
      await store.write(() =>
        addFlow(flowOf(names.map((type, at) => [`q${at % 7}`, type] as const), at))
      );
      const rows = await readAll(store, undefined, minuteMs);
      assert.deepEqual(rows.map(({ type }) => type).sort(), names);
      assert.equal((await readAll(store, "q3", minuteMs)).length, 100);
      assert.equal(await store.write(() => forgetFlow(minuteMs, at + 1)), true);
      assert.equal((await readAll(store, undefined, minuteMs)).length, 201);
      assert.equal(await store.write(() => forgetFlow(minuteMs, at + 1)), false);
      assert.equal(await store.read(firstFlow(minuteMs)), undefined);
    });
  });
}
