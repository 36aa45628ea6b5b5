/** The calls that put jobs by their ids, move them and send them on. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMovement, NotFoundError, ProtocolError } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createScript, json } from "./script.ts";
import { formats } from "../support/formats.ts";

describe("createMovement()", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`puts, keeps and moves jobs, in ${format}`, () =>
      withBroker(async ({ broker, client, clock }) => {
        const jobs = createMovement({ fetch: broker.fetch, format: formats[format] });
        const first = await jobs.put("a:1", job({ priority: 4, uniqueKey: "k", payload: [] }));
        assert.deepEqual([first.id, first.duplicate, first.status], ["a:1", false, "ready"]);
        const kept = await jobs.put("a:1", job({ payload: 2 }), { onConflict: "keep" });
        assert.equal(kept.duplicate, true);
        assert.deepEqual((await client.get("a:1")).payload, []);
        const put = await jobs.put("a:1", {
          type: "u",
          payload: undefined,
          uniqueKey: null,
          retryLimit: 0,
          delayMs: 5,
        });
        assert.deepEqual(
          [put.type, put.queue, put.priority, put.uniqueKey, put.retryLimit, put.status],
          ["u", "q", 4, undefined, 0, "scheduled"],
        );
        const moved = await jobs.requeue("a:1", {
          queue: "p",
          readyAt: clock.now() + 7,
          priority: 1,
          retryLimit: 3,
          payload: { n: 1 },
        });
        assert.deepEqual([moved.queue, moved.readyAt, moved.priority, moved.retryLimit], [
          "p",
          clock.now() + 7,
          1,
          3,
        ]);
        assert.deepEqual((await client.get("a:1")).payload, { n: 1 });
        assert.equal((await jobs.requeue("a:1")).status, "ready");
        await assert.rejects(jobs.requeue("none"), {
          name: "NotFoundError",
          message: "job 'none' not found",
        });
      }));
  }

  it("puts what has a key once, also when the job is done and gone", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const jobs = createMovement({ fetch: broker.fetch });
      const keyed = { idempotencyKey: "k1", onConflict: "keep" } as const;
      const first = await jobs.put("a", job({ tags: ["x"] }), keyed);
      const taken = await take();
      await clock.advance(1);
      await client.success(taken.jobs[0]!);
      assert.equal(await client.count(), 0);
      assert.deepEqual(await jobs.put("a", job({ tags: ["x"] }), keyed), first);
      assert.equal(await client.count(), 0);
      await assert.rejects(jobs.put("b", job({ tags: ["x"] }), keyed), /used for another call/);
      await assert.rejects(jobs.put("a", job(), keyed), /used for another call/);
      // What was there is told as it was then.
      await jobs.put("c", job({ priority: 3 }));
      const kept = await jobs.put("c", job(), { ...keyed, idempotencyKey: "k2" });
      assert.deepEqual([kept.duplicate, kept.priority], [true, 3]);
      await client.delete("c");
      assert.equal((await jobs.put("c", job(), { ...keyed, idempotencyKey: "k2" })).priority, 3);
      assert.equal(await client.count(), 0);
      const bad = { idempotencyKey: "" };
      await assert.rejects(jobs.put("a", job(), bad), TypeError);
    }));

  it("sends nothing that cannot be", () =>
    withBroker(async ({ broker }) => {
      const jobs = createMovement({ fetch: broker.fetch });
      await assert.rejects(jobs.put("a b", job()), TypeError);
      await assert.rejects(jobs.put("a", job({ priority: -1 })), RangeError);
      await assert.rejects(jobs.put("a", job({ delayMs: NaN })), RangeError);
      await assert.rejects(jobs.requeue("a", { delayMs: 0.5 }), RangeError);
    }));

  it("says that a server has no such call", async () => {
    const other = (status: number) =>
      createMovement({ fetch: () => Promise.resolve(new Response(null, { status })) });
    const put = other(405).put("a", job());
    await assert.rejects(put, (error: NotFoundError) => {
      assert.ok(error instanceof NotFoundError && error.status === 405);
      return /^The server has no endpoint 'PUT \/jobs\/\{id\}', which/.test(error.message);
    });
    await assert.rejects(other(404).requeue("a"), (error: Error) => {
      assert.ok(error instanceof NotFoundError);
      return /^The server has no endpoint 'POST \/jobs\/\{id\}\/requeue'/.test(error.message);
    });
  });
});

describe("success()", () => {
  it("sends a job on to the next queue, and a repetition finds the same", () =>
    withBroker(async ({ client, clock, take }) => {
      await client.enqueue(job());
      const { jobs } = await take({ queues: ["q"] });
      await clock.settle();
      const next = { queue: "p", delayMs: 50 };
      const report = () => client.success(jobs[0]!, { payload: "done", next });
      const gone = await report();
      assert.deepEqual([gone.queue, gone.status, gone.readyAt], [
        "p",
        "scheduled",
        clock.now() + 50,
      ]);
      assert.deepEqual(await report(), gone);
      assert.equal((await client.get(gone.id)).payload, "done");
    }));

  it("stores what came of a job", () =>
    withBroker(async ({ client, clock, take }) => {
      const { id } = await client.enqueue(job({ retention: { completedMs: 1000 } }));
      const { jobs } = await take();
      await clock.settle();
      assert.equal(await client.success(jobs[0]!, { payload: null }), undefined);
      const { status, payload } = await client.get(id);
      assert.deepEqual([status, payload], ["completed", null]);
    }));

  it("says that a server knows no next queue", async () => {
    const { createClient } = await import("../../src/client/mod.ts");
    const client = createClient({
      fetch: () => Promise.resolve(new Response(null, { status: 204 })),
    });
    await assert.rejects(client.success("a", { next: { queue: "p" } }), ProtocolError);
    await client.success("a", { payload: 1 });
  });

  it("does not guess what became of a job when a repeated try finds none", async () => {
    const { fetch } = createScript(
      json({ error: "busy" }, 503),
      json({ error: "job not found" }, 404),
    );
    const { createClient } = await import("../../src/client/mod.ts");
    const client = createClient({ fetch, retry: { baseDelayMs: 0 } });
    await assert.rejects(client.success("a", { next: { queue: "p" } }), NotFoundError);
  });
});

describe("failure()", () => {
  it("holds to the retry limit, and replaces the payload", () =>
    withBroker(async ({ client, clock, take }) => {
      const { id } = await client.enqueue(job({ retryLimit: 0 }));
      const { jobs } = await take();
      await clock.settle();
      const failed = await client.failure(jobs[0]!, {
        message: "m",
        delayMs: 5,
        enforceLimit: true,
        payload: { page: 3 },
      });
      assert.equal(failed.status, "dead");
      assert.deepEqual((await client.get(id)).payload, { page: 3 });
    }));
});
