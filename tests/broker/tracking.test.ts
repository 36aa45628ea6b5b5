/** The calls on tracked jobs: docs/protocol.md, section 15.2. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const job = { type: "t", queue: "q", payload: null };

const enqueue = async (broker: Broker, more: object = {}): Promise<string> =>
  (await send(broker, "POST", "/jobs", { ...job, ...more })).body.id;
const track = (broker: Broker, id: string, method = "PUT") =>
  send(broker, method, `/jobs/${id}/track`);

async function tracked(broker: Broker, query = "") {
  const { body } = await send(broker, "GET", `/tracked${query}`);
  return { ...body, jobs: body.jobs.map(({ id }: { id: string }) => id) };
}

describe("tracking", () => {
  it("marks a job in every answer, until it is untracked", () =>
    withBroker(async ({ broker, take, clock }) => {
      const id = await enqueue(broker, { tags: ["a"] });
      assert.deepEqual(await track(broker, id), { status: 204, body: undefined });
      const get = async () => (await send(broker, "GET", `/jobs/${id}`)).body;
      assert.deepEqual([(await get()).tracked, (await get()).tags], [true, ["a"]]);
      const stream = await take();
      await clock.settle();
      assert.equal(stream.jobs[0]!.tracked, true);
      assert.equal((await track(broker, id, "DELETE")).status, 204);
      assert.equal("tracked" in (await get()), false);
      assert.equal((await get()).status, "in_flight");
    }));

  it("lists jobs in the order of tracking, and those that are gone by their ids", () =>
    withBroker(async ({ broker }) => {
      const ids = [await enqueue(broker), await enqueue(broker), await enqueue(broker)];
      for (const at of [2, 0, 1, 2]) await track(broker, ids[at]!);
      assert.deepEqual((await tracked(broker)).jobs, [ids[2], ids[0], ids[1]]);
      await send(broker, "DELETE", `/jobs/${ids[0]}`);
      const { jobs, expired } = await tracked(broker);
      assert.deepEqual([jobs, expired], [[ids[2], ids[1]], [ids[0]]]);
      await track(broker, ids[0]!, "DELETE");
      assert.deepEqual((await tracked(broker)).expired, []);
    }));

  it("outlives the end of a job and its retention", () =>
    withBroker(async ({ broker, client, clock }) => {
      const id = await enqueue(broker, { retention: { completed_ms: 1000 } });
      await track(broker, id);
      const stream = await client.take();
      await clock.settle();
      await client.success(id);
      await stream.close();
      assert.deepEqual((await tracked(broker)).jobs, [id]);
      await clock.advance(31_000);
      const { jobs, expired } = await tracked(broker);
      assert.deepEqual([jobs, expired], [[], [id]]);
    }));

  it("of a job that was completed at once is known", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const id = await enqueue(broker);
      await take();
      await clock.settle();
      await track(broker, id); // While it is in flight, and known to be plain.
      await client.successMany([id]);
      assert.deepEqual((await tracked(broker)).expired, [id]);
    }));

  it("of what is not there is refused, and untracking it is not", () =>
    withBroker(async ({ broker }) => {
      const none = "0000000000000000000000000";
      assert.deepEqual(await track(broker, none), {
        status: 404,
        body: { error: "job not found" },
      });
      assert.equal((await track(broker, none, "DELETE")).status, 204);
    }));

  it("pages, and filters listings, counts and changes", () =>
    withBroker(async ({ broker }) => {
      const ids: string[] = [];
      for (let at = 0; at < 5; at++) ids.push(await enqueue(broker));
      for (const id of ids.slice(0, 3)) await track(broker, id);
      const first = await tracked(broker, "?limit=2");
      assert.deepEqual(first.jobs, ids.slice(0, 2));
      const { body } = await send(broker, "GET", first.pages.next);
      assert.deepEqual([body.jobs[0].id, body.pages.next], [ids[2], null]);
      const count = async (query: string) =>
        (await send(broker, "GET", `/jobs/count?${query}`)).body.count;
      const counts = [
        await count("tracked=true"),
        await count("tracked=false"),
        await count("tracked="),
      ];
      assert.deepEqual(counts, [3, 2, 5]);
      assert.equal((await send(broker, "GET", "/jobs?tracked=yes")).status, 400);
      assert.equal((await send(broker, "DELETE", "/jobs?tracked=true")).body.deleted, 3);
      assert.deepEqual((await tracked(broker)).expired.length, 3);
    }));

  it("keeps the ids of the last 1,000 that are gone, and none after a reset", () =>
    withBroker(async ({ broker, client }) => {
      const jobs = await client.enqueueMany(Array.from({ length: 1002 }, () => job));
      for (const { id } of jobs) await track(broker, id);
      for (const { id } of jobs.slice(0, 3)) await send(broker, "DELETE", `/jobs/${id}`);
      await client.deleteMany({ tracked: true });
      const { expired } = await tracked(broker);
      assert.equal(expired.length, 1000);
      assert.deepEqual(expired[0], jobs[2]!.id);
      assert.equal((await send(broker, "POST", "/reset")).status, 204);
      assert.deepEqual((await tracked(broker)).expired, []);
    }));
});
