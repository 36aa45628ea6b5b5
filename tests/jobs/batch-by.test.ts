/** Batches of lists: the texts, and what a broker makes of them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchBy, type BatchByOptions, defineJob } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";

const names = { type: "notify", queue: "q" };

describe("batchBy", () => {
  it("gives the texts of the protocol's clients", () => {
    const when = "(($existing | .ids) + ($new | .ids)) | length <= 100";
    const options = { path: "ids", limit: 100 };
    const texts = (options: BatchByOptions) => {
      const { when, fold } = batchBy(options);
      return [when, fold];
    };
    assert.deepEqual(texts(options), [when, "$existing | .ids += ($new | .ids)"]);
    const unique = "$existing | .ids = ((.ids) + ($new | .ids) | unique)";
    assert.deepEqual(texts({ ...options, dedup: true }), [when, unique]);
    assert.deepEqual(texts({ ...options, dedup: true, sorted: true }), [when, unique]);
    assert.deepEqual(texts({ ...options, sorted: true }), [
      when,
      "$existing | .ids = ((.ids) + ($new | .ids) | sort)",
    ]);
    assert.equal(texts({ path: "ids" })[0], "true");
    assert.equal(texts({ path: ".order.ids" })[1], "$existing | .order.ids += ($new | .order.ids)");
    assert.equal(texts({ path: "" })[1], "$existing | . += ($new | .)");
  });

  it("writes no key of a path as code", () => {
    assert.equal(
      batchBy({ path: ['x"] | error #', 0, "and"] }).fold,
      '$existing | .["x\\"] | error #"][0]["and"] += ($new | .["x\\"] | error #"][0]["and"])',
    );
    assert.throws(() => batchBy({ path: [-1] }), { name: "TypeError", message: /path key -1/ });
  });

  it("refuses what is no limit", () => {
    for (const limit of [0, -1, 1.5, NaN]) {
      assert.throws(() => batchBy({ path: "ids", limit }), {
        name: "RangeError",
        message: `Cannot use 'limit' ${limit}: expected a whole number of 1 or more`,
      });
    }
  });

  /** Enqueues lists one after the other, and gives the payloads of the jobs that came of it. */
  const fold = async (options: BatchByOptions, payloads: readonly unknown[]) => {
    let folded: unknown[] = [];
    await withBroker(async ({ client }) => {
      const job = defineJob<unknown>({ ...names, batch: batchBy(options) });
      for (const payload of payloads) await client.enqueue(job, payload);
      folded = (await client.page()).jobs.map(({ payload }) => payload);
    });
    return folded;
  };
  const lists = (...lists: unknown[][]) => lists.map((ids) => ({ ids }));

  it("appends up to the limit", async () => {
    assert.deepEqual(
      await fold({ path: "ids", limit: 3 }, lists([3, 1], [3], [2], [5], [6, 7, 8, 9])),
      lists([3, 1, 3], [2, 5], [6, 7, 8, 9]),
    );
  });

  it("sorts, and keeps each item once", async () => {
    const given = lists([3, 1], [3, 2]);
    assert.deepEqual(await fold({ path: "ids", sorted: true }, given), lists([1, 2, 3, 3]));
    assert.deepEqual(await fold({ path: "ids", dedup: true }, given), lists([1, 2, 3]));
    assert.deepEqual(
      await fold({ path: "ids", dedup: true, sorted: true, limit: 4 }, given),
      lists([1, 2, 3]),
    );
  });

  it("folds payloads that are lists, and lists that lie deep and under odd names", async () => {
    assert.deepEqual(await fold({ path: "", limit: 2 }, [[1], [2], [3]]), [[1, 2], [3]]);
    const odd = (ids: number[]) => ({ "a.b": [{ "x y": ids, "\\(1)": ids }] });
    assert.deepEqual(await fold({ path: ["a.b", 0, "x y"] }, [odd([1]), odd([2])]), [
      { "a.b": [{ "x y": [1, 2], "\\(1)": [1] }] },
    ]);
    assert.deepEqual(await fold({ path: ["a.b", 0, "\\(1)"] }, [odd([1]), odd([2])]), [
      { "a.b": [{ "x y": [1], "\\(1)": [1, 2] }] },
    ]);
  });

  it("keeps apart what differs at a key", async () => {
    const of = (user: number, id: number) => ({ user, ids: [id] });
    const given = [of(1, 1), of(2, 2), of(1, 3)];
    assert.deepEqual(await fold({ path: "ids", key: ["user"] }, given), [
      { user: 1, ids: [1, 3] },
      of(2, 2),
    ]);
    assert.deepEqual(await fold({ path: "ids" }, given), [{ user: 1, ids: [1, 2, 3] }]);
  });

  it("says which payload has no list", async () => {
    const job = defineJob<{ ids: number[] }>({ ...names, batch: batchBy({ path: "ids" }) });
    await assert.rejects(async () => await job.toRequest({ ids: 5 as unknown as number[] }), {
      name: "TypeError",
      message: "Job 'notify': Cannot batch by 'ids' 5: expected a list",
    });
  });
});
