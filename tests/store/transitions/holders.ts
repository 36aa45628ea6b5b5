/**
 * Who holds jobs: giving back what a stream held, and what brokers held that are gone.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { farFuture } from "../../../src/store/add-saturating.ts";
import { completeJobs } from "../../../src/store/finish.ts";
import { recoverJobs, releaseHolder } from "../../../src/store/release.ts";
import { deleteBroker, markBrokerSeen, registerBroker } from "../../../src/store/holders.ts";
import { type JobSketch, start, type TestStore, toBinding } from "./test-store.ts";

/** A plain job, one with a unique key, one that draws on a budget. */
const kinds: readonly JobSketch[] = [
  { id: "a" },
  { id: "b", uniqueKey: "k", uniqueWhile: "queued" },
  { id: "c", budgets: [toBinding("x", 2, { allocation: 5 })] },
];
const drawn = async (store: TestStore) =>
  (await store.all("SELECT drawn FROM budgets"))[0]!["drawn"];
const holderRows = async (store: TestStore) =>
  (await store.all("SELECT id FROM holders ORDER BY id")).map(({ id }) => id);

/** Defines the tests. */
export function describeHolders(open: () => Promise<TestStore>): void {
  describe("releaseHolder()", () => {
    it("gives back all kinds of jobs, uncharged, with keys and tokens, and forgets the stream", async () => {
      const store = await open();
      await store.given(...kinds);
      const { holder } = await store.take();
      assert.deepEqual([await drawn(store), await store.statuses()], [
        2,
        "a in_flight, b in_flight, c in_flight",
      ]);
      store.changes();
      await store.write(() => releaseHolder(holder, store.terms()));
      assert.equal(await store.statuses(), "a ready, b ready, c ready");
      assert.equal(await drawn(store), 0);
      const found = await store.all("SELECT holder, attempts, holds_key FROM jobs ORDER BY id");
      assert.deepEqual(found, [
        { holder: null, attempts: 0, holds_key: 0 },
        { holder: null, attempts: 0, holds_key: 1 },
        { holder: null, attempts: 0, holds_key: 0 },
      ]);
      assert.deepEqual(await holderRows(store), []);
      assert.deepEqual(store.changes(), [
        "1 in_flight > ready: a",
        "1 in_flight > ready: b",
        "1 in_flight > ready: c",
        "budgets x refunded",
      ]);
    });

    it("gives back only what the stream still holds", async () => {
      const store = await open();
      await store.given(...kinds, { id: "d" }, { id: "e" });
      const mine = await store.take({ limit: 4 });
      const other = await store.take();
      assert.deepEqual([mine.ids, other.ids], [["a", "b", "c", "d"], ["e"]]);
      await store.write(() => completeJobs([{ id: "a" }, { id: "c" }], store.terms()));
      await store.given({ id: "z" });
      store.changes();
      await store.write(() => releaseHolder(mine.holder, store.terms()));
      assert.equal(await store.statuses(), "b ready, d ready, e in_flight, z ready");
      assert.deepEqual(store.changes(), ["1 in_flight > ready: d", "1 in_flight > ready: b"]);
      assert.deepEqual(await holderRows(store), [other.holder]);
      assert.equal((await store.row("e"))!["holder"], other.holder);
    });

    it("leaves alone what was delivered to another stream since", async () => {
      const store = await open();
      await store.given(...kinds);
      const first = await store.take();
      await store.write(() => releaseHolder(first.holder, store.terms()));
      const second = await store.take();
      store.changes();
      await store.write(() => releaseHolder(first.holder, store.terms()));
      assert.equal(await store.statuses(), "a in_flight, b in_flight, c in_flight");
      assert.deepEqual([await drawn(store), store.changes()], [2, []]);
      assert.deepEqual(await holderRows(store), [second.holder]);
    });
  });

  describe("recoverJobs()", () => {
    it("gives back what brokers held that are gone, and nothing of those that are there", async () => {
      const store = await open();
      const gone = await store.write(() => registerBroker(start - 100));
      await store.given(...kinds, { id: "d" }, { id: "e", queue: "other" });
      await store.take({ broker: gone, limit: 3 });
      const alive = await store.take({ limit: 1 });
      await store.take({ broker: gone });
      store.changes();
      await store.write(() => recoverJobs(store.broker, start - 50, store.terms()));
      assert.equal(await store.statuses(), "a ready, b ready, c ready, d in_flight, e ready");
      assert.equal(await drawn(store), 0);
      assert.deepEqual(store.changes().sort(), [
        "1 in_flight > ready: b",
        "1 in_flight > ready: c",
        "2 in_flight > ready: a e",
        "budgets x refunded",
      ]);
      assert.deepEqual(await holderRows(store), [alive.holder]);
      const brokers = await store.all("SELECT id FROM brokers");
      assert.deepEqual(brokers, [{ id: store.broker }]);
      assert.equal((await store.row("d"))!["holder"], alive.holder);
    });

    it("leaves brokers alone that were seen since, and takes all others for gone at the end of time", async () => {
      const store = await open();
      const other = await store.write(() => registerBroker(start - 100));
      await store.given(...kinds);
      await store.take({ broker: other });
      assert.equal(await store.write(() => markBrokerSeen(other, start)), true);
      store.changes();
      await store.write(() => recoverJobs(store.broker, start, store.terms()));
      assert.equal(await store.statuses(), "a in_flight, b in_flight, c in_flight");
      assert.deepEqual(store.changes(), []);
      await store.write(() => recoverJobs(store.broker, farFuture, store.terms()));
      assert.equal(await store.statuses(), "a ready, b ready, c ready");
    });

    it("gives back what a holder has that is not known", async () => {
      const store = await open();
      await store.given(...kinds, { id: "d" });
      await store.take();
      await store.all("UPDATE jobs SET holder = 0 WHERE id < 'c' RETURNING id");
      await store.all("UPDATE jobs SET holder = 999 WHERE id = 'c' RETURNING id");
      await store.write(() => recoverJobs(store.broker, 0, store.terms()));
      assert.equal(await store.statuses(), "a ready, b ready, c ready, d in_flight");
    });

    it("never takes the broker that looks for gone", async () => {
      const store = await open();
      await store.given({ id: "a" });
      await store.take();
      await store.write(() => recoverJobs(store.broker, farFuture, store.terms()));
      assert.equal(await store.statuses(), "a in_flight");
    });
  });

  describe("brokers", () => {
    it("a broker that was taken for gone hears of it; its number is never used again", async () => {
      const store = await open();
      const other = await store.write(() => registerBroker(start));
      await store.write(() => deleteBroker(other));
      assert.equal(await store.write(() => markBrokerSeen(other, start)), false);
      assert.ok(await store.write(() => registerBroker(start)) > other);
    });
  });
}
