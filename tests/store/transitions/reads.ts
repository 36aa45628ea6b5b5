/**
 * Reading and searching jobs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completeJobs } from "../../../src/store/finish.ts";
import { getJob, getMetadata, listBacklogs, listJobs } from "../../../src/store/read.ts";
import { countExpired, listQueues, sumCounts } from "../../../src/store/counts.ts";
import { keyBehind } from "../../../src/store/read.ts";
import { type Search, searchKeys } from "../../../src/store/search.ts";
import { probeCommit } from "../../../src/store/probe.ts";
import type { JobSelection } from "../../../src/store/where.ts";
import { seqOf, start, type TestStore, toBinding } from "./test-store.ts";

/** In the order of their UTF-8 bytes. */
const names = ["B", "Z", "a", "b", "ä", "\uffee", "😀"];

/** Defines the tests. */
export function describeReads(open: () => Promise<TestStore>): void {
  describe("reads", () => {
    it("list queues in the order of their bytes", async () => {
      const store = await open();
      await store.given(...names.toReversed().map((queue, at) => ({ id: `${at}`, queue })));
      assert.deepEqual(await store.read(listQueues()), names);
    });

    it("list backlogs of ready jobs by queue and set, in the order of their bytes", async () => {
      const store = await open();
      const create = { allocation: 9 };
      await store.given(
        { id: "1", queue: "ä", budgets: [toBinding("z", 1, create)] },
        { id: "2", queue: "Z", budgets: [toBinding("b", 1, create), toBinding("Z", 1, create)] },
        { id: "3", queue: "Z", budgets: [toBinding("ä", 1, create)] },
        { id: "4", queue: "Z", budgets: [toBinding("Z", 2), toBinding("b", 1)] },
        { id: "5", queue: "a" },
        { id: "6", queue: "a", budgets: [toBinding("z", 1)], readyAt: start + 1 },
      );
      const from = (id: string) => ({ priority: 5, seq: seqOf(id) });
      const { backlogs, next } = await store.read(listBacklogs());
      const found = backlogs.map((backlog) => ({ ...backlog, from: { ...backlog.from } }));
      assert.deepEqual({ backlogs: found, next }, {
        backlogs: [
          { queue: "Z", budgetSet: '["Z","b"]', from: from("2") },
          { queue: "Z", budgetSet: '["ä"]', from: from("3") },
          { queue: "a", budgetSet: "", from: from("5") },
          { queue: "ä", budgetSet: '["z"]', from: from("1") },
        ],
        next: undefined,
      });
    });

    it("list jobs by id in both orders, page by page", async () => {
      const store = await open();
      await store.given(...names.map((id) => ({ id, queue: id === "a" ? "other" : "q" })));
      const list = async (
        page: { from?: string; order?: "desc"; limit?: number },
        selection: JobSelection = {},
      ) => {
        const { from, order = "asc", limit = 100 } = page;
        const behind = from === undefined ? undefined : await store.read(keyBehind(from, order));
        const found = await store.read(listJobs(selection, { behind, order, limit }, start));
        return found.map(({ id }) => id);
      };
      assert.deepEqual(await list({}), names);
      assert.deepEqual(await list({ order: "desc" }), names.toReversed());
      assert.deepEqual(await list({ from: "Z", limit: 2 }), ["a", "b"]);
      assert.deepEqual(await list({ from: "b", order: "desc", limit: 2 }), ["a", "Z"]);
      assert.deepEqual(await list({ from: "Z", limit: 2 }, { queue: ["q"] }), ["b", "ä"]);
    });

    it("see no job past its retention", async () => {
      const store = await open();
      await store.given({ id: "a", retention: '{"completed_ms":10}' });
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      await store.given({ id: "b" });
      const page = { behind: undefined, order: "asc", limit: 9 } as const;
      for (const [now, ids] of [[start + 9, ["a", "b"]], [start + 10, ["b"]]] as const) {
        const listed = await store.read(listJobs({}, page, now));
        assert.deepEqual(listed.map(({ id }) => id), ids);
        const count = async (selection: JobSelection) =>
          (await store.read(sumCounts(selection))).count -
          (await store.read(countExpired(selection, now))).count;
        assert.equal(await count({}), ids.length);
        assert.equal(await count({ status: [3] }), ids.length - 1);
        assert.equal((await store.read(getJob("a", now)))?.id, ids.length === 2 ? "a" : undefined);
        const metadata = await store.read(getMetadata("a", now));
        assert.equal(metadata?.id, ids.length === 2 ? "a" : undefined);
      }
    });

    it("read metadata without the payload", async () => {
      const store = await open();
      await store.given({ id: "a", payload: '"p"' });
      const metadata = (await store.read(getMetadata("a", start)))!;
      assert.equal(metadata.payloadJson, undefined);
      assert.deepEqual({ ...(await store.read(getJob("a", start))) }, {
        ...metadata,
        payloadJson: '"p"',
        payloadPack: null,
      });
    });
  });

  describe("searchKeys()", () => {
    const search = async (store: TestStore, changes: Partial<Search> = {}) => {
      const found = await store.read(searchKeys({
        selection: {},
        matches: ({ payloadJson }) => payloadJson === '"yes"',
        order: "asc",
        from: undefined,
        limit: 100,
        now: start,
        clock: store.clock,
        until: store.clock.monotonic() + 1,
        ...changes,
      }));
      const ids = new Map(
        (await store.all("SELECT seq, id FROM jobs")).map(({ seq, id }) => [seq, id as string]),
      );
      return [found.items.map((seq) => ids.get(seq)!), found.next] as const;
    };

    it("finds what matches, in both orders and from a place on", async () => {
      const store = await open();
      await store.given(...names.map((id, at) => ({ id, payload: at % 2 === 0 ? '"yes"' : "0" })));
      const yes = names.filter((_, at) => at % 2 === 0);
      assert.deepEqual(await search(store), [yes, undefined]);
      assert.deepEqual(await search(store, { order: "desc" }), [yes.toReversed(), undefined]);
      assert.deepEqual(await search(store, { from: seqOf("B") }), [yes.slice(1), undefined]);
      assert.deepEqual(await search(store, { selection: { id: ["B", "Z", "ä"] } }), [
        ["B", "ä"],
        undefined,
      ]);
    });

    it("stops at its limit and tells where to go on", async () => {
      const store = await open();
      await store.given(...["a", "b", "c"].map((id) => ({ id, payload: '"yes"' })));
      assert.deepEqual(await search(store, { limit: 2 }), [["a", "b"], seqOf("b")]);
      assert.deepEqual(await search(store, { limit: 2, from: seqOf("b") }), [["c"], undefined]);
    });

    it("looks at no other payload when a filter has taken all its time", async () => {
      const store = await open();
      const ids = ["a", "b", "c", "d"];
      await store.given(...ids.map((id) => ({ id, payload: '"yes"' })));
      let looks = 0;
      let ms = 0;
      const clock = { ...store.clock, monotonic: () => ms };
      const matches = () => {
        if (looks++ % 2 === 1) ms++; // As long as a piece may last.
        return true;
      };
      const inTime = { matches, clock, until: 1 };
      assert.deepEqual(await search(store, inTime), [["a", "b"], seqOf("b")]);
      const late = { matches, clock, until: ms, from: seqOf("b") };
      assert.deepEqual(await search(store, late), [["c"], seqOf("c")]);
      assert.equal(looks, 3);
    });

    it("goes job by job when it is late, through windows without any of the selection", async () => {
      const store = await open();
      const ids = Array.from({ length: 2500 }, (_, at) => `j${10_000 + at}`);
      await store.given(...ids.map((id, at) => {
        return { id, queue: at % 1200 === 7 ? "rare" : "q", payload: '"yes"' };
      }));
      const selection = { queue: ["rare"] };
      const rare = [ids[7], ids[1207], ids[2407]];
      for (const order of ["asc", "desc"] as const) {
        assert.deepEqual(await search(store, { selection, order, limit: 9 }), [
          order === "asc" ? rare : rare.toReversed(),
          undefined,
        ]);
        const found: string[] = [];
        let from: number | undefined;
        let pieces = 0;
        do {
          const until = store.clock.monotonic(); // It is over before it begins.
          const [jobs, next] = await search(store, { selection, order, from, until });
          assert.ok(jobs.length <= 1 && ++pieces < 20);
          found.push(...jobs);
          from = next;
        } while (from !== undefined);
        assert.deepEqual(found, order === "asc" ? rare : rare.toReversed());
        assert.ok(pieces >= 5, `${pieces} pieces`);
      }
    });

    it("sees no job past its retention, unless it is to see all", async () => {
      const store = await open();
      await store.given({ id: "a", payload: '"yes"', retention: '{"completed_ms":10}' });
      await store.take();
      await store.write(() => completeJobs([{ id: "a" }], store.terms()));
      assert.deepEqual((await search(store, { now: start + 9 }))[0], ["a"]);
      assert.deepEqual((await search(store, { now: start + 10 }))[0], []);
      assert.deepEqual((await search(store, { now: undefined }))[0], ["a"]);
    });
  });

  describe("probeCommit()", () => {
    it("leaves nothing behind, however large", async () => {
      const store = await open();
      for (const bytes of [0, 100_000]) await store.write(() => probeCommit(bytes));
      assert.deepEqual(await store.all("SELECT * FROM errors"), []);
      assert.deepEqual(store.changes(), []);
    });
  });
}
