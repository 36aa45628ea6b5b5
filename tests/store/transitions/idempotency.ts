/**
 * Calls that may be repeated: done once, and forgotten in the order in which they came.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJobs } from "../../../src/store/delete-jobs.ts";
import { enqueueJobs, type StoredJob } from "../../../src/store/enqueue.ts";
import {
  enqueueOnce,
  forgetKeys,
  hasKeys,
  type KeyedCall,
  removeKeys,
} from "../../../src/store/idempotency.ts";
import { insertRows, toInsert } from "../../../src/store/transition.ts";
import { newJob } from "../../support/new-job.ts";
import { race } from "./race.ts";
import {
  dumpTables,
  type JobSketch,
  start,
  type TestStore,
  toBinding,
  toEntry,
} from "./test-store.ts";

/** No instant is wrong. */
const never = Number.MAX_SAFE_INTEGER;

/** Makes a call with a key; the ids are those that its jobs get if they are stored. */
function call(store: TestStore, key: string, jobs: readonly JobSketch[], fingerprint = 1) {
  const now = store.clock.now();
  const asked: KeyedCall = {
    key,
    fingerprint,
    jobs: jobs.map(({ id: _, ...job }) => ({ ...newJob, ...job })),
    ids: jobs.map(({ id }) => id),
    now,
  };
  return () =>
    enqueueOnce(
      asked,
      () => enqueueJobs(jobs.map((job) => toEntry(job, now)), store.terms()),
    );
}

/** What was told, without the payloads, which no answer shows, and the keys. */
function told(stored: unknown): unknown {
  return (stored as readonly StoredJob[]).map(({ job, ...marks }) => {
    const { payloadJson: _json, payloadPack: _pack, seq: _seq, ...rest } = job;
    return { ...rest, ...marks };
  });
}

