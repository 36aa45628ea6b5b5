/**
 * Firing cron entries that are due.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBudget } from "../../../src/store/budgets.ts";
import { changeGroup, pauseEntry, removeEntry } from "../../../src/store/crons.ts";
import { findEntry } from "../../../src/store/crons-table.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { fireCron, listDue, nextFiring } from "../../../src/store/due-crons.ts";
import { getJob } from "../../../src/store/read.ts";
import { markSpawned } from "../../../src/store/spawned.ts";
import { draft, fire, fireDue, keep, knowing, nextAt, replace } from "./cron-sketches.ts";
import { start, type TestStore, toBinding, toEntry } from "./test-store.ts";

/** Defines the tests. */
export function describeFiring(open: () => Promise<TestStore>): void {
  describe("fireCron()", () => {
    it("stores the job and moves the schedule on", async () => {
      const store = await open();
      await keep(store, draft("e", { job: { queue: "mail", payload: '"p"' } }));
      store.changes();
      assert.equal(await store.read(nextFiring()), start + 10);
      assert.deepEqual(await store.read(listDue(start + 9)), []);
      store.clock.setNow(start + 10);
      assert.deepEqual(await fireDue(store, "a"), [{ fired: true }]);
      const row = (await store.row("a"))!;
      assert.deepEqual([row["queue"], row["payload_json"], row["status"]], ["mail", '"p"', 1]);
      assert.deepEqual(store.changes(), [`crons at ${start + 20}`, "1 none > ready: a"]);
      const entry = (await store.read(findEntry("g", "e")))!;
      assert.deepEqual([entry.nextAt, entry.lastAt], [start + 20, start + 10]);
    });

    it("fires an occurrence exactly once, however often it is read", async () => {
      const store = await open();
      await keep(store, draft("e"));
      store.clock.setNow(start + 10);
      const [entry] = await store.read(listDue(start + 10));
      assert.deepEqual(await fire(store, entry!, "a"), { fired: true });
      store.changes();
      assert.deepEqual(await fire(store, entry!, "b"), { fired: false });
      assert.equal(await store.statuses(), "a ready");
      assert.deepEqual(store.changes(), []);
    });

    it("fires nothing for an entry that is not as it was read, or is gone", async () => {
      for (
        const change of [
          (store: TestStore) => keep(store, draft("e", { job: { type: "u" } })),
          (store: TestStore) => keep(store, draft("e", { job: { payload: new Uint8Array([2]) } })),
          (store: TestStore) =>
            store.write(() => changeGroup("g", { paused: true }, knowing(start + 9))),
          (store: TestStore) => store.write(() => removeEntry("g", "e")),
        ]
      ) {
        const store = await open();
        await keep(store, draft("e", { job: { payload: new Uint8Array([1]) } }));
        const [entry] = await store.read(listDue(start + 10));
        await change(store);
        store.changes();
        assert.deepEqual(await fire(store, entry!, "a"), { fired: false });
        assert.deepEqual([await store.statuses(), store.changes()], ["", []]);
      }
    });

    it("fires an entry with bytes that is as it was read", async () => {
      const store = await open();
      await keep(store, draft("e", { job: { payload: new Uint8Array([1]), uniqueKey: "k" } }));
      store.clock.setNow(start + 10);
      assert.deepEqual(await fireDue(store, "a"), [{ fired: true }]);
      assert.equal((await store.row("a"))!["holds_key"], 1);
    });

    it("only moves a paused entry on", async () => {
      const store = await open();
      await replace(store, [draft("e"), draft("f", { paused: true })]);
      await store.write(() => pauseEntry("g", "e", true, knowing(start)));
      store.clock.setNow(start + 10);
      store.changes();
      assert.deepEqual(await fireDue(store, "a"), [{ fired: true }, { fired: true }]);
      assert.equal(await store.statuses(), "");
      const entry = (await store.read(findEntry("g", "e")))!;
      assert.deepEqual([entry.nextAt, entry.lastAt], [start + 20, null]);
      assert.deepEqual(store.changes(), [`crons at ${start + 20}`, `crons at ${start + 20}`]);
    });

    it("moves on when its job is refused, and tells why", async () => {
      const store = await open();
      const policy = { allocation: 4, durationMs: null, burst: null };
      await store.write(() => createBudget("x", policy, store.terms()));
      await keep(store, draft("e", { job: { budgets: [toBinding("x", 1)] } }));
      await store.all("DELETE FROM budgets RETURNING key");
      store.clock.setNow(start + 10);
      const [outcome] = await fireDue(store, "a");
      assert.deepEqual([outcome!.fired, outcome!.rejection?.kind], [true, "unprocessable"]);
      assert.deepEqual([await store.statuses(), await nextAt(store)], ["", start + 20]);
    });

    it("is due never again when its schedule ends", async () => {
      const store = await open();
      await keep(store, draft("e"));
      store.changes();
      const [entry] = await store.read(listDue(start + 10));
      const firing = { entry: entry!, nextAt: null, jobs: [] };
      await store.write(() => fireCron(firing, store.terms()));
      assert.equal(await store.read(nextFiring()), undefined);
      assert.deepEqual(store.changes(), []);
    });

    it("counts the jobs of an entry with an interval, and keeps what they came from", async () => {
      const store = await open();
      const interval = { everyMs: 10, startAt: start, catchUp: 1, backlog: 0 };
      await keep(store, draft("e", { expression: "", interval, job: { uniqueKey: "k" } }));
      store.clock.setNow(start + 25);
      const [entry] = await store.read(listDue(start + 25));
      const jobs = ["a", "b", "c"].map((id, at) => {
        const stored = toEntry(
          { id, readyAt: start + at * 10, uniqueKey: id === "b" ? "k" : null },
          start + 25,
        );
        return { ...stored, job: markSpawned(stored.job) };
      });
      await store.given({ id: "other", uniqueKey: "k" });
      await store.write(() => fireCron({ entry: entry!, nextAt: start + 30, jobs }, store.terms()));
      const { count, lastJobId, nextAt } = (await store.read(findEntry("g", "e")))!;
      assert.deepEqual([count, lastJobId, nextAt], [2, "c", start + 30]);
      const shown = await Promise.all(
        ["a", "c", "other"].map(async (id) =>
          (await store.read(getJob(id, start)))!.extra?.spawnedFrom
        ),
      );
      assert.deepEqual(shown, ["g/e", "g/e", undefined]);
      await store.write(() => removeJob("a"));
      assert.equal((await store.all("SELECT job FROM spawned")).length, 1);
    });
  });
}
