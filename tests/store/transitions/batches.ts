/**
 * Folding jobs of one batch into the one that waits.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpenBatch } from "../../../src/protocol/open-batch.ts";
import type { Rejection } from "../../../src/protocol/rejection.ts";
import type { StoredJob } from "../../../src/store/enqueue.ts";
import { releaseHolder } from "../../../src/store/release.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import { promoteJobs } from "../../../src/store/due-jobs.ts";
import { listOpenBatches } from "../../../src/store/open-batches.ts";
import { type JobSketch, start, type TestStore, toBinding } from "./test-store.ts";

const concat = "$existing + $new";
const part = (
  id: string,
  { payload = `["${id}"]`, when = "true", fold = concat, key = "k" } = {},
) => {
  return { id, payload, batch: { key, when, fold } } satisfies JobSketch;
};

/** What became of jobs that were enqueued: `a` stored, `b>a` folded into `a`. */
async function put(store: TestStore, ...jobs: readonly JobSketch[]): Promise<string> {
  const stored = await store.enqueue(...jobs) as readonly StoredJob[];
  return stored.map(({ job, folded }, at) => folded ? `${jobs[at]!.id}>${job.id}` : job.id)
    .join(" ");
}

async function payloads(store: TestStore): Promise<string> {
  const found = await store.all("SELECT id, payload_json FROM jobs ORDER BY id");
  return found.map((row) => `${row["id"]}${row["payload_json"]}`).join(" ");
}

async function heads(store: TestStore): Promise<string> {
  const found = await store.all("SELECT id FROM jobs WHERE heads_batch = 1 ORDER BY id");
  return found.map((row) => row["id"]).join(" ");
}

