/** The history of jobs, and the workers: docs/protocol.md, sections 13.4 and 13.5. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const get = async (broker: Broker, path: string) => (await send(broker, "GET", path)).body;

describe("the history of a job", () => {
  type Entry = { readonly what: string };
  const whats = async (broker: Broker, id: string) =>
    (await get(broker, `/jobs/${id}/history`)).history.map(({ what }: Entry) => what);

  it("tells what happened to it, if it is to be kept", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const start = clock.now();
      const kept = { retention: { completedMs: 9000 }, retryLimit: 1 };
      const { id } = await client.enqueue(job({ ...kept, history: true }));
      const other = await client.enqueue(job({ ...kept, queue: "other" }));
      const taken = await take({ queues: ["q"], workerId: "w" });
      await clock.advance(10);
      await client.failure(id, { message: "m", retryAt: clock.now() + 5 });
      await clock.advance(10);
      await client.release(id, { readyAt: clock.now() + 5 });
      await clock.advance(10);
      await client.failure(id, { message: "m", failureGroup: "g" });
      await taken.close();
      await send(broker, "POST", "/failures/g/requeue", { queue: "again" });
      await client.patch(id, { queue: "q" });
      await take({ queues: ["q"] });
      await clock.advance(5);
      await client.success(id);
      const { history, pages } = await get(broker, `/jobs/${id}/history`);
      assert.deepEqual(history, [
        { what: "put", at: start, queue: "q" },
        { what: "popped", at: start, worker_id: "w" },
        { what: "retried", at: start + 10 },
        { what: "popped", at: start + 15, worker_id: "w" },
        { what: "released", at: start + 20 },
        { what: "popped", at: start + 25, worker_id: "w" },
        { what: "failed", at: start + 30, failure_group: "g" },
        { what: "put", at: start + 30, queue: "again" },
        { what: "put", at: start + 30, queue: "q" },
        { what: "popped", at: start + 30 },
        { what: "done", at: start + 35 },
      ]);
      assert.deepEqual([pages.next, pages.prev], [null, null]);
      assert.deepEqual(await whats(broker, other.id), []);
    }));

  it("tells of leases", () =>
    withBroker(async ({ broker, client, clock }) => {
      const { id } = await client.enqueue(job({ history: true, retryLimit: 1 }));
      const take = () => send(broker, "POST", "/jobs/take", { lease_ms: 1000 });
      await take();
      await clock.advance(1000);
      await clock.advance(10 ** 9);
      await take();
      await send(broker, "POST", `/jobs/${id}/timeout`);
      await take();
      await clock.advance(1000);
      assert.deepEqual(await whats(broker, id), [
        "put",
        "popped",
        "timed-out",
        "popped",
        "timed-out",
        "popped",
        "timed-out",
        "failed",
      ]);
      const { history } = await get(broker, `/jobs/${id}/history?order=desc&limit=1`);
      assert.equal(history[0].failure_group, "failed-retries-q");
    }, { leaseGraceMs: 0 }));

  it("may be that of all jobs", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue(job());
      assert.deepEqual(await whats(broker, id), ["put"]);
    }, { history: "all" }));

  it("has entries of one's own, and is kept from then on", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const { id } = await client.enqueue(job({ retention: { completedMs: 9000 } }));
      const path = `/jobs/${id}/history`;
      const data = { at: 1, text: "\0ü", list: [null, 1.5] };
      const added = await send(broker, "POST", path, { what: "step\0", data });
      const entry = { what: "step\0", at: clock.now(), data };
      assert.deepEqual(added, { status: 201, body: entry });
      await take();
      await clock.advance(1);
      await client.success(id);
      const { history } = await get(broker, path);
      assert.deepEqual([history[0], history.map(({ what }: Entry) => what)], [
        entry,
        ["step\0", "popped", "done"],
      ]);
    }));

  it("refuses entries that are too long, and jobs that there are not", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue(job());
      const path = `/jobs/${id}/history`;
      const error = async (body: unknown, status = 422) => {
        const answer = await send(broker, "POST", path, body);
        assert.equal(answer.status, status);
        return answer.body.error;
      };
      assert.equal(await error({ what: "" }), "what must not be empty");
      assert.match(await error({ what: "x".repeat(201) }), /^what has 201 characters, at most 200/);
      assert.match(await error({ what: "x", data: "x".repeat(20_000) }), /^data is 20002 bytes/);
      const nest = (levels: number): unknown => levels === 0 ? 1 : [nest(levels - 1)];
      assert.equal(
        await error({ what: "x", data: nest(65) }),
        "data must not be nested deeper than 64 levels",
      );
      assert.match(await error({ what: 1 }, 400), /what: expected a text/);
      assert.deepEqual(await whats(broker, id), []);
      await error({ what: "x", data: nest(64) }, 201);
      const none = path.replace(id, "0".repeat(25));
      assert.equal((await send(broker, "POST", none, { what: "x" })).status, 404);
      assert.equal((await send(broker, "GET", none)).status, 404);
      assert.equal((await send(broker, "GET", `${path}?from=x`)).status, 400);
    }));

  it("comes in pages, and goes with the job", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue(job({ history: true }));
      const path = `/jobs/${id}/history`;
      for (let at = 0; at < 3; at++) await send(broker, "POST", path, { what: `${at}` });
      const page = await get(broker, `${path}?limit=3`);
      assert.deepEqual(page.history.map(({ what }: Entry) => what), ["put", "0", "1"]);
      const next = await get(broker, page.pages.next);
      assert.deepEqual(next.history.map(({ what }: Entry) => what), ["2"]);
      const prev = await get(broker, next.pages.prev);
      assert.deepEqual(prev.history.map(({ what }: Entry) => what), ["1", "0", "put"]);
      await client.delete(id);
      assert.equal((await send(broker, "GET", path)).status, 404);
    }));
});

/** What a worker serves that says nothing of it. */
const serves = (streams: number) => {
  return { streams, stoppable: 0, queues: null, types: null, quiet: false };
};

