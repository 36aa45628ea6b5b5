/** What goes with a job besides its payload: docs/protocol.md, section 4.8. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createClient,
  createCrons,
  createLeases,
  createMovement,
  defineJob,
  type Job,
} from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const asked = { "millrace-extensions": "1" };
const plain = { type: "t", queue: "q", payload: null };
const meta = {
  tenant: "acme",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

describe("meta of a job", () => {
  it("is shown to who asks for extensions, and to nobody else", () =>
    withBroker(async ({ broker, take, clock }) => {
      const { body, status } = await send(broker, "POST", "/jobs", { ...plain, meta });
      assert.deepEqual([status, body.meta], [201, undefined]);
      const path = `/jobs/${body.id}`;
      assert.equal((await send(broker, "GET", path)).body.meta, undefined);
      assert.equal((await send(broker, "GET", "/jobs")).body.jobs[0].meta, undefined);
      assert.deepEqual((await send(broker, "GET", path, undefined, asked)).body.meta, meta);
      const listed = await send(broker, "GET", "/jobs", undefined, asked);
      assert.deepEqual(listed.body.jobs[0].meta, meta);
      const stream = await take();
      await clock.settle();
      assert.deepEqual(stream.jobs.map((job) => job.meta), [meta]);
    }));

  for (const format of ["json", "msgpack"] as const) {
    it(`goes through retries, requeueing and the next queue, in ${format}`, () =>
      withBroker(async ({ broker, clock }) => {
        const options = {
          fetch: (request: Request) => broker.fetch(request),
          format: formats[format],
        };
        const client = createClient(options);
        const leases = createLeases(options);
        const { id } = (await client.enqueueMany([job({ meta }), job({ queue: "other" })]))[0]!;
        const seen: unknown[] = [];
        const take = async () => {
          const [job] = await leases.take({ queues: ["q", "next"] });
          seen.push([job!.id === id, job!.meta]);
          return job!;
        };
        await client.failure(await take(), { message: "m", delayMs: 0 });
        await clock.advance(1);
        await client.success(await take(), { next: { queue: "next" } });
        await take();
        await createMovement(options).requeue(id);
        await client.success(await take());
        assert.deepEqual(seen, Array.from({ length: 4 }, () => [true, meta]));
        assert.equal(await client.count(), 1);
      }));
  }

  it("of a job that was there are those that it has, for duplicates and folded jobs", () =>
    withBroker(async ({ client }) => {
      const batch = { key: "b", when: "true", fold: "$new" };
      for (const grouping of [{ uniqueKey: "k" }, { batch }]) {
        const { id } = await client.enqueue(job({ ...grouping, meta: { a: "1" } }));
        const second = await client.enqueue(job({ ...grouping, meta: { b: "2" } }));
        assert.equal(second.id, id);
        assert.deepEqual((await client.get(id)).meta, { a: "1" });
      }
    }));

  it("is replaced by a job that is put over it if that has some, and taken away by null", () =>
    withBroker(async ({ broker, client }) => {
      const put = async (body: object) => {
        await send(broker, "PUT", "/jobs/mine", { ...plain, ...body });
        return (await client.get("mine")).meta;
      };
      assert.deepEqual(await put({ meta }), meta);
      assert.deepEqual(await put({}), meta);
      assert.deepEqual(await put({ meta: { a: "b" } }), { a: "b" });
      assert.equal(await put({ meta: null }), undefined);
      assert.deepEqual(await put({ meta }), meta);
      assert.equal(await put({ meta: {} }), undefined);
    }));

  it("goes with the jobs of a cron entry", () =>
    withBroker(async ({ broker, client, clock }) => {
      const crons = createCrons({ fetch: broker.fetch });
      const entry = { name: "e", expression: "@hourly", job: job({ meta }) };
      const group = await crons.put("g", { entries: [entry] });
      assert.deepEqual(group.entries[0]!.job.meta, meta);
      await clock.advance(3_600_000);
      const jobs: Job[] = [];
      for await (const job of client.list()) jobs.push(job);
      assert.deepEqual(jobs.map((job) => job.meta), [meta]);
    }));

  it("of a definition and of an enqueue are put together", () =>
    withBroker(async ({ client }) => {
      const mail = defineJob<string>({ type: "mail", queue: "q", meta: { a: "1", b: "2" } });
      const { id } = await client.enqueue(mail, "x", { meta: { b: "3" } });
      assert.deepEqual((await client.get(id)).meta, { a: "1", b: "3" });
    }));

  it("is refused when it cannot be, and nothing is stored", () =>
    withBroker(async ({ broker, client }) => {
      const many = (count: number, text = "x") =>
        Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${at}`, text]));
      const cases: [meta: unknown, error: RegExp][] = [
        [many(33), /^meta has 33 members, at most 32 are accepted$/],
        [{ "a b": "x" }, /^meta has the name "a b", expected a letter/],
        [JSON.parse('{"__proto__":"x"}'), /^meta has the name "__proto__", expected a letter/],
        [{ ["a".repeat(65)]: "x" }, /^meta has the name "a{65}", expected a letter/],
        [{ a: "x".repeat(1001) }, /^meta\.a has 1001 characters, at most 1000 are accepted$/],
        [many(32, "x".repeat(300)), /^meta has \d+ bytes, at most 8192 are accepted$/],
        [{ a: 1 }, /meta: expected an object with texts, got an object/],
        [["a"], /meta: expected an object with texts, got a list/],
      ];
      for (const [meta, error] of cases) {
        const answer = await send(broker, "POST", "/jobs", { ...plain, meta });
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, error);
      }
      assert.equal(await client.count(), 0);
      for (const meta of [many(32), { ["a".repeat(64)]: "x".repeat(1000) }, {}, null]) {
        assert.equal((await send(broker, "POST", "/jobs", { ...plain, meta })).status, 201);
      }
    }));

  it("of a repeated enqueue is stored once", () =>
    withBroker(async ({ broker, client }) => {
      const headers = { "idempotency-key": "k" };
      const first = await send(broker, "POST", "/jobs", { ...plain, meta }, headers);
      const second = await send(broker, "POST", "/jobs", { ...plain, meta }, headers);
      assert.deepEqual(second.body, first.body);
      assert.deepEqual((await client.get(first.body.id)).meta, meta);
    }));
});
