import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "../../src/client/mod.ts";
import { type Exchange, exchangeKey } from "../../src/protocol/exchange.ts";
import { wireJob } from "./script.ts";

/** A `fetch` that nobody may call, with an exchange. */
function carry(exchange: Exchange) {
  const fetch = () => Promise.reject(new Error("fetch was called"));
  return Object.assign(fetch, { [exchangeKey]: exchange });
}

const headers = { "content-type": "application/json" };

describe("client with an exchange", () => {
  it("sends method, URL, headers and body", async () => {
    const client = createClient({
      token: "secret",
      fetch: carry(async (request) => {
        assert.equal(request.method, "POST");
        assert.equal(new URL(request.url).pathname, "/jobs");
        assert.equal(request.headers.get("Authorization"), "Bearer secret");
        const text = new TextDecoder().decode(await request.arrayBuffer());
        assert.equal(JSON.parse(text).payload, 5);
        assert.equal(await new Response(request.body).text(), text);
        return { status: 201, headers, body: JSON.stringify(wireJob({ payload: 5 })) };
      }),
    });
    const job = await client.enqueue({ type: "t", queue: "q", payload: 5 });
    assert.equal(job.id, wireJob()["id"]);
  });

  it("reads a body of bytes, and turns an error status into an error", async () => {
    const body = new TextEncoder().encode('{"error":"no such job"}');
    const client = createClient({
      fetch: carry(({ body: sent }) => {
        assert.equal(sent, null);
        return Promise.resolve({ status: 404, headers, body });
      }),
    });
    await assert.rejects(client.get("a"), { name: "NotFoundError", message: "no such job" });
  });

  it("reads a take stream, and cancels it", async () => {
    const cancelled = Promise.withResolvers<void>();
    const line = JSON.stringify(wireJob({ status: "in_flight", payload: 7 })) + "\n";
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(line)),
      cancel: () => cancelled.resolve(),
    });
    const type = { "content-type": "application/x-ndjson" };
    const client = createClient({
      fetch: carry(() => Promise.resolve({ status: 200, headers: type, body })),
    });
    for await (const job of await client.take()) {
      assert.equal(job.payload, 7);
      break;
    }
    await cancelled.promise;
  });
});