/** Defines the tests. */
export function describeBatches(open: () => Promise<TestStore>): void {
  describe("batches", () => {
    it("folds a job into the one of its key that waits, and reports nothing new", async () => {
      const store = await open();
      assert.equal(await put(store, part("a")), "a");
      store.changes();
      assert.equal(await put(store, part("b")), "b>a");
      assert.equal(await put(store, part("c", { key: "other" })), "c");
      assert.equal(await payloads(store), 'a["a","b"] c["c"]');
      assert.deepEqual(store.changes(), ["1 none > ready: c"]);
      assert.equal(await heads(store), "a c");
    });

    it("folds jobs of one call into each other and tells the payload they made", async () => {
      const store = await open();
      const stored = await store.enqueue(part("a"), part("b"), part("c")) as readonly StoredJob[];
      assert.deepEqual(
        stored.map(({ job, folded }) => [job.id, job.payloadJson, folded]),
        [["a", '["a"]', false], ["a", '["a","b","c"]', true], ["a", '["a","b","c"]', true]],
      );
      assert.equal(await payloads(store), 'a["a","b","c"]');
    });

    it("folds a JSON job into a MessagePack one, which is JSON from then on", async () => {
      const store = await open();
      await put(store, { ...part("a"), payload: new Uint8Array([0x91, 0x01]) }, part("b"));
      await put(store, part("c"));
      const { payload_json, payload_pack } = (await store.row("a"))!;
      assert.deepEqual([payload_json, payload_pack], ['[1,"b","c"]', null]);
    });

    it("opens a batch anew when the head does not want the job, and folds into the newer", async () => {
      const store = await open();
      const full = "$existing | length < 2";
      await put(store, part("a", { when: full }), part("b", { when: full }));
      assert.equal(await put(store, part("c", { when: full })), "c");
      assert.equal(await heads(store), "c");
      assert.equal(await put(store, part("d", { when: full })), "d>c");
      assert.equal(await payloads(store), 'a["a","b"] c["c","d"]');
    });

    it("opens batches anew within one call", async () => {
      const store = await open();
      const when = "$existing | length < 2";
      const jobs = ["a", "b", "c", "d", "e"].map((id) => part(id, { when }));
      assert.equal(await put(store, ...jobs), "a b>a c d>c e");
      assert.equal(await heads(store), "e");
    });

    it("closes a batch when its head is taken, also when that is handed back", async () => {
      const store = await open();
      await store.given(part("a"));
      const { holder } = await store.take();
      assert.equal(await heads(store), "");
      await store.write(() => releaseHolder(holder, store.terms()));
      assert.equal(await heads(store), "");
      assert.equal(await put(store, part("b")), "b");
    });

    it("closes a batch when its head is deleted", async () => {
      const store = await open();
      await store.given(part("a"));
      await store.write(() => removeJob("a"));
      assert.equal(await put(store, part("b")), "b");
    });

    it("lists those that are open by the bytes of their keys, page by page", async () => {
      const store = await open();
      const keys = ["b", "B", "é", "a\u0000", ""];
      for (const [at, key] of keys.entries()) await put(store, part(`j${at}`, { key }));
      await put(store, part("more", { key: "b" }));
      await put(store, { ...part("later", { key: "z" }), readyAt: start + 5 });
      await store.given({ id: "plain" });
      const all = async (order: "asc" | "desc", limit: number) => {
        const found: OpenBatch[] = [];
        let from: string | undefined;
        for (;;) {
          const page = await store.read(listOpenBatches({ from, order, limit }));
          found.push(...page);
          if (page.length < limit) return found;
          from = page.at(-1)!.key;
        }
      };
      const found = await all("asc", 2);
      assert.deepEqual(found.map(({ key }) => key), ["", "B", "a\u0000", "b", "é"]);
      assert.deepEqual((await all("desc", 3)).map(({ key }) => key), [
        "é",
        "b",
        "a\u0000",
        "B",
        "",
      ]);
      assert.deepEqual(found[3], {
        key: "b",
        jobId: "j0",
        type: "t",
        queue: "q",
        status: "ready",
        readyAt: start,
        when: "true",
        fold: concat,
        payloadBytes: 13,
      });
    });

    it("collects until a job is due, if that is asked for, and until it is taken", async () => {
      const store = await open();
      const collecting = (id: string, readyAt = start + 5) => {
        const { batch, ...rest } = part(id);
        return { ...rest, readyAt, batch: { ...batch, collect: true } };
      };
      assert.equal(await put(store, collecting("a")), "a");
      assert.equal(await put(store, collecting("b", start + 9), collecting("c")), "b>a c>a");
      assert.equal(await put(store, { ...part("d"), readyAt: start + 5 }), "d");
      assert.equal(await heads(store), "a");
      await store.write(() => promoteJobs(start + 5));
      assert.equal(await put(store, collecting("e")), "e>a");
      assert.equal(await payloads(store), 'a["a","b","c","e"] d["d"]');
      const { batch } = (await store.row("a"))!;
      assert.deepEqual(JSON.parse(batch as string), part("a").batch);
      await store.take();
      assert.equal(await put(store, collecting("f")), "f");
      // A job that is ready is not held up.
      assert.equal(await put(store, part("g"), collecting("h"), part("i")), "g h>g i>g");
      assert.equal(await heads(store), "g");
    });

    it("folds nothing that is due later, and nothing into it", async () => {
      const store = await open();
      assert.equal(await put(store, { ...part("a"), readyAt: start + 5 }), "a");
      assert.equal(await put(store, part("b")), "b");
      assert.equal(await put(store, { ...part("c"), readyAt: start + 5 }), "c");
      await store.write(() => promoteJobs(start + 5));
      assert.equal(await put(store, part("d")), "d>b");
      assert.equal(await heads(store), "b");
    });

    it("refuses all jobs of a call when one cannot be folded, and writes nothing", async () => {
      const store = await open();
      await store.given(part("a"));
      const outcome = await store.enqueue({ id: "b" }, part("c"), part("d", { payload: "1" }));
      const { kind, index, message } = outcome as Rejection;
      assert.deepEqual([kind, index], ["unprocessable", 2]);
      assert.match(message, /^batch fold failed: fold expression failed at runtime: /);
      assert.equal(await payloads(store), 'a["a"]');
      assert.deepEqual(store.changes(), []);
    });

    it("refuses what folds to a payload that is too large", async () => {
      const store = await open();
      await store.given(part("a", { payload: `["${"x".repeat(60)}"]` }));
      const outcome = await store.enqueue(part("b", { payload: `["${"x".repeat(60)}"]` }));
      assert.match((outcome as Rejection).message, /at most 100 are accepted$/);
    });

    it("asks nothing of budgets for a job that is folded", async () => {
      const store = await open();
      await store.given(part("a"));
      assert.equal(await put(store, { ...part("b"), budgets: [toBinding("none", 1)] }), "b>a");
    });

    it("a key may be empty", async () => {
      const store = await open();
      assert.equal(await put(store, part("a", { key: "" }), part("b", { key: "x" })), "a b");
      assert.equal(await put(store, part("c", { key: "" })), "c>a");
    });

    it("a key may hold U+0000, and what follows it counts", async () => {
      const store = await open();
      const jobs = [part("a", { key: "k\0a" }), part("b", { key: "k\0b" })];
      assert.equal(await put(store, ...jobs), "a b");
      assert.equal(await put(store, part("c", { key: "k\0b" })), "c>b");
    });
  });
}
