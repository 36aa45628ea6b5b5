/**
 * What time alone changes: promotion and reaping.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countCompleted } from "../../../src/store/counts.ts";
import {
  nextPromotion,
  nextReaping,
  promoteJobs,
  reapJobs,
  trimCompleted,
} from "../../../src/store/due-jobs.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

const manyIds = (count: number) => Array.from({ length: count }, (_, at) => `j${10_000 + at}`);

/** Defines the tests. */
export function describeDue(open: () => Promise<TestStore>): void {
  describe("promoteJobs()", () => {
    it("makes ready what is due, and nothing else", async () => {
      const store = await open();
      await store.given(
        { id: "a", readyAt: start + 10 },
        { id: "b", readyAt: start + 20 },
        { id: "c", readyAt: start + 21 },
      );
      assert.equal(await store.read(nextPromotion()), start + 10);
      assert.equal(await store.write(() => promoteJobs(start + 9)), false);
      assert.deepEqual(store.changes(), []);
      assert.equal(await store.write(() => promoteJobs(start + 20)), false);
      assert.equal(await store.statuses(), "a ready, b ready, c scheduled");
      assert.deepEqual(store.changes(), ["2 scheduled > ready: a b"]);
      assert.equal(await store.read(nextPromotion()), start + 21);
      await store.write(() => promoteJobs(start + 21));
      assert.equal(await store.read(nextPromotion()), undefined);
    });

    it("goes piece by piece, the earliest first, and tells when there may be more", async () => {
      const store = await open();
      const ids = manyIds(450);
      await store.given(...ids.map((id, at) => ({ id, readyAt: start + 1000 - at })));
      const moved: string[] = [];
      for (const more of [true, true, false]) {
        assert.equal(await store.write(() => promoteJobs(start + 2000)), more);
        moved.push(...store.changes());
      }
      assert.deepEqual(moved.map((change) => change.split(" ")[0]), ["200", "200", "50"]);
      assert.ok(moved[0]!.includes(ids[449]!) && !moved[0]!.includes(ids[0]!));
    });

    it("leaves ready jobs alone, whatever their instant", async () => {
      const store = await open();
      await store.given({ id: "a", readyAt: start - 5 });
      await store.write(() => promoteJobs(start));
      assert.deepEqual(store.changes(), []);
    });
  });

  describe("reapJobs()", () => {
    it("deletes what is past its retention, with its belongings, and nothing else", async () => {
      const store = await open();
      const budgets = [toBinding("x", 1, { allocation: 9 })];
      await store.given(
        { id: "a", retention: '{"completed_ms":10}', budgets },
        { id: "b", retention: '{"dead_ms":10}', budgets },
        { id: "c", retention: '{"completed_ms":11}' },
        { id: "d" },
      );
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }, { id: "c" }], store.terms()));
      await store.write(() => failJob({ id: "b" }, { message: "m", kill: true }, store.terms()));
      store.changes();
      assert.equal(await store.read(nextReaping()), start + 10);
      assert.equal(await store.write(() => reapJobs(start + 9)), false);
      assert.deepEqual(store.changes(), []);
      assert.equal(await store.write(() => reapJobs(start + 10)), false);
      assert.equal(await store.statuses(), "c completed, d in_flight");
      assert.deepEqual(store.changes().sort(), ["1 completed > none: a", "1 dead > none: b"]);
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
      assert.deepEqual(await store.all("SELECT * FROM bindings"), []);
      assert.equal(await store.read(nextReaping()), start + 11);
    });

    it("goes piece by piece and tells when there may be more", async () => {
      const store = await open();
      const ids = manyIds(1500);
      await store.given(...ids.map((id) => ({ id, retention: '{"completed_ms":10}' })));
      await store.take({ limit: 2000 });
      await store.write(() => completeJobs(ids.map((id) => ({ id })), store.terms()));
      store.changes();
      assert.equal(await store.write(() => reapJobs(start + 10)), true);
      assert.equal(await store.write(() => reapJobs(start + 10)), false);
      assert.deepEqual(store.changes().map((change) => change.split(" ")[0]), ["1000", "500"]);
      assert.equal(await store.statuses(), "");
      assert.equal(await store.read(nextReaping()), undefined);
    });
  });

  describe("trimCompleted()", () => {
    it("deletes those that completed first, with what belongs to them, and no others", async () => {
      const store = await open();
      const kept = { retention: '{"completed_ms":1000000,"dead_ms":1000000}' };
      await store.given(...["a", "b", "c", "d", "e"].map((id) => ({ id, ...kept })));
      await store.take();
      for (const [at, id] of ["c", "a", "d"].entries()) {
        store.clock.setNow(start + at);
        await store.write(() => completeJobs([{ id }], store.terms()));
      }
      await store.write(() => failJob({ id: "b" }, { message: "m", kill: true }, store.terms()));
      assert.equal(await store.read(countCompleted()), 3);
      store.changes();
      assert.equal(await store.write(() => trimCompleted(3)), 0);
      assert.equal(await store.write(() => trimCompleted(1)), 0);
      assert.deepEqual(store.changes(), ["2 completed > none: a c"]);
      assert.equal(await store.statuses(), "b dead, d completed, e in_flight");
      assert.equal(await store.read(countCompleted()), 1);
      assert.equal(await store.write(() => trimCompleted(0)), 0);
      assert.equal(await store.read(countCompleted()), 0);
    });
  });
}
