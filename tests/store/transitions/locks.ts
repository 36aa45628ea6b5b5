/**
 * Locks: on a database that others write to, a transition locks the rows that it reads in order to change them, and
 * who only reads locks nothing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { front } from "../../../src/store/backlog.ts";
import { changeBudget } from "../../../src/store/budgets.ts";
import { getBudget, listBudgets } from "../../../src/store/budgets-table.ts";
import { cancelJob, cancelJobs } from "../../../src/store/cancel.ts";
import { claimJobs } from "../../../src/store/claim.ts";
import {
  changeGroup,
  getGroup,
  keepEntry,
  pauseEntry,
  removeGroup,
  removeGroups,
  replaceGroup,
} from "../../../src/store/crons.ts";
import { findEntry } from "../../../src/store/crons-table.ts";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { claimRows, lockRows } from "../../../src/store/dialect.ts";
import { fireCron, listDue } from "../../../src/store/due-crons.ts";
import { promoteJobs, reapJobs } from "../../../src/store/due-jobs.ts";
import { enqueueJobs } from "../../../src/store/enqueue.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { dropRuns, recoverJobs, releaseHolder, releaseRuns } from "../../../src/store/release.ts";
import { patchJob, patchJobs } from "../../../src/store/patch-jobs.ts";
import { getJob, listJobs } from "../../../src/store/read.ts";
import { rebindJob } from "../../../src/store/rebind.ts";
import { retryJob } from "../../../src/store/retry-jobs.ts";
import type { Transition } from "../../../src/store/transition.ts";
import { cronTerms, draft, keep, knowing, toFiring } from "./cron-sketches.ts";
import { type JobSketch, start, type TestStore, toBinding, toEntry } from "./test-store.ts";

/** Runs a transition and gathers what it reads. */
function* spy(transition: Transition<unknown>, reads: string[]): Transition<void> {
  let step = transition.next();
  while (!step.done) {
    if (step.value.kind === "rows") reads.push(step.value.sql);
    step = transition.next(yield step.value);
  }
}

/** Reads rows, as opposed to counts, whether there are any, and the entries that a new policy must suit. */
const readsRows = (sql: string) =>
  /^SELECT (id|key|cron_group|name)\b.* FROM/s.test(sql.trim()) && !sql.includes("AS entry");
/** The few jobs that have more than most are read twice; the first time locks them. */
const isReadAgain = (sql: string) => sql.includes('AS "largeBytes"');
const isLocked = (sql: string) => sql.includes(lockRows) || sql.includes(claimRows);

const budgets = [toBinding("x", 1)];
const part = (id: string): JobSketch => {
  return { id, payload: "[]", batch: { key: "k", when: "true", fold: "$existing + $new" } };
};
const noBacklogs = { backlogs: [], heads: undefined };

