/** Tags: what is kept of them, in which order, and how they are counted. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { removeJob, removeJobs } from "../../../src/store/delete-jobs.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import { keysTagged, listTagged, tagJob, topTags, untagJob } from "../../../src/store/tags.ts";
import { race } from "./race.ts";
import { start, type TestStore } from "./test-store.ts";

const asc = { from: undefined, order: "asc", limit: 10 } as const;

/** The ids of the jobs of a tag, in its order. */
async function jobsOf(store: TestStore, tag: string, page: Partial<typeof asc> = {}) {
  const found = await store.read(listTagged(tag, { ...asc, ...page }));
  const ids: unknown[] = [];
  for (const { seq } of found) {
    ids.push((await store.all("SELECT id FROM jobs WHERE seq = ?", seq))[0]?.["id"]);
  }
  return ids.join(" ");
}

/** All tags with their counts. */
const counts = async (store: TestStore) =>
  (await store.read(topTags({ min: 0, from: undefined, limit: 100 })))
    .map(({ tag, count }) => `${tag} ${count}`).join(", ");

/** What the rows say, counted anew. */
const counted = async (store: TestStore) =>
  (await store.all(
    "SELECT tag, count(*) AS count FROM job_tags GROUP BY tag ORDER BY count(*) DESC, tag",
  )).map(({ tag, count }) => `${tag} ${count}`).join(", ");

/** Defines the tests. */
export function describeTags(open: () => Promise<TestStore>): void {
  describe("tags", () => {
    it("are stored with their jobs, told, and counted", async () => {
      const store = await open();
      await store.enqueue({ id: "a", tags: ["x", "y"] }, { id: "b" }, { id: "c", tags: ["y"] });
      assert.deepEqual(store.changes(), ["tags x,y y", "3 none > ready: a b c"]);
      assert.equal(await counts(store), "y 2, x 1");
      assert.equal(await jobsOf(store, "y"), "a c");
      assert.equal((await store.row("b"))!["traits"], 0);
    });

    it("are added behind those that are there, and again at the end of their order", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x", "y"] }, { id: "b", tags: ["x"] });
      const tags = await store.write(() => tagJob("a", ["z", "x"], start));
      assert.deepEqual(tags, ["x", "y", "z"]);
      assert.equal(await jobsOf(store, "x"), "b a");
      assert.equal(await jobsOf(store, "y"), "a");
      assert.deepEqual(store.changes(), ["tags x,y,z", "1 ready > ready: a"]);
      assert.equal(await counts(store), await counted(store));
    });

    it("change in every status, and without one nothing is told", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x"], retention: '{"completed_ms":50,"dead_ms":50}' });
      await store.take();
      store.changes();
      assert.deepEqual(await store.write(() => untagJob("a", ["y"], start)), ["x"]);
      assert.deepEqual(await store.write(() => tagJob("a", [], start)), ["x"]);
      assert.deepEqual(store.changes(), []);
      const held = (await store.row("a"))!["holder"];
      assert.deepEqual(await store.write(() => untagJob("a", ["x"], start)), []);
      const row = await store.row("a");
      assert.deepEqual([row!["traits"], row!["holder"]], [0, held]);
      assert.deepEqual(await store.write(() => tagJob("a", ["y"], start)), ["y"]);
      assert.equal(await counts(store), "y 1");
    });

    it("of a job that is not there are not changed", async () => {
      const store = await open();
      assert.equal(await store.write(() => tagJob("a", ["x"], start)), undefined);
      assert.equal(await store.write(() => untagJob("a", ["x"], start)), undefined);
      assert.equal(await counts(store), "");
    });

    it("go with their jobs, which are told with them", async () => {
      const store = await open();
      await store.given(
        { id: "a", tags: ["x", "y"] },
        { id: "b", tags: ["x"] },
        { id: "c", tags: ["x"] },
      );
      await store.write(() => removeJob("a"));
      assert.deepEqual(store.changes(), ["tags x,y", "1 ready > none: a"]);
      assert.equal(await counts(store), "x 2");
      await store.write(() => removeJobs({ tag: ["x"], id: ["b"] }));
      assert.equal(await counts(store), "x 1");
      await store.write(() => removeJobs({}));
      assert.equal(await counts(store), "");
      assert.deepEqual(await store.all("SELECT * FROM job_tags"), []);
    });

    it("are replaced by a patch", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x", "y"] }, { id: "b", tags: ["y"] });
      const patched = await store.write(() => patchJob("a", { tags: ["z", "y"] }, start));
      assert.deepEqual(patched!.extra, { tags: ["z", "y"] });
      assert.equal(await jobsOf(store, "y"), "b a");
      assert.equal(await counts(store), "y 2, z 1");
      const cleared = await store.write(() => patchJob("a", { tags: null }, start));
      assert.deepEqual([cleared!.extra, cleared!.traits], [undefined, 0]);
    });

    it("select jobs, a few by their rows", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x", "y"] }, { id: "b", tags: ["y"] }, { id: "c" });
      assert.equal((await store.read(keysTagged(["x", "y"], 3)))?.length, 2);
      assert.equal(await store.read(keysTagged(["x", "y"], 2)), undefined);
      assert.deepEqual(await store.read(keysTagged(["none"], 2)), []);
      assert.equal(await store.write(() => removeJobs({ tag: ["x"] })), 1);
    });

    it("are listed in pages", async () => {
      const store = await open();
      await store.given({ id: "a", tags: ["x", "z"] }, { id: "b", tags: ["x", "y"] }, {
        id: "c",
        tags: ["x"],
      });
      const page = async (from?: { count: number; tag: string }, min = 1) =>
        (await store.read(topTags({ min, from, limit: 2 }))).map((row) => ({ ...row }));
      assert.deepEqual(await page(), [{ tag: "x", count: 3 }, { tag: "y", count: 1 }]);
      assert.deepEqual(await page({ tag: "y", count: 1 }), [{ tag: "z", count: 1 }]);
      assert.deepEqual(await page(undefined, 2), [{ tag: "x", count: 3 }]);
      const [first] = await store.read(listTagged("x", { ...asc, limit: 1 }));
      const rest = await store.read(listTagged("x", { ...asc, from: first!.place }));
      assert.equal(rest.length, 2);
      const last = await store.read(listTagged("x", { from: undefined, order: "desc", limit: 1 }));
      assert.deepEqual(last, rest.slice(1));
    });

    it("start over when somebody else could take, change or remove the job", async () => {
      const others = [
        () => removeJob("a"),
        () => patchJob("a", { readyAt: start + 500 }, start),
      ];
      for (const other of others) {
        for (
          const transition of [
            () => tagJob("a", ["y"], start),
            () => untagJob("a", ["x"], start),
          ]
        ) {
          const { isStale } = await race<unknown>(open, {
            given: (store) => store.given({ id: "a", tags: ["x"] }),
            transition,
            other,
          });
          assert.equal(isStale, true);
        }
      }
    });
  });
}
