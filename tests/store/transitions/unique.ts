/**
 * Unique keys: who holds one, and when it is let go.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StoredJob } from "../../../src/store/enqueue.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { releaseHolder } from "../../../src/store/release.ts";
import { removeJob } from "../../../src/store/delete-jobs.ts";
import type { JobSketch, TestStore } from "./test-store.ts";

const scopes = ["queued", "active", "exists"] as const;
const unique = (id: string, uniqueWhile: string, uniqueKey = "k"): JobSketch => {
  return { id, uniqueKey, uniqueWhile, retention: '{"completed_ms":9,"dead_ms":9}' };
};

/** Whether an enqueue was a duplicate, and of which job. */
async function meets(store: TestStore, job: JobSketch): Promise<string | undefined> {
  const [stored] = await store.enqueue(job) as readonly StoredJob[];
  return stored!.duplicate ? stored!.job.id : undefined;
}

/** The id of the job that holds the key. */
async function holderOf(store: TestStore): Promise<unknown> {
  return (await store.all("SELECT id FROM jobs WHERE holds_key = 1"))[0]?.["id"];
}

/** What happens to a holder that waits. */
const events: Readonly<Record<string, (store: TestStore) => Promise<unknown>>> = {
  waits: () => Promise.resolve(),
  taken: (store) => store.take(),
  async "failed, with a retry"(store) {
    await store.take();
    await store.write(() => failJob({ id: "a" }, { message: "m" }, store.terms()));
  },
  async "handed back"(store) {
    const { holder } = await store.take();
    await store.write(() => releaseHolder(holder, store.terms()));
  },
  async "completed, retained"(store) {
    await store.take();
    await store.write(() => completeJobs([{ id: "a" }], store.terms()));
  },
  async "dead, retained"(store) {
    await store.take();
    await store.write(() => failJob({ id: "a" }, { message: "m", kill: true }, store.terms()));
  },
  deleted: (store) => store.write(() => removeJob("a")),
};

/** Whether a holder of each scope still holds its key: queued, active, exists. */
const holds: Readonly<Record<string, readonly [boolean, boolean, boolean]>> = {
  waits: [true, true, true],
  taken: [false, true, true],
  "failed, with a retry": [true, true, true],
  "handed back": [true, true, true],
  "completed, retained": [false, false, true],
  "dead, retained": [false, false, true],
  deleted: [false, false, false],
};

/** Defines the tests. */
export function describeUnique(open: () => Promise<TestStore>): void {
  describe("unique keys", () => {
    for (const [event, expected] of Object.entries(holds)) {
      for (const [at, scope] of scopes.entries()) {
        const holding = expected[at]!;
        it(`a job unique while ${scope}, ${event}, ${holding ? "holds" : "lets go of"} its key`, async () => {
          const store = await open();
          await store.given(unique("a", scope));
          await events[event]!(store);
          assert.equal(await holderOf(store), holding ? "a" : undefined);
          assert.equal(await meets(store, unique("b", "exists")), holding ? "a" : undefined);
        });
      }
    }

    it("the scope of the new job says which holder makes it a duplicate; else it takes over", async () => {
      const table = { taken: [false, true, true], "dead, retained": [false, false, true] };
      for (const [event, expected] of Object.entries(table)) {
        for (const [at, scope] of scopes.entries()) {
          const store = await open();
          await store.given(unique("a", "exists"));
          await events[event]!(store);
          assert.equal(await meets(store, unique("b", scope)), expected[at] ? "a" : undefined);
          assert.equal(await holderOf(store), expected[at] ? "a" : "b");
          await store.close();
        }
      }
    });

    it("a job that comes back takes its key only if it is free", async () => {
      const store = await open();
      await store.given(unique("a", "queued"));
      await store.take();
      await store.given(unique("b", "queued"));
      await store.write(() => failJob({ id: "a" }, { message: "m" }, store.terms()));
      assert.equal(await holderOf(store), "b");
      assert.equal(await store.statuses(), "a scheduled, b ready");
    });

    it("of two with one key in one call the second is a duplicate of the first", async () => {
      const store = await open();
      const stored = await store.enqueue(
        unique("a", "queued"),
        unique("b", "queued"),
        unique("c", "queued", "other"),
      ) as readonly StoredJob[];
      assert.deepEqual(stored.map(({ job, duplicate }) => [job.id, duplicate]), [
        ["a", false],
        ["a", true],
        ["c", false],
      ]);
      assert.deepEqual(store.changes(), ["2 none > ready: a c"]);
    });

    it("a duplicate stores and reports nothing", async () => {
      const store = await open();
      await store.given(unique("a", "queued"));
      assert.equal(await meets(store, unique("b", "queued")), "a");
      assert.deepEqual(store.changes(), []);
      assert.equal(await store.statuses(), "a ready");
    });

    it("a key may be empty", async () => {
      const store = await open();
      await store.given(unique("a", "queued", ""));
      assert.equal(await meets(store, unique("b", "queued", "")), "a");
      assert.equal(await holderOf(store), "a");
    });

    it("a key may hold U+0000, and what follows it counts", async () => {
      const store = await open();
      await store.given(unique("a", "queued", "k\0a"));
      assert.equal(await meets(store, unique("b", "queued", "k\0b")), undefined);
      const [stored] = await store.enqueue(unique("c", "queued", "k\0a")) as readonly StoredJob[];
      assert.deepEqual([stored!.job.id, stored!.job.uniqueKey], ["a", "k\0a"]);
    });
  });
}
