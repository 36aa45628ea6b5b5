/** What handlers return, as the worker reports it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";

const work = defineJob<unknown>({ type: "work", queue: "q" });

/** Runs jobs whose handlers return their payloads, and gives the results that were reported. */
async function report(payloads: Readonly<Record<string, unknown>>): Promise<unknown> {
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
    handlers: [handle(work, (payload) => payload)],
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
});
