/**
 * Patching jobs, one and many.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobPatch } from "../../../src/protocol/patch.ts";
import { completeJobs } from "../../../src/store/finish.ts";
import { patchJob, patchJobs } from "../../../src/store/patch-jobs.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const backoff = { exponent: 2, baseMs: 3, jitterMs: 4 };

/** Each field: the patch, the columns it changes, and what they hold then. */
const fields: readonly (readonly [JobPatch, Readonly<Record<string, unknown>>])[] = [
  [{}, {}],
  [{ queue: "other" }, { queue: "other" }],
  [{ priority: 0 }, { priority: 0 }],
  [{ readyAt: start + 9 }, { ready_at: start + 9, status: 0 }],
  [{ readyAt: start - 9 }, { ready_at: start - 9 }],
  [{ readyAt: null }, {}],
  [{ retryLimit: 8 }, { retry_limit: 8 }],
  [{ retryLimit: null }, { retry_limit: null }],
  [{ backoff }, { backoff: '{"exponent":2,"base_ms":3,"jitter_ms":4}' }],
  [{ backoff: null }, { backoff: null }],
  [{ retention: { deadMs: 7 } }, { retention: '{"completed_ms":5,"dead_ms":7}' }],
  [{ retention: { completedMs: null } }, { retention: null }],
  [{ retention: null }, { retention: null }],
];

/** Defines the tests. */
export function describePatch(open: () => Promise<TestStore>): void {
  describe("patchJob()", () => {
    const patch = (store: TestStore, id: string, change: JobPatch) =>
      store.write(() => patchJob(id, change, store.clock.now()));

    for (const [change, expected] of fields) {
      it(`changes what ${JSON.stringify(change)} says, and nothing else`, async () => {
        const store = await open();
        await store.given({
          id: "a",
          retryLimit: 2,
          backoff: '{"exponent":1.0,"base_ms":1,"jitter_ms":1}',
          retention: '{"completed_ms":5}',
        });
        const before = (await store.row("a"))!;
        const patched = await patch(store, "a", change);
        const after = (await store.row("a"))!;
        // An exponent is a float, and its text says so.
        const plain = (row: object) => JSON.stringify(row).replace(/(exponent\\":\d)\.0/, "$1");
        assert.equal(plain(after), plain({ ...before, ...expected }));
        assert.equal(patched!.status, after["status"]);
        const to = after["status"] === 0 ? "scheduled" : "ready";
        assert.deepEqual(store.changes(), [`1 ready > ${to}: a`]);
      });
    }

    it("makes a scheduled job ready when it is due now", async () => {
      for (const readyAt of [null, start]) {
        const store = await open();
        await store.given({ id: "a", readyAt: start + 50 });
        await patch(store, "a", { readyAt });
        assert.equal((await store.row("a"))!["ready_at"], start);
        assert.deepEqual(store.changes(), ["1 scheduled > ready: a"]);
      }
    });

    it("changes a job in flight, which stays with its holder", async () => {
      const store = await open();
      await store.given({ id: "a", budgets: [toBinding("x", 1, { allocation: 3 })] });
      const { holder } = await store.take();
      store.changes();
      await patch(store, "a", { priority: 1, readyAt: start + 50 });
      const row = (await store.row("a"))!;
      assert.deepEqual([row["status"], row["priority"], row["holder"], row["ready_at"]], [
        2,
        1,
        holder,
        start + 50,
      ]);
      assert.equal((await store.all("SELECT drawn FROM budgets"))[0]!["drawn"], 1);
      assert.deepEqual(store.changes(), ["1 in_flight > in_flight: a"]);
    });

    it("tells that a budget may pay for others when a waiting job moves away", async () => {
      const store = await open();
      await store.given({ id: "a", budgets: [toBinding("x", 1, { allocation: 3 })] });
      await patch(store, "a", { readyAt: start + 5 });
      assert.deepEqual(store.changes(), ["1 ready > scheduled: a", "budgets x"]);
    });

    it("gives a finished job as it is, and none that is missing or past its retention", async () => {
      const store = await open();
      await store.given({ id: "a", retention: '{"completed_ms":9}' });
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      store.changes();
      assert.equal((await patch(store, "a", { priority: 1 }))!.priority, 5);
      assert.equal((await store.row("a"))!["priority"], 5);
      assert.equal(await patch(store, "b", { priority: 1 }), undefined);
      store.clock.setNow(start + 9);
      assert.equal(await patch(store, "a", { priority: 1 }), undefined);
      assert.deepEqual(store.changes(), []);
    });
  });

  describe("patchJobs()", () => {
    it("patches the unfinished jobs of a selection and counts them", async () => {
      const store = await open();
      await store.given({ id: "f", retention: '{"completed_ms":9}' });
      await store.take();
      await store.write(() => completeJobs([{ id: "f" }], store.terms()));
      await store.given(
        { id: "a" },
        { id: "b", queue: "other" },
        { id: "c", readyAt: start + 50 },
      );
      const count = await store.write(() =>
        patchJobs({ queue: ["q"] }, { priority: 1, readyAt: null }, start)
      );
      assert.equal(count, 2);
      const found = await store.all("SELECT id FROM jobs WHERE priority = 1 ORDER BY id");
      assert.deepEqual(found, [{ id: "a" }, { id: "c" }]);
      assert.deepEqual(store.changes(), ["1 ready > ready: a", "1 scheduled > ready: c"]);
    });

    it("goes through more jobs than are read at a time, each once, also when they move on", async () => {
      const store = await open();
      const ids = Array.from({ length: 2100 }, (_, at) => `j${10_000 + at}`);
      await store.given(...ids.map((id) => ({ id })));
      assert.equal(await store.write(() => patchJobs({}, { queue: "z" }, start)), 2100);
      const [row] = await store.all("SELECT count(*) AS n FROM jobs WHERE queue = 'z'");
      assert.equal(row!["n"], 2100);
    });
  });
}