describe("workers", () => {
  it("are listed as they were seen last, with what they have", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await client.enqueueMany([job(), job(), job()]);
      await take({ prefetch: 2, workerId: "a" });
      await clock.advance(1000);
      const seenAt = clock.now();
      await broker.fetch(
        new Request("http://broker/jobs/take", {
          method: "POST",
          headers: { "content-type": "application/json", "worker-id": "b" },
          body: '{"lease_ms":5000}',
        }),
      );
      await take({ queues: ["none"] }); // A worker without a name is not listed.
      const list = async () => (await get(broker, "/workers")).workers;
      assert.deepEqual(await list(), [
        { id: "b", last_seen_at: seenAt, jobs: 1, stalled: 0, ...serves(0) },
        { id: "a", last_seen_at: seenAt - 1000, jobs: 2, stalled: 0, ...serves(1) },
      ]);
      const jobs = (await client.page()).jobs.map(({ id }) => id);
      assert.deepEqual(await get(broker, "/workers/a"), {
        id: "a",
        last_seen_at: seenAt - 1000,
        jobs: jobs.slice(0, 2),
        stalled: [],
        ...serves(1),
      });
      await clock.advance(5000);
      assert.deepEqual((await list())[0], {
        id: "b",
        last_seen_at: seenAt,
        jobs: 0,
        stalled: 1,
        ...serves(0),
      });
      assert.deepEqual(await get(broker, "/workers/b"), {
        id: "b",
        last_seen_at: seenAt,
        jobs: [],
        stalled: [jobs[2]],
        ...serves(0),
      });
    }, { leaseGraceMs: 60_000 }));

  it("come in pages", () =>
    withBroker(async ({ broker, clock, take }) => {
      for (const workerId of ["a", "b c", "d"]) {
        await take({ workerId });
        await clock.advance(10);
      }
      type Listed = { workers: { id: string }[]; pages: { next: string; prev: string } };
      const ids = ({ workers }: Listed) => workers.map(({ id }) => id);
      const page = await get(broker, "/workers?limit=2");
      assert.deepEqual(ids(page), ["d", "b c"]);
      const next = await get(broker, page.pages.next);
      assert.deepEqual([ids(next), next.pages.next], [["a"], null]);
      assert.deepEqual(ids(await get(broker, next.pages.prev)), ["b c", "d"]);
      assert.equal((await send(broker, "GET", "/workers?from=x")).status, 400);
    }));

  it("can be taken off the list, and keep their jobs", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const { id } = await client.enqueue(job());
      await take({ workerId: "a", prefetch: 0 });
      await clock.advance(1);
      assert.equal((await send(broker, "DELETE", "/workers/a")).status, 204);
      assert.deepEqual((await get(broker, "/workers")).workers, []);
      assert.deepEqual(await get(broker, "/workers/a"), {
        id: "a",
        last_seen_at: null,
        jobs: [id],
        stalled: [],
        ...serves(1),
      });
      await clock.advance(1);
      await client.enqueue(job());
      await clock.advance(1);
      assert.equal((await get(broker, "/workers")).workers.length, 1);
      for (const method of ["GET", "DELETE"]) {
        assert.deepEqual(await send(broker, method, "/workers/none"), {
          status: 404,
          body: { error: "worker not found" },
        });
      }
    }));

  it("are dropped a while after they were seen", () =>
    withBroker(async ({ broker, clock, take }) => {
      const taken = await take({ workerId: "a" });
      await taken.close();
      await clock.advance(999);
      assert.equal((await get(broker, "/workers")).workers.length, 1);
      await clock.advance(2);
      assert.equal((await get(broker, "/workers")).workers.length, 0);
      assert.equal((await send(broker, "GET", "/workers/a")).status, 404);
    }, { maxWorkerAgeMs: 1000 }));
});
