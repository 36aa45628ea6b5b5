/** Unique jobs over the API: docs/protocol.md, section 4.3. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, type EnqueueRequest, type Job } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const unique = (changes: Partial<EnqueueRequest> = {}) => job({ uniqueKey: "k", ...changes });

describe("unique jobs", () => {
  it("answer a duplicate with the stored job, and drop the rest of the request", () =>
    withBroker(async ({ client }) => {
      const first = await client.enqueue(unique({ payload: 1, priority: 7 }));
      assert.deepEqual(
        [first.duplicate, first.folded, first.uniqueKey, first.uniqueWhile],
        [false, false, "k", "queued"],
      );
      const second = await client.enqueue(
        unique({ payload: 2, priority: 1, queue: "other", type: "other", readyAt: 1 }),
      );
      assert.deepEqual({ ...second, duplicate: false }, first);
      assert.equal(second.duplicate, true);
      assert.equal((await client.get(first.id)).payload, 1);
      assert.equal(await client.count(), 1);
    }));

  it("answer 201 for a new job and 200 for a duplicate", () =>
    withBroker(async ({ broker }) => {
      const post = async (path: string, body: unknown) => {
        const request = new Request(`http://x${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        const response = await broker.fetch(request);
        return [response.status, await response.json()];
      };
      const wire = (key: string) => ({ type: "t", queue: "q", payload: 1, unique_key: key });
      assert.equal((await post("/jobs", wire("a")))[0], 201);
      assert.equal((await post("/jobs", wire("a")))[0], 200);
      const mixed = await post("/jobs/bulk", { jobs: [wire("a"), wire("b"), wire("b")] });
      assert.equal(mixed[0], 201);
      assert.deepEqual(
        mixed[1].jobs.map(({ duplicate }: { duplicate: boolean }) => duplicate),
        [true, false, true],
      );
      assert.equal(mixed[1].jobs[1].id, mixed[1].jobs[2].id);
      assert.equal((await post("/jobs/bulk", { jobs: [wire("b"), wire("a")] }))[0], 200);
      assert.equal((await post("/jobs/bulk", { jobs: [] }))[0], 201);
    }));

  it("show the key and its scope in both formats and in every answer", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const { id } = await client.enqueue(unique({ uniqueKey: "", uniqueWhile: "exists" }));
      const expected = ["", "exists"];
      const shown = ({ uniqueKey, uniqueWhile }: Job) => [uniqueKey, uniqueWhile];
      assert.deepEqual(shown(await client.get(id)), expected);
      assert.deepEqual(shown((await client.page()).jobs[0]!), expected);
      const packed = createClient({ fetch: broker.fetch, format: formats.msgpack });
      assert.deepEqual(shown(await packed.get(id)), expected);
      const taken = await take();
      await clock.settle();
      assert.deepEqual(shown(taken.jobs[0]!), expected);
      assert.deepEqual(shown(await client.failure(id, { message: "no" })), expected);
    }));

  it("release a queued key when the job is taken, and an active key when it ends", () =>
    withBroker(async ({ client, clock, take }) => {
      const queued = await client.enqueue(unique());
      const active = await client.enqueue(unique({ uniqueKey: "l", uniqueWhile: "active" }));
      await take({ prefetch: 2 });
      await clock.settle();
      assert.equal((await client.enqueue(unique({ readyAt: 1e15 }))).duplicate, false);
      const again = () => client.enqueue(unique({ uniqueKey: "l", uniqueWhile: "active" }));
      assert.equal((await again()).id, active.id);
      await client.successMany([queued.id, active.id]);
      assert.notEqual((await again()).id, active.id);
    }));

  it("find duplicates by the scope of the enqueue, and release keys by the scope of the holder", () =>
    withBroker(async ({ client, clock, take }) => {
      await client.enqueue(unique()); // queued: released when taken
      await take();
      await clock.settle();
      assert.equal((await client.enqueue(unique({ uniqueWhile: "exists" }))).duplicate, false);

      const long = await client.enqueue(unique({ uniqueKey: "m", uniqueWhile: "active" }));
      await take({ prefetch: 2 });
      await clock.settle();
      assert.equal((await client.get(long.id)).status, "in_flight");
      const short = await client.enqueue(unique({ uniqueKey: "m", readyAt: clock.now() + 60_000 }));
      assert.equal(short.duplicate, false, "for a queued one only waiting jobs count");
      await client.failure(long.id, { message: "again", retryAt: clock.now() + 60_000 });
      const third = await client.enqueue(unique({ uniqueKey: "m", uniqueWhile: "active" }));
      assert.equal(third.id, short.id, "the key stays with who took it over");
    }));

  it("hold an exists key for as long as the finished job is kept", () =>
    withBroker(async ({ client, clock, take }) => {
      const kept = { uniqueWhile: "exists", retention: { completedMs: 60_000 } } as const;
      const first = await client.enqueue(unique(kept));
      await take();
      await clock.settle();
      await client.success(first.id);
      const second = await client.enqueue(unique(kept));
      assert.deepEqual([second.id, second.status, second.duplicate], [first.id, "completed", true]);
      await clock.advance(60_000); // expired, not reaped yet
      await assert.rejects(client.get(first.id), { code: "not_found" });
      assert.equal((await client.enqueue(unique(kept))).duplicate, true);
      await clock.advance(30_000);
      assert.equal((await client.enqueue(unique(kept))).duplicate, false);
    }));

  it("take a queued key again for a retry and for a job given back, if it is free", () =>
    withBroker(async ({ client, clock, take }) => {
      const first = await client.enqueue(unique());
      const stream = await take();
      await clock.settle();
      await stream.close();
      await clock.settle();
      assert.equal((await client.enqueue(unique())).id, first.id);

      await take();
      await clock.settle();
      await client.failure(first.id, { message: "again", retryAt: clock.now() + 60_000 });
      assert.equal((await client.enqueue(unique())).id, first.id);
    }));

  it("release the key of a dead job and of a deleted job", () =>
    withBroker(async ({ client, clock, take }) => {
      const first = await client.enqueue(unique({ uniqueWhile: "active" }));
      await take();
      await clock.settle();
      await client.failure(first.id, { message: "no", kill: true });
      const second = await client.enqueue(unique({ readyAt: clock.now() + 60_000 }));
      assert.equal(second.duplicate, false);
      await client.delete(second.id);
      const third = await client.enqueue(unique({ readyAt: clock.now() + 60_000 }));
      assert.equal(third.duplicate, false);
      await client.deleteMany({ all: true });
      assert.equal((await client.enqueue(unique())).duplicate, false);
    }));

  it("store one job when many requests come at once", () =>
    withBroker(async ({ client }) => {
      const jobs = await Promise.all(Array.from({ length: 50 }, () => client.enqueue(unique())));
      assert.equal(jobs.filter(({ duplicate }) => !duplicate).length, 1);
      assert.equal(new Set(jobs.map(({ id }) => id)).size, 1);
      assert.equal(await client.count(), 1);
    }));

  it("refuse a scope without a key, and an unknown scope", () =>
    withBroker(async ({ client }) => {
      await assert.rejects(client.enqueue(job({ uniqueWhile: "queued" })), {
        status: 400,
        message: "unique_while requires unique_key",
      });
      await assert.rejects(client.enqueue(unique({ uniqueWhile: "never" as "exists" })), {
        status: 400,
        message: 'invalid unique_while: "never" (expected "queued", "active", or "exists")',
      });
      await assert.rejects(
        client.enqueueMany([unique(), unique({ queue: "" })]),
        { status: 400, message: "jobs[1]: queue must not be empty" },
      );
      assert.equal(await client.count(), 0);
    }));
});