/** What changes stored rows, each on a store that has something of everything. */
const writers: Readonly<Record<string, (store: TestStore) => Transition<unknown>>> = {
  "claimJobs(), plain": (store) =>
    claimJobs([{ queues: ["q"], limit: 1, holder: undefined, worker: undefined }], noBacklogs, {
      now: start,
      broker: store.broker,
    }),
  "claimJobs(), merged": (store) =>
    claimJobs(
      [{ queues: undefined, limit: 9, holder: undefined, worker: undefined }],
      { backlogs: [{ queue: "q", budgetSet: '["x"]', from: front }], heads: undefined },
      { now: start, broker: store.broker },
    ),
  "completeJobs()": (store) => completeJobs([{ id: "run" }], store.terms()),
  "failJob()": (store) => failJob({ id: "run" }, { message: "m" }, store.terms()),
  "releaseRuns()": (store) => releaseRuns([{ id: "run" }], store.terms()),
  "cancelJob()": (store) => cancelJob("run", { reason: "r", forceAfterMs: 5 }, store.terms()),
  "cancelJobs()": (store) =>
    cancelJobs({}, { reason: "r", forceAfterMs: undefined }, store.terms()),
  "retryJob()": () => retryJob("a", start),
  "dropRuns()": (store) => dropRuns([{ id: "run" }], store.terms()),
  "releaseHolder()": (store) => releaseHolder(1, store.terms()),
  "recoverJobs()": (store) => recoverJobs(store.broker + 1, start + 1, store.terms()),
  "patchJob()": () => patchJob("a", { priority: 1 }, start),
  "patchJobs()": () => patchJobs({}, { priority: 1 }, start),
  "removeJob()": () => removeJob("a"),
  "removeJobs()": () => removeJobs({}),
  "rebindJob()": (store) => rebindJob("a", { kind: "remove", key: "x" }, store.terms()),
  "promoteJobs()": () => promoteJobs(start + 999),
  "reapJobs()": () => reapJobs(start + 999),
  "enqueueJobs(), unique": (store) =>
    enqueueJobs([toEntry({ id: "n", uniqueKey: "k" }, start)], store.terms()),
  "enqueueJobs(), folded": (store) => enqueueJobs([toEntry(part("n"), start)], store.terms()),
  "changeBudget()": () => changeBudget("x", { allocation: 9 }, start),
  "keepEntry()": (store) => keepEntry("g", draft("e"), "replace", cronTerms(store)),
  "replaceGroup()": (store) =>
    replaceGroup("g", { paused: true, timezone: null, drafts: [draft("e")] }, cronTerms(store)),
  "changeGroup()": () => changeGroup("g", { paused: true }, knowing(start)),
  "pauseEntry()": () => pauseEntry("g", "e", true, knowing(start)),
};

/** Defines the tests. */
export function describeLocks(open: () => Promise<TestStore>): void {
  const openFull = async () => {
    const store = await open();
    await store.given({ id: "run", budgets: [toBinding("x", 1, { allocation: 4 })] });
    await store.take();
    await store.given(
      { id: "a", budgets },
      { id: "b", uniqueKey: "k", uniqueWhile: "queued" },
      { id: "c", readyAt: start + 5 },
      part("d"),
    );
    await keep(store, draft("e"));
    return store;
  };

  describe("locks", () => {
    for (const [name, writer] of Object.entries(writers)) {
      it(`${name} locks the rows it reads in order to change them`, async () => {
        const store = await openFull();
        const reads: string[] = [];
        await store.write(() => spy(writer(store), reads));
        const rows = reads.filter(readsRows);
        assert.deepEqual(rows.filter((sql) => !isLocked(sql) && !isReadAgain(sql)), []);
        assert.ok(rows.length > 0, "it reads no rows");
      });
    }

    it("fireCron() locks the entry before it fires", async () => {
      const store = await openFull();
      const [entry] = await store.read(listDue(start + 10));
      const reads: string[] = [];
      const firing = toFiring(entry!, "n", start + 10);
      await store.write(() => spy(fireCron(firing, store.terms()), reads));
      assert.ok(isLocked(reads[0]!));
    });

    it("removeGroup() and removeGroups() wait for who adds an entry: they delete the group first", async () => {
      for (const transition of [() => removeGroup("g"), () => removeGroups()]) {
        const store = await openFull();
        const [first] = await store.write(function* () {
          const steps = transition();
          const writes: string[] = [];
          for (let step = steps.next(); !step.done; step = steps.next(yield step.value)) {
            if ("sql" in step.value) writes.push(step.value.sql);
          }
          return writes;
        });
        assert.match(first!, /^DELETE FROM cron_groups/);
        assert.deepEqual(await store.all("SELECT * FROM cron_entries"), []);
      }
    });

    it("who only reads locks nothing", async () => {
      const store = await openFull();
      const reads: string[] = [];
      const page = { behind: undefined, order: "asc", limit: 9 } as const;
      for (
        const transition of [
          getJob("a", start),
          listJobs({}, page, start),
          getBudget("x"),
          listBudgets(),
          getGroup("g"),
          findEntry("g", "e"),
          listDue(start + 10),
        ]
      ) await store.read(spy(transition, reads));
      assert.ok(reads.length >= 7);
      assert.deepEqual(reads.filter(isLocked), []);
    });
  });
}
