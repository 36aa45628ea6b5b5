/**
 * Storing new jobs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getJob } from "../../../src/store/read.ts";
import { seqOf, start, type TestStore } from "./test-store.ts";

/** Defines the tests. */
export function describeEnqueue(open: () => Promise<TestStore>): void {
  describe("enqueueJobs()", () => {
    it("stores every field of a job, and reads it back the same", async () => {
      const store = await open();
      await store.enqueue({
        id: "a",
        type: "mail",
        queue: "ä",
        priority: 7,
        readyAt: start - 5,
        retryLimit: 3,
        backoff: '{"exponent":2.0,"base_ms":1,"jitter_ms":2}',
        retention: '{"dead_ms":9}',
        payload: '{"to":"Ü\u2028"}',
      });
      const job = await store.read(getJob("a", start));
      assert.deepEqual({ ...job }, {
        id: "a",
        seq: seqOf("a"),
        type: "mail",
        queue: "ä",
        priority: 7,
        status: 1,
        readyAt: start - 5,
        attempts: 0,
        deliveries: 0,
        traits: 0,
        retryLimit: 3,
        backoff: '{"exponent":2.0,"base_ms":1,"jitter_ms":2}',
        dequeuedAt: null,
        failedAt: null,
        retention: '{"dead_ms":9}',
        purgeAt: null,
        completedAt: null,
        uniqueKey: null,
        uniqueWhile: null,
        batch: null,
        budgets: null,
        payloadJson: '{"to":"Ü\u2028"}',
        payloadPack: null,
      });
    });

    it("keeps a MessagePack payload as its bytes", async () => {
      const store = await open();
      await store.enqueue({ id: "a", payload: new Uint8Array([0, 255, 7]) });
      const job = await store.read(getJob("a", start));
      assert.equal(job!.payloadJson, null);
      assert.deepEqual(new Uint8Array(job!.payloadPack!), new Uint8Array([0, 255, 7]));
    });

    it("reports jobs by their status: ready now, or scheduled", async () => {
      const store = await open();
      const stored = await store.enqueue(
        { id: "a" },
        { id: "b", readyAt: start + 1 },
        { id: "c", readyAt: start },
      );
      assert.deepEqual((stored as readonly { duplicate: boolean }[]).map((job) => job.duplicate), [
        false,
        false,
        false,
      ]);
      assert.deepEqual(store.changes(), [
        "2 none > ready: a c",
        "1 none > scheduled: b",
      ]);
      assert.equal(await store.statuses(), "a ready, b scheduled, c ready");
    });

    it("stores a thousand jobs at once", async () => {
      const store = await open();
      const ids = Array.from({ length: 1000 }, (_, at) => `j${at}`);
      await store.enqueue(...ids.map((id) => ({ id })));
      assert.deepEqual(await store.all("SELECT count(*) AS n FROM jobs"), [{ n: 1000 }]);
      assert.equal(store.changes().length, 1);
    });

    it("reports nothing when there is nothing to store", async () => {
      const store = await open();
      assert.deepEqual(await store.enqueue(), []);
      assert.deepEqual(store.changes(), []);
    });
  });
}
