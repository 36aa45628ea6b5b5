/** What becomes of entries of the outbox. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unprocessable } from "../../../src/protocol/rejection.ts";
import {
  moveOutbox,
  numberEntries,
  type OutboxEntry,
  type OutboxTerms,
  readFront,
  readOutbox,
  refuseEntry,
  removeOutbox,
} from "../../../src/store/outbox.ts";
import { insertRows, run, toInsert } from "../../../src/store/transition.ts";
import { start, type TestStore, toBinding, toEntry } from "./test-store.ts";

const insert = toInsert("outbox", ["id", "stored_at", "job"]);

/** Defines the tests. */
export function describeOutbox(open: () => Promise<TestStore>): void {
  /** Writes entries, whose text is what is given of a job; `bad` in it is refused. */
  const fill = (store: TestStore, ...entries: readonly (readonly [id: string, job?: object])[]) =>
    store.write(() =>
      insertRows(insert, entries.flatMap(([id, job = {}]) => [id, start, JSON.stringify(job)]))
    );
  const move = (store: TestStore, terms: Partial<OutboxTerms> = {}) =>
    store.write(() =>
      moveOutbox({
        limit: 100,
        maxBytes: 1000,
        maxEntryBytes: 10_000,
        admit: ({ id, job }: OutboxEntry) =>
          job.includes("bad")
            ? unprocessable("it is bad")
            : toEntry({ id: id!, ...JSON.parse(job) }, store.clock.now()),
        enqueue: store.terms(),
        ...terms,
      })
    );
  const waiting = async (store: TestStore) =>
    (await store.all("SELECT id FROM outbox ORDER BY entry")).map(({ id }) => id).join(" ");
  const refused = async (store: TestStore) =>
    (await store.all("SELECT id, reason FROM outbox_refused ORDER BY entry"))
      .map(({ id, reason }) => `${id}: ${reason}`);
  const on = (id: string) => ({ id, item: null, onDead: "stay" as const, name: null });

  describe("the outbox", () => {
    it("becomes jobs, in pieces of so many entries or bytes", async () => {
      const store = await open();
      await fill(store, ["a"], ["b"], ["c"], ["d", { queue: "other" }], ["e"]);
      store.changes();
      const first = await move(store, { limit: 2 });
      assert.deepEqual(first, { found: 2, refused: [], left: 0, hasMore: true });
      assert.deepEqual(store.changes(), ["2 none > ready: a b"]);
      assert.equal((await move(store, { maxBytes: 18 })).found, 1, "c and d are 19 bytes");
      assert.equal((await move(store, { maxBytes: 19 })).found, 2, "d and e are 19 bytes");
      assert.equal(await waiting(store), "");
    });

    it("refuses what is too large, and what was written at no time, as it is", async () => {
      const store = await open();
      await fill(store, ["a"], ["large", { payload: "x".repeat(200) }], ["x".repeat(129)], ["b"]);
      const wild = "9007199254740993";
      await store.write(() => run(`UPDATE outbox SET stored_at = ${wild} WHERE id = 'a'`));
      const { found, refused: told } = await move(store, { maxEntryBytes: 200 });
      assert.deepEqual([found, told.map(({ id }) => id)], [4, ["a", "large", null]]);
      assert.deepEqual(await refused(store), [
        "a: stored_at is no time in ms since the epoch",
        "large: job is 214 bytes, at most 200 are accepted",
        `${"x".repeat(129)}: id is 129 bytes, at most 128 are accepted`,
      ]);
      const kept = await store.all(
        "SELECT CAST(stored_at AS TEXT) AS at, octet_length(job) AS size FROM outbox_refused ORDER BY entry",
      );
      assert.deepEqual([kept[0]!["at"], kept[1]!["size"]], [wild, 214]);
      assert.equal(await store.statuses(), "b ready");
    });

    it("passes over numbers that cannot be read, until they are others", async () => {
      const store = await open();
      await fill(store, ["a"], ["b"], ["c"]);
      const renumber = (id: string, entry: string) =>
        store.write(() => run(`DELETE FROM outbox WHERE id = '${id}'`)).then(() =>
          store.write(() =>
            run(
              `INSERT INTO outbox (entry, id, job) ${overriding} VALUES (${entry}, '${id}', '{}')`,
            )
          )
        );
      const overriding = store.database.dialect === "postgres" ? "OVERRIDING SYSTEM VALUE" : "";
      await renumber("a", "9007199254740993");
      await renumber("c", "-9007199254740993");
      assert.deepEqual(await store.read(readFront()), { first: 2, hasWild: true });
      assert.equal((await move(store)).found, 1);
      assert.deepEqual(await store.read(readFront()), { first: null, hasWild: true });
      if (store.database.dialect === "sqlite") return; // It numbers behind the greatest, whoever wrote that.
      assert.equal(await store.write(() => numberEntries(1)), 1);
      assert.equal(await store.write(() => numberEntries(10)), 1);
      assert.equal(await store.write(() => numberEntries(10)), 0);
      await move(store);
      assert.equal(await store.statuses(), "a ready, b ready, c ready");
    });

    it("keeps what was refused under a number that comes again", async () => {
      const store = await open();
      await fill(store, ["a", { tags: ["bad"] }]);
      await move(store);
      await fill(store, ["b", { tags: ["bad"] }]);
      await store.write(() => run("UPDATE outbox_refused SET entry = (SELECT entry FROM outbox)"));
      await move(store);
      assert.deepEqual(await refused(store), ["a: it is bad"]);
      assert.equal(await waiting(store), "b");
      await move(store);
      assert.deepEqual(await refused(store), ["a: it is bad", "b: it is bad"]);
      assert.equal(await waiting(store), "");
    });

    it("gives one entry at least, however long it is", async () => {
      const store = await open();
      await fill(store, ["a", { payload: `"${"x".repeat(50)}"` }], ["b"]);
      assert.deepEqual(await move(store, { maxBytes: 10 }), {
        found: 1,
        refused: [],
        left: 0,
        hasMore: true,
      });
      assert.equal((await move(store)).hasMore, false);
      assert.equal((await move(store)).found, 0);
      assert.equal(await store.statuses(), "a ready, b ready");
    });

    it("keeps apart what is refused, with the reason, and stores the others", async () => {
      const store = await open();
      const budget = (key: string) => ({ budgets: [toBinding(key, 9, { allocation: 1 })] });
      await fill(store, ["a"], ["b", { tags: ["bad"] }], ["c"], ["d", budget("k")], ["e"]);
      const { refused: told } = await move(store);
      assert.deepEqual(told.map(({ id, reason }) => [id, reason])[0], ["b", "it is bad"]);
      assert.equal(await store.statuses(), "a ready, c ready, e ready");
      assert.deepEqual((await refused(store)).map((text) => text.slice(0, 3)), ["b: ", "d: "]);
      assert.equal(await waiting(store), "");
      const [row] = await store.all("SELECT * FROM outbox_refused ORDER BY entry LIMIT 1");
      assert.deepEqual([row!["stored_at"], row!["job"]], [start, '{"tags":["bad"]}']);
    });

    it("stores no second job of an id, in one piece or later", async () => {
      const store = await open();
      await store.given({ id: "a", priority: 7 });
      await fill(store, ["a"], ["b"], ["b", { queue: "other" }]);
      assert.deepEqual((await move(store)).refused, []);
      await fill(store, ["b"]);
      await move(store);
      assert.equal(await store.statuses(), "a ready, b ready");
      assert.equal((await store.row("b"))!["queue"], "q");
      assert.equal((await store.row("a"))!["priority"], 7);
      assert.equal(await waiting(store), "");
    });

    it("lets a job wait for one that was written before it", async () => {
      const store = await open();
      await fill(store, ["a"], ["b", { dependsOn: [on("a")] }], ["c", { dependsOn: [on("b")] }]);
      await move(store);
      assert.equal(await store.statuses(), "a ready, b blocked, c blocked");
    });

    it("refuses a job that waits for one that was refused, now or before", async () => {
      const store = await open();
      await fill(store, ["a", { tags: ["bad"] }], ["b", { dependsOn: [on("a")] }]);
      await move(store);
      await fill(store, ["c", { dependsOn: [on("b")] }]);
      await move(store);
      assert.deepEqual(await refused(store), [
        "a: it is bad",
        "b: waits for 'a', which was refused",
        "c: waits for 'b', which was refused",
      ]);
      assert.equal(await store.statuses(), "");
    });

    it("leaves a job whose parent came before and is somebody else's just now", async () => {
      const store = await open();
      await fill(store, ["a"], ["b", { dependsOn: [on("a")] }], ["c"]);
      const [, b] = await store.all("SELECT entry FROM outbox ORDER BY entry");
      const only = b!["entry"] as number;
      assert.deepEqual(await move(store, { only }), {
        found: 1,
        refused: [],
        left: 1,
        hasMore: false,
      });
      assert.equal(await waiting(store), "a b c");
      await move(store);
      assert.equal(await store.statuses(), "a ready, b blocked, c ready");
    });

    it("waits for no job that comes later", async () => {
      const store = await open();
      await fill(store, ["b", { dependsOn: [on("a")] }], ["a"]);
      await move(store, { limit: 1 });
      assert.equal(await store.statuses(), "b ready");
    });

    it("ends a piece where it is told to", async () => {
      const store = await open();
      await fill(store, ["a"], ["b"]);
      const admit = ({ id }: OutboxEntry) => id === "a" ? toEntry({ id }, start) : undefined;
      assert.deepEqual(await move(store, { admit }), {
        found: 1,
        refused: [],
        left: 0,
        hasMore: true,
      });
      assert.equal(await waiting(store), "b");
    });

    it("refuses a single entry, and tells what there is", async () => {
      const store = await open();
      assert.deepEqual(await store.read(readFront()), { first: null, hasWild: false });
      await fill(store, ["a"], ["b"]);
      const entry = (await store.read(readFront())).first!;
      const terms = { reason: "too large", now: start + 5 };
      assert.deepEqual(await store.write(() => refuseEntry(entry, terms)), {
        entry,
        id: "a",
        reason: "too large",
      });
      assert.equal(await store.write(() => refuseEntry(entry, terms)), undefined);
      assert.deepEqual(await store.read(readOutbox()), {
        waiting: 1,
        refused: 1,
        oldestAt: start,
      });
      await store.write(removeOutbox);
      assert.deepEqual(await store.read(readOutbox()), {
        waiting: 0,
        refused: 0,
        oldestAt: undefined,
      });
    });
  });
}
