/**
 * Cron groups and entries.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Rejection } from "../../../src/protocol/rejection.ts";
import { changeBudget, createBudget, removeBudget } from "../../../src/store/budgets.ts";
import {
  changeGroup,
  getGroup,
  keepEntry,
  listGroups,
  pauseEntry,
  removeEntry,
  removeGroup,
  removeGroups,
  replaceGroup,
  type StoredCronGroup,
} from "../../../src/store/crons.ts";
import { findEntry } from "../../../src/store/crons-table.ts";
import { cronTerms, draft, ignorant, keep, knowing, nextAt, replace } from "./cron-sketches.ts";
import { start, type TestStore, toBinding } from "./test-store.ts";

/** Defines the tests. */
export function describeCrons(open: () => Promise<TestStore>): void {
  describe("cron groups", () => {
    it("keep exactly the entries they are given, in the order of their bytes when read", async () => {
      const store = await open();
      const put = await replace(store, ["ä", "B", "a", "Z"].map((name) => draft(name)));
      const entries = (put as StoredCronGroup).entries.map(({ name }) => name);
      assert.deepEqual(entries, ["ä", "B", "a", "Z"]);
      assert.deepEqual(store.changes(), [`crons at ${start + 10}`]);
      await replace(store, [draft("a"), draft("new"), draft("ä")]);
      const group = (await store.read(getGroup("g")))!;
      assert.deepEqual(group.entries.map(({ name }) => name), ["a", "new", "ä"]);
      assert.equal(await store.read(getGroup("none")), undefined);
    });

    it("are listed in the order of their bytes, and deleted", async () => {
      const store = await open();
      for (const name of ["ä", "B", "a", "Z"]) {
        await store.write(() => keepEntry(name, draft("e"), "create", cronTerms(store)));
      }
      assert.deepEqual(await store.read(listGroups()), ["B", "Z", "a", "ä"]);
      assert.equal(await store.write(() => removeGroup("a")), true);
      assert.equal(await store.write(() => removeGroup("a")), false);
      assert.equal((await store.all("SELECT * FROM cron_entries")).length, 3);
      assert.equal(await store.write(() => removeGroups()), 3);
      assert.deepEqual(await store.all("SELECT * FROM cron_entries"), []);
    });

    it("keep the schedule of an entry whose expression stays, and its other fields not", async () => {
      const store = await open();
      await replace(store, [draft("e")]);
      store.clock.setNow(start + 5);
      await replace(store, [draft("e", { job: { priority: 1 } })]);
      const entry = (await store.read(findEntry("g", "e")))!;
      assert.deepEqual([entry.nextAt, entry.priority], [start + 10, 1]);
      await replace(store, [draft("e", { expression: "20" })]);
      assert.equal(await nextAt(store), start + 25);
    });

    it("give entries without a zone of their own another schedule with another zone", async () => {
      const store = await open();
      await replace(store, [draft("e"), draft("own", { timezone: "UTC" })]);
      const changed = await store.write(() =>
        changeGroup("g", { timezone: "Asia/Tokyo" }, knowing(start + 1))
      );
      const { group, entries } = changed as StoredCronGroup;
      assert.equal(group.timezone, "Asia/Tokyo");
      assert.deepEqual(entries.map((entry) => entry.nextAt), [start + 60_011, start + 60_010]);
      assert.equal(await nextAt(store), start + 60_011);
      const none = await store.write(() => changeGroup("none", {}, knowing(start)));
      assert.equal(none, undefined);
    });

    it("pause and resume, and note when", async () => {
      const store = await open();
      await replace(store, [draft("e")], { paused: true });
      const facts = async () => {
        const { paused, pausedAt, resumedAt } = (await store.read(getGroup("g")))!.group;
        return [paused, pausedAt, resumedAt];
      };
      assert.deepEqual(await facts(), [1, start, null]);
      await store.write(() => changeGroup("g", { paused: false }, knowing(start + 3)));
      assert.deepEqual(await facts(), [0, start, start + 3]);
      assert.equal(await nextAt(store), start + 10);
    });

    it("leave behind what became due in a pause", async () => {
      const store = await open();
      await replace(store, [draft("e")], { paused: true });
      await store.write(() => changeGroup("g", { paused: false }, knowing(start + 30)));
      assert.equal(await nextAt(store), start + 40);
    });

    it("tell the schedules they miss before anything is written", async () => {
      const store = await open();
      const drafts = [draft("e"), draft("f", { expression: "20", timezone: "UTC" })];
      const blind = { ...store.terms(), occurrences: ignorant(start) };
      const options = { paused: null, timezone: null, drafts };
      const missing = [
        { expression: "10", timezone: null },
        { expression: "20", timezone: "UTC" },
      ];
      assert.deepEqual(await store.write(() => replaceGroup("g", options, blind)), { missing });
      const one = await store.write(() => keepEntry("g", draft("e"), "create", blind));
      assert.deepEqual(one, { missing: missing.slice(0, 1) });
      assert.deepEqual(await store.all("SELECT * FROM cron_groups"), []);
      await replace(store, drafts, { paused: true });
      const before = await store.all("SELECT * FROM cron_entries ORDER BY name");
      store.changes();
      const later = ignorant(start + 90_000);
      const resumed = await store.write(() => changeGroup("g", { paused: false }, later));
      assert.deepEqual(resumed, { missing });
      const paused = await store.write(() => pauseEntry("g", "e", true, later));
      assert.deepEqual(paused, { missing: missing.slice(0, 1) });
      assert.deepEqual(await store.all("SELECT * FROM cron_entries ORDER BY name"), before);
      assert.deepEqual(store.changes(), []);
    });

    it("refuse an entry that no budget can pay for, and write nothing", async () => {
      const store = await open();
      const outcome = await replace(store, [
        draft("e"),
        draft("f", { job: { budgets: [toBinding("x", 1)] } }),
      ]);
      const { kind, index } = outcome as unknown as Rejection;
      assert.deepEqual([kind, index], ["unprocessable", 1]);
      assert.deepEqual(await store.all("SELECT * FROM cron_groups"), []);
    });

    it("hold on to the budgets that their entries draw on", async () => {
      const store = await open();
      const policy = { allocation: 4, durationMs: null, burst: null };
      await store.write(() => createBudget("x", policy, store.terms()));
      await keep(store, draft("e", { job: { budgets: [toBinding("x", 3)] } }));
      const shrunk = await store.write(() => changeBudget("x", { allocation: 2 }, start));
      assert.match((shrunk as Rejection).message, /cron entry 'g\/e' draws 3/);
      const removed = await store.write(() => removeBudget("x"));
      assert.match((removed as Rejection).message, /including 'g\/e'/);
    });
  });

  describe("cron entries", () => {
    it("are kept with every field, also a key with U+0000", async () => {
      const store = await open();
      const job = { uniqueKey: "k\0a", payload: new Uint8Array([1, 0]), retryLimit: 2 };
      await keep(store, draft("e", { job, paused: true }));
      const entry = (await store.read(findEntry("g", "e")))!;
      assert.deepEqual(
        [entry.uniqueKey, entry.uniqueWhile, entry.retryLimit, entry.paused, entry.pausedAt],
        ["k\0a", "queued", 2, 1, null],
      );
      assert.deepEqual(new Uint8Array(entry.payloadPack!), new Uint8Array([1, 0]));
    });

    it("are created once, and replaced", async () => {
      const store = await open();
      await keep(store, draft("e"), "create");
      const again = await keep(store, draft("e", { job: { type: "u" } }), "create");
      assert.equal((again as Rejection).kind, "conflict");
      await keep(store, draft("e", { job: { type: "u" } }));
      assert.equal((await store.read(findEntry("g", "e")))!.type, "u");
      assert.equal(await store.write(() => removeEntry("g", "e")), true);
      assert.equal(await store.write(() => removeEntry("g", "e")), false);
      assert.equal((await store.read(getGroup("g")))!.entries.length, 0);
    });

    it("pause and resume, and leave behind what became due meanwhile", async () => {
      const store = await open();
      await keep(store, draft("e"));
      await store.write(() => pauseEntry("g", "e", true, knowing(start + 1)));
      store.clock.setNow(start + 20);
      await store.write(() => pauseEntry("g", "e", false, knowing(start + 20)));
      const entry = (await store.read(findEntry("g", "e")))!;
      assert.deepEqual([entry.paused, entry.pausedAt, entry.resumedAt, entry.nextAt], [
        0,
        start + 1,
        start + 20,
        start + 30,
      ]);
      const none = await store.write(() => pauseEntry("g", "none", true, knowing(start)));
      assert.equal(none, undefined);
    });
  });
}
