/** Tracking: what is kept of jobs that are tracked. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import {
  keysTracked,
  listExpired,
  listTracked,
  trackJob,
  untrackJob,
} from "../../../src/store/tracking.ts";
import { race } from "./race.ts";
import { start, type TestStore } from "./test-store.ts";

/** Defines the tests. */
export function describeTracking(open: () => Promise<TestStore>): void {
  describe("tracking", () => {
    it("marks a job, tells of it once, and keeps its place", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      assert.equal(await store.write(() => trackJob("a", start)), true);
      assert.equal(await store.write(() => trackJob("b", start)), true);
      assert.equal(await store.write(() => trackJob("a", start)), true);
      assert.deepEqual(store.changes(), ["1 ready > ready: a", "1 ready > ready: b"]);
      const page = { from: undefined, order: "desc", limit: 9 } as const;
      const [last] = await store.read(listTracked(page));
      assert.equal(last!.seq, (await store.row("b"))!["seq"]);
      assert.equal((await store.read(listTracked({ ...page, from: last!.place }))).length, 1);
      assert.equal((await store.read(keysTracked(2)))!.length, 2);
      assert.equal(await store.read(keysTracked(1)), undefined);
    });

    it("ends when it is told to, also for what is not there", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x"] });
      await store.write(() => trackJob("a", start));
      assert.equal((await store.row("a"))!["traits"], 24);
      await store.write(() => untrackJob("a"));
      assert.equal((await store.row("a"))!["traits"], 8);
      await store.write(() => untrackJob("a"));
      await store.write(() => untrackJob("none"));
      assert.equal(await store.write(() => trackJob("none", start)), false);
      assert.deepEqual(await store.all("SELECT * FROM tracked"), []);
    });

    it("remembers jobs that are gone, until another one of their id is tracked", async () => {
      const store = await open();
      await store.given({ id: "a" }, { id: "b" });
      for (const id of ["a", "b"]) await store.write(() => trackJob(id, start));
      for (const id of ["b", "a"]) await store.write(() => removeJob(id));
      assert.deepEqual(await store.read(listExpired()), ["b", "a"]);
      await store.given({ id: "b" });
      await store.write(() => trackJob("b", start));
      assert.deepEqual(await store.read(listExpired()), ["a"]);
      await store.write(() => untrackJob("a"));
      assert.deepEqual(await store.read(listExpired()), []);
    });

    it("starts over when somebody else could change or remove the job", async () => {
      const others = [() => removeJob("a"), () => patchJob("a", { readyAt: start + 500 }, start)];
      for (const other of others) {
        const raced = await race<unknown>(open, {
          given: (store) => store.given({ id: "a" }),
          transition: () => trackJob("a", start),
          other,
        });
        assert.equal(raced.isStale, true);
      }
    });
  });
}
