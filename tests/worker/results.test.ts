/** What handlers return, as the worker reports it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { advance, complete, createWorker, handle, result } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const work = defineJob<unknown>({
  type: "work",
  queue: "q",
  retention: { completedMs: 3_600_000 },
});

/** Runs jobs whose handlers return their payloads, or what is made of them, and gives the results that were reported. */
async function report(
  payloads: Readonly<Record<string, unknown>>,
  toReturned = (payload: unknown) => payload,
): Promise<unknown> {
  const reported = Promise.withResolvers<unknown>();
  const lines = Object.entries(payloads).map(([id, payload]) => {
    const job = { id, type: "work", queue: "q", priority: 1, status: "in_flight", payload };
    return `${
      JSON.stringify({ ...job, ready_at: 1, attempts: 0, dequeued_at: 2, deliveries: 1 })
    }\n`;
  });
  const fetch = async (request: Request) => {
    if (request.method === "POST") {
      reported.resolve((await request.json()).results);
      return new Response(null, { status: 204 });
    }
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(lines.join(""))),
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  };
  const client = createClient({ url: "http://broker", fetch });
  const worker = createWorker({
    client,
    concurrency: 10,
    handlers: [handle(work, toReturned)],
  });
  void worker.run();
  const found = await reported.promise;
  await worker.stop();
  return found;
}

describe("what handlers return", () => {
  it("goes with the report of their jobs, if it is JSON", async () => {
    const payloads = { a: 7, b: { x: [null] }, c: "é", d: false };
    assert.deepEqual(await report(payloads), payloads);
  });

  it("is left out if it is too large, and then the others go", async () => {
    const most = "é".repeat(32_767); // 65,536 bytes with its quotes.
    assert.deepEqual(await report({ a: most, b: `${most}x`, c: 1 }), { a: most, c: 1 });
  });

  it("is told of a job with any id", async () => {
    const text = '{"__proto__":{"n":1},"constructor":2}';
    assert.equal(JSON.stringify(await report(JSON.parse(text))), text);
  });

  it("is left out if it has half a surrogate pair, and then the others go", async () => {
    const payloads = {
      a: "\ud800",
      b: "\\ud800",
      c: { "\udfff": 1 },
      d: "\\\\\ud83d",
      e: "\ud83d\ude00",
    };
    const seen = Object.keys(payloads).map((id) => [id, id] as const);
    const returned = payloads as Readonly<Record<string, unknown>>;
    const found = await report(Object.fromEntries(seen), (id) => returned[id as string]);
    assert.deepEqual(found, { b: payloads.b, e: payloads.e });
    assert.throws(() => result("\ud800"), /half a surrogate pair/);
  });

  it("is left out if the broker refuses it, and all jobs are done", () =>
    withBroker(async ({ broker, client, clock }) => {
      const refusing = createClient({
        clock,
        async fetch(request) {
          const text = request.method === "POST" ? await request.clone().text() : "";
          if (!text.includes("refused")) return await broker.fetch(request);
          return Response.json({ error: "results: too much" }, { status: 400 });
        },
      });
      const ids: string[] = [];
      for (const payload of [1, "refused", 2, 3]) {
        ids.push((await client.enqueue(work, payload)).id);
      }
      const runs: unknown[] = [];
      const worker = createWorker({
        client: refusing,
        concurrency: 10,
        logger: false,
        handlers: [handle(work, (payload) => {
          runs.push(payload);
          return payload === 3 ? undefined : payload;
        })],
      });
      await worker.runOnce();
      const jobs = await Promise.all(ids.map((id) => client.get(id)));
      assert.deepEqual(jobs.map(({ status }) => status), Array(4).fill("completed"));
      assert.deepEqual(jobs.map(({ result }) => result), [1, undefined, 2, undefined]);
      assert.deepEqual(runs, [1, "refused", 2, 3]);
    }));

  for (
    const { what, value, count, format = "json" } of [
      { what: "are long", value: "x".repeat(65_530), count: 16 },
      { what: "are of another alphabet", value: "é".repeat(30_000), count: 20 },
      { what: "have three bytes a character", value: "中".repeat(21_000), count: 40 },
      {
        what: "are longer in MessagePack",
        value: Array(16_000).fill(1.5),
        count: 10,
        format: "msgpack",
      },
    ] as const
  ) {
    it(`goes in reports that the broker reads, where many ${what}`, () =>
      withBroker(async ({ broker, client, clock }) => {
        const statuses: number[] = [];
        const told = createClient({
          clock,
          format: formats[format],
          async fetch(request) {
            const answer = await broker.fetch(request);
            if (request.url.endsWith("/jobs/success")) statuses.push(answer.status);
            return answer;
          },
        });
        await client.enqueueMany(work, Array(count).fill(1));
        const worker = createWorker({
          client: told,
          concurrency: count,
          logger: false,
          handlers: [handle(work, () => value)],
        });
        await worker.runOnce();
        assert.deepEqual(new Set(statuses), new Set([204]));
        assert.ok(statuses.length < count / 2, `${statuses.length} reports`);
        const results: unknown[] = [];
        for await (const { id } of client.list()) results.push((await client.get(id)).result);
        assert.deepEqual(results, Array(count).fill(value));
      }));
  }

  it("is an outcome that the broker refuses: the job has failed", () =>
    withBroker(async ({ client }) => {
      let deep: unknown = 1;
      for (let at = 0; at < 2000; at++) deep = [deep];
      for (
        const outcome of [
          complete("\ud800"),
          complete(deep),
          advance({ queue: "z", payload: "\ud800" }),
        ]
      ) {
        const { id } = await client.enqueue(work, 1, { retryLimit: 0 });
        const worker = createWorker({
          client,
          logger: false,
          handlers: [handle(work, () => outcome)],
        });
        await worker.runOnce();
        const { status, attempts } = await client.get(id);
        assert.deepEqual([status, attempts], ["dead", 1]);
      }
    }));
});
