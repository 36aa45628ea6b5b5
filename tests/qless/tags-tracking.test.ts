/** Tags and tracking as qless has them, over HTTP calls. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { listen } from "../support/listen.ts";
import { send } from "../support/send.ts";

async function enqueue(broker: Broker, more: object = {}): Promise<string> {
  const { status, body } = await send(broker, "POST", "/jobs", {
    type: "t",
    queue: "q",
    payload: null,
    ...more,
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body.id;
}

const ids = ({ body }: { readonly body: { readonly jobs: readonly { readonly id: string }[] } }) =>
  body.jobs.map(({ id }) => id);

describe("tags", () => {
  it("have no duplicates, and keep their order when some are added and removed", () =>
    withBroker(async ({ broker }) => {
      const id = await enqueue(broker, { tags: ["a", "b", "a"] });
      const tags = async (method: string, path: string, body?: object) =>
        (await send(broker, method, `/jobs/${id}/tags${path}`, body)).body.tags;
      assert.deepEqual((await send(broker, "GET", `/jobs/${id}`)).body.tags, ["a", "b"]);
      assert.deepEqual(await tags("POST", "", { tags: ["c", "a", "d"] }), ["a", "b", "c", "d"]);
      assert.deepEqual(await tags("DELETE", "?tag=b,x"), ["a", "c", "d"]);
      assert.deepEqual(await tags("POST", "", { tags: ["b"] }), ["a", "c", "d", "b"]);
      assert.deepEqual((await send(broker, "GET", `/jobs/${id}`)).body.tags, ["a", "c", "d", "b"]);
    }));

  it("give their jobs in put order, in pages of 50", () =>
    withBroker(async ({ broker }) => {
      const put: string[] = [];
      for (let at = 0; at < 120; at++) put.push(await enqueue(broker, { tags: ["t"] }));
      for (const path of ["/jobs?tag=t", "/tags/t"]) {
        const listed: string[][] = [];
        for (let next: string | null = path; next !== null;) {
          const page = await send(broker, "GET", next);
          listed.push(ids(page));
          next = page.body.pages.next;
        }
        assert.deepEqual(listed.map(({ length }) => length), [50, 50, 20]);
        assert.deepEqual(listed.flat(), put);
      }
    }));

  it("put a job to the end of their order when it gets them again", () =>
    withBroker(async ({ broker }) => {
      const first = await enqueue(broker, { tags: ["t"] });
      const second = await enqueue(broker, { tags: ["t"] });
      await send(broker, "POST", `/jobs/${first}/tags`, { tags: ["t"] });
      const { body } = await send(broker, "GET", "/tags/t");
      assert.deepEqual([body.tag, body.count, ids({ body })], ["t", 2, [second, first]]);
    }));

  it("go with a job that is cancelled, and with one whose retention ends", () =>
    withBroker(async ({ broker, clock, client }) => {
      const cancelled = await enqueue(broker, { tags: ["t"] });
      const done = await enqueue(broker, { tags: ["t"], retention: { completed_ms: 1000 } });
      await send(broker, "DELETE", `/jobs/${cancelled}`);
      assert.deepEqual(ids(await send(broker, "GET", "/tags/t")), [done]);
      const stream = await client.take();
      await clock.settle();
      await client.success(done);
      await stream.close();
      const { body } = await send(broker, "GET", "/jobs?tag=t");
      assert.deepEqual([body.jobs[0].status, body.jobs[0].tags], ["completed", ["t"]]);
      await clock.advance(1000);
      for (const path of ["/tags/t", "/jobs?tag=t"]) {
        assert.deepEqual(ids(await send(broker, "GET", path)), []);
      }
      await clock.advance(30_000);
      assert.deepEqual((await send(broker, "GET", "/tags")).body.tags, []);
    }));

  it("are counted as they are, also when they are given twice or taken where they are not", () =>
    withBroker(async ({ broker }) => {
      const first = await enqueue(broker, { tags: ["a", "b"] });
      const second = await enqueue(broker, { tags: ["b"] });
      for (const id of [first, second]) {
        await send(broker, "POST", `/jobs/${id}/tags`, { tags: ["b"] });
        await send(broker, "DELETE", `/jobs/${id}/tags?tag=x`);
      }
      const top = async (query = "") => (await send(broker, "GET", `/tags${query}`)).body.tags;
      assert.deepEqual(await top(), [{ tag: "b", count: 2 }, { tag: "a", count: 1 }]);
      assert.deepEqual(await top("?min=2"), [{ tag: "b", count: 2 }]);
      await send(broker, "DELETE", `/jobs/${second}`);
      assert.deepEqual(await top(), [{ tag: "a", count: 1 }, { tag: "b", count: 1 }]);
    }));
});

describe("tracking", () => {
  it("is what the events of a job are told by: popped, put, completed, failed, stalled, canceled", () =>
    withBroker(async ({ broker, clock, client }) => {
      const tracked = await listen(broker, "?tracked=true");
      const ids = [await enqueue(broker), await enqueue(broker)];
      await send(broker, "PUT", `/jobs/${ids[0]}/track`);
      const stream = await client.take({ prefetch: 2, workerId: "w" });
      await clock.settle();
      for (const id of ids) {
        await send(broker, "POST", `/jobs/${id}/failure`, { message: "m", kill: true });
        await send(broker, "POST", `/jobs/${id}/requeue`, {});
        await clock.settle();
        await client.success(id);
      }
      await clock.settle();
      assert.deepEqual(
        tracked.told(),
        ["tracked", "taken", "died", "put", "taken", "succeeded"].map((kind) =>
          `${kind} ${ids[0]}`
        ),
      );
      await stream.close();
      const other = await enqueue(broker);
      await send(broker, "PUT", `/jobs/${other}/track`);
      await send(broker, "POST", "/jobs/take", { worker_id: "w", lease_ms: 1000 });
      await clock.advance(60_000);
      await send(broker, "DELETE", `/jobs/${other}`);
      await send(broker, "DELETE", `/jobs/${other}/track`);
      await clock.settle();
      assert.deepEqual(
        tracked.told().slice(6),
        ["tracked", "taken", "timed_out", "lock_lost", "removed"].map((kind) => `${kind} ${other}`),
      );
    }));

  it("does not end with the job, and untracking always succeeds", () =>
    withBroker(async ({ broker }) => {
      const id = await enqueue(broker);
      await send(broker, "PUT", `/jobs/${id}/track`);
      await send(broker, "DELETE", `/jobs/${id}`);
      const { body } = await send(broker, "GET", "/tracked");
      assert.deepEqual([body.jobs, body.expired], [[], [id]]);
      assert.equal((await send(broker, "DELETE", `/jobs/${id}/track`)).status, 204);
      assert.deepEqual((await send(broker, "GET", "/tracked")).body.expired, []);
    }));
});

describe("the channel of a worker", () => {
  it("tells it that a running job of its was put anew, and cancelled", () =>
    withBroker(async ({ broker, clock, client }) => {
      const worker = await listen(broker, "?worker=w&kind=lock_lost,removed");
      const other = await listen(broker, "?worker=v");
      const id = await enqueue(broker);
      const stream = await client.take({ workerId: "w", queues: ["q"] });
      await clock.settle();
      await send(broker, "POST", `/jobs/${id}/requeue`, { queue: "elsewhere" });
      await clock.settle();
      assert.deepEqual(worker.told(), [`lock_lost ${id}`]);
      const second = await enqueue(broker);
      await clock.settle();
      await send(broker, "DELETE", `/jobs/${second}`);
      await clock.settle();
      assert.deepEqual(worker.told(), [`lock_lost ${id}`, `removed ${second}`]);
      assert.deepEqual(other.told(), []);
      await stream.close();
    }));

  it("does not tell it of a job of its that it put or moved itself", () =>
    withBroker(async ({ broker, clock, client }) => {
      const worker = await listen(broker, "?worker=w&kind=lock_lost");
      const body = { type: "t", queue: "q", payload: null };
      await send(broker, "PUT", "/jobs/own", body);
      const stream = await client.take({ workerId: "w", queues: ["q"], prefetch: 3 });
      await clock.settle();
      const by = (name: string) => ({ "worker-id": name });
      await send(broker, "PUT", "/jobs/own", body, by("w"));
      await clock.settle();
      await send(broker, "POST", "/jobs/own/requeue", {}, by("w"));
      await clock.settle();
      assert.deepEqual(worker.told(), []);
      await send(broker, "PUT", "/jobs/own", body, by("v"));
      await clock.settle();
      assert.deepEqual(worker.told(), ["lock_lost own"]);
      await stream.close();
    }));
});