/** Defines the tests. */
export function describeIdempotency(open: () => Promise<TestStore>): void {
  const fold = { key: "k", when: "true", fold: "$existing + $new" };

  describe("enqueueOnce()", () => {
    it("stores the jobs of a call once, and tells the same again", async () => {
      const store = await open();
      const jobs = [
        { id: "a", priority: 7, retryLimit: 3 },
        { id: "b", readyAt: start + 50 },
        { id: "c", budgets: [toBinding("x", 2, { allocation: 9 })], uniqueKey: "k\0" },
      ];
      const first = await store.write(call(store, "one", jobs));
      assert.deepEqual(store.changes().length, 2);
      await store.clock.advance(100);
      const again = await store.write(
        call(store, "one", jobs.map((job) => ({ ...job, id: `${job.id}2` }))),
      );
      assert.deepEqual(told(again), told(first));
      assert.deepEqual(store.changes(), []);
      assert.equal(await store.statuses(), "a ready, b scheduled, c ready");
    });

    it("tells the same of duplicates and folds, when what was there is gone", async () => {
      const store = await open();
      await store.given(
        { id: "a", type: "other", uniqueKey: "k", priority: 3 },
        { id: "b", queue: "other", payload: "[1]", batch: fold, retryLimit: 5 },
      );
      const jobs = [
        { id: "c", uniqueKey: "k", uniqueWhile: "exists" },
        { id: "d", payload: "[2]", batch: fold },
        { id: "e" },
      ];
      const first = await store.write(call(store, "one", jobs));
      await store.write(() => removeJobs({}));
      const before = await store.write(dumpTables);
      const again = await store.write(call(store, "one", jobs));
      assert.deepEqual(told(again), told(first));
      assert.deepEqual(
        (again as readonly StoredJob[]).map(({ job, duplicate, folded }) => {
          return [job.id, duplicate, folded];
        }),
        [["a", true, false], ["b", false, true], ["e", false, false]],
      );
      assert.deepEqual(await store.write(dumpTables), before);
    });

    it("keeps once what it tells of many jobs", async () => {
      const store = await open();
      const count = 1500;
      const jobs = Array.from(
        { length: count },
        (_, n) => ({ id: `j${1000 + n}`, payload: "[]", batch: { ...fold, fold: "$existing" } }),
      );
      const first = await store.write(call(store, "one", jobs));
      assert.deepEqual(told(await store.write(call(store, "one", jobs))), told(first));
      const [{ outcome }] = await store.all("SELECT outcome FROM idempotency_keys") as [
        { outcome: string },
      ];
      assert.ok(outcome.length < count * 5, `${outcome.length} characters`);
    });

    it("does calls of one commit once", async () => {
      const store = await open();
      const stored = await Promise.all(
        ["a", "b", "c"].map((id) => store.write(call(store, "one", [{ id }]))),
      );
      assert.deepEqual(told(stored[1]), told(stored[0]));
      assert.deepEqual(told(stored[2]), told(stored[0]));
      assert.equal(await store.statuses(), "a ready");
    });

    it("refuses a key that another call has, and stores nothing", async () => {
      const store = await open();
      await store.write(call(store, "one", [{ id: "a" }]));
      assert.deepEqual(await store.write(call(store, "one", [{ id: "b" }], 2)), {
        kind: "unprocessable",
        message: "idempotency key 'one' was used for another call",
      });
      assert.equal(await store.statuses(), "a ready");
    });

    it("leaves nothing of a call that is refused", async () => {
      const store = await open();
      const refused = await store.write(
        call(store, "one", [{ id: "a", budgets: [toBinding("none", 1)] }]),
      );
      assert.equal((refused as { kind: string }).kind, "unprocessable");
      assert.deepEqual(await store.all("SELECT * FROM idempotency_keys"), []);
      await store.write(call(store, "one", [{ id: "b" }], 2));
      assert.equal(await store.statuses(), "b ready");
    });

    it("knows a call without jobs, too", async () => {
      const store = await open();
      assert.deepEqual(await store.write(call(store, "none", [])), []);
      assert.deepEqual(await store.write(call(store, "none", [])), []);
      assert.equal((await store.all("SELECT * FROM idempotency_keys")).length, 1);
    });

    it("one whose answer an older version kept may lack fields that a job has now", async () => {
      const store = await open();
      await store.given({ id: "a", uniqueKey: "k" });
      await store.write(call(store, "one", [{ id: "b", uniqueKey: "k" }]));
      await store.write(function* () {
        const [row] = yield {
          kind: "rows",
          sql: "SELECT outcome FROM idempotency_keys",
          params: [],
        };
        const outcome = (row!["outcome"] as string).replace(',"deliveries":0', "");
        yield {
          kind: "each",
          sql: "UPDATE idempotency_keys SET outcome = ?",
          sets: [[outcome]],
        };
      });
      const again = await store.write(call(store, "one", [{ id: "c", uniqueKey: "k" }]));
      const [{ job, duplicate }] = again as readonly [StoredJob];
      assert.deepEqual([job.id, job.deliveries, duplicate], ["a", 0, true]);
    });

    it("does a call once if another broker does it at the same time", async () => {
      for (const sketch of [{}, { batch: fold, readyAt: start + 9 }]) {
        const { isStale, result, changes } = await race(open, {
          given: async () => {},
          transition: (store) => call(store, "one", [{ id: "a", ...sketch }])(),
          other: (store) => call(store, "one", [{ id: "b", ...sketch }])(),
        });
        assert.equal((result as readonly StoredJob[])[0]!.job.id, "b");
        assert.deepEqual(changes, []);
        assert.equal(isStale, "batch" in sketch);
      }
    });
  });

  describe("forgetKeys()", () => {
    const insert = toInsert("idempotency_keys", ["key", "fingerprint", "kept_at", "outcome"]);
    const given = (store: TestStore, keptAt: readonly number[]) =>
      store.write(() =>
        insertRows(
          insert,
          keptAt.flatMap((at, index) => [String(index).padStart(4, "0"), 1, at, "[]"]),
        )
      );
    const left = async (store: TestStore) =>
      (await store.all("SELECT key FROM idempotency_keys ORDER BY key")).map(({ key }) =>
        Number(key)
      );

    it("forgets what came until then, and what a wrong clock told, and nothing else", async () => {
      const store = await open();
      await given(store, [30, 10, 900, 20]);
      assert.ok(await store.read(hasKeys()));
      await store.write(() => forgetKeys("", { upTo: 9, after: 900 }));
      assert.deepEqual(await left(store), [0, 1, 2, 3]);
      await store.write(() => forgetKeys("", { upTo: 20, after: 900 }));
      assert.deepEqual(await left(store), [0, 2]);
      await store.write(() => forgetKeys("", { upTo: 20, after: 899 }));
      assert.deepEqual(await left(store), [0]);
      assert.equal(await store.write(() => forgetKeys("", { upTo: 30, after: 900 })), undefined);
      assert.equal(await store.read(hasKeys()), false);
    });

    it("goes piece by piece, and tells where to go on", async () => {
      const store = await open();
      await given(store, Array.from({ length: 2500 }, (_, at) => at % 2 === 0 ? 10 : 99));
      const seen: (string | undefined)[] = [];
      const counts: number[] = [];
      for (let behind: string | undefined = ""; behind !== undefined;) {
        const from: string = behind;
        behind = await store.write(() => forgetKeys(from, { upTo: 10, after: never }));
        seen.push(behind);
        counts.push((await left(store)).length);
      }
      assert.deepEqual([seen, counts], [["0999", "1999", undefined], [2000, 1500, 1250]]);
    });

    it("all of them, when the broker is reset", async () => {
      const store = await open();
      await given(store, [10, 20]);
      await store.write(removeKeys);
      assert.deepEqual(await left(store), []);
    });
  });
}
