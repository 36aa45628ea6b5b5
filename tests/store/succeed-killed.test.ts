/** The broker is killed between any two statements of a success that stores jobs. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRejection } from "../../src/protocol/rejection.ts";
import { killBetween } from "./kill-between.ts";
import { kept, on } from "./transitions/dependency-sketches.ts";
import { succeed } from "./transitions/succeed-and-enqueue.ts";
import { dumpTables, type JobSketch, type TestStore, toBinding } from "./transitions/test-store.ts";

const budget = { allocation: 5 };

/** The job that ends, and those that are stored with it. */
const cases: Readonly<Record<string, readonly [Partial<JobSketch>, readonly JobSketch[]]>> = {
  "a plain job": [{}, [{ id: "b" }]],
  "a job that is kept, with a key and a budget": [
    {
      retention: kept,
      uniqueKey: "k",
      uniqueWhile: "active",
      budgets: [toBinding("x", 1, budget)],
    },
    [
      { id: "b", uniqueKey: "k", uniqueWhile: "active", tags: ["t"] },
      { id: "c", budgets: [toBinding("y", 1, budget)] },
    ],
  ],
  "a job that others wait for": [{}, [{ id: "b", dependsOn: [on("a as x")] }, {
    id: "c",
    dependsOn: [on("#0")],
  }]],
};

describe("a broker that is killed", () => {
  for (const [name, [job, jobs]] of Object.entries(cases)) {
    it(`between two statements of the end of ${name} has done nothing of it`, async () => {
      const { killed, before, store } = await killBetween({
        setUp: async (store: TestStore) => {
          await store.given({ id: "a", ...job });
          await store.take();
        },
        *transition(store) {
          const outcome = yield* succeed(store, jobs, { result: "1" });
          assert.ok(!isRejection(outcome) && "stored" in outcome);
        },
      });
      assert.ok(killed >= 4, `${killed} statements`);
      assert.notDeepEqual(await store.read(dumpTables()), before);
      await store.close();
    });
  }
});
