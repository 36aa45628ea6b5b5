/**
 * How SQLite reads the table of jobs where a full reading would grow with what is stored.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expireLeases, nextExpiry } from "../../src/store/expire-leases.ts";
import { firstPlace, listOldestReady } from "../../src/store/oldest-ready.ts";
import { listOpenBatches } from "../../src/store/open-batches.ts";
import { recoverJobs, releaseHolder } from "../../src/store/release.ts";
import type { StepAnswer, Transition } from "../../src/store/transition.ts";
import { openMemory } from "./sqlite.ts";
import { openTestStore, start, type TestStore } from "./transitions/test-store.ts";

/** The plans of a transition's statements that read or write jobs, when each of them finds nothing. */
function plansOf(store: TestStore, transition: Transition<unknown>): string[] {
  const plans: string[] = [];
  for (let step = transition.next(); !step.done; step = transition.next([] as StepAnswer)) {
    if (step.value.kind !== "rows" || !/jobs|leases/.test(step.value.sql)) continue;
    const { sql, params } = step.value;
    const steps = (store.database as ReturnType<typeof openMemory>)
      .all(`EXPLAIN QUERY PLAN ${sql}`, params);
    plans.push(steps.map(({ detail }) => detail).join("\n"));
  }
  return plans;
}

describe("the plans of SQLite", () => {
  it("expireLeases() and nextExpiry() read the leases that are due, and no others", async () => {
    const store = await openTestStore(openMemory);
    try {
      const terms = { ...store.terms(), graceMsOf: () => 0 };
      for (const transition of [expireLeases(terms), nextExpiry()]) {
        const [plan] = plansOf(store, transition);
        assert.match(plan!, /SEARCH leases USING (COVERING )?INDEX leases_due/);
        assert.doesNotMatch(plan!, /TEMP B-TREE/);
      }
    } finally {
      await store.close();
    }
  });

  it("listOpenBatches() reads the heads of batches in their order, and no others", async () => {
    const store = await openTestStore(openMemory);
    try {
      for (const from of [undefined, "k"]) {
        const [plan] = plansOf(store, listOpenBatches({ from, order: "asc", limit: 50 }));
        assert.match(plan!, /(SCAN|SEARCH) jobs USING INDEX jobs_heads/);
        assert.doesNotMatch(plan!, /TEMP B-TREE/);
      }
    } finally {
      await store.close();
    }
  });

  it("listOldestReady() reads no more of a queue than the first job of each priority", async () => {
    const store = await openTestStore(openMemory);
    try {
      const [plan] = plansOf(store, listOldestReady(firstPlace, 200));
      const searches = plan!.match(/SEARCH jobs USING COVERING INDEX jobs_by_queue \(.*\)/g)!;
      const kinds = [
        "(queue=? AND budget_set=? AND priority>?)",
        "(queue=? AND budget_set>?)",
        "(queue>?)",
      ];
      assert.deepEqual(
        searches.map((search) => search.slice(search.indexOf("("))),
        [...kinds, ...kinds],
      );
      assert.doesNotMatch(plan!, /SCAN jobs/);
    } finally {
      await store.close();
    }
  });

  for (
    const [name, transition] of [
      ["recoverJobs()", (store) => recoverJobs(store.broker + 1, start + 1, store.terms())],
      ["releaseHolder()", (store) => releaseHolder(1, store.terms())],
    ] as readonly (readonly [string, (store: TestStore) => Transition<unknown>])[]
  ) {
    it(`${name} reads the jobs that are held, and no others`, async () => {
      const store = await openTestStore(openMemory);
      try {
        const plans = plansOf(store, transition(store));
        assert.equal(plans.length, 2);
        for (const plan of plans) {
          assert.match(plan, /(SCAN|SEARCH) jobs USING INDEX jobs_held/);
          assert.doesNotMatch(plan, /SCAN jobs$/m);
        }
      } finally {
        await store.close();
      }
    });
  }
});
