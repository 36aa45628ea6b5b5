/**
 * What becomes of messages that were published: they are sent, tried again, and their ends are told.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../../adapters/node/mod.ts";
import {
  createPublishFront,
  handleHttpCallbacks,
  handleHttpRequests,
  publishCallback,
  type PublishFrontOptions,
  verifyWebhook,
  webhookSigner,
} from "../../../src/offload/mod.ts";
import { createTestKit, type TestKit } from "../../../src/testing/mod.ts";

const token = "a-token-of-this-test";
const shop = "https://shop.example/hooks";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** A request that arrived somewhere. */
interface Arrived {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly text: string;
}

interface World {
  readonly kit: TestKit;
  /** What arrived, in its order. */
  readonly arrived: Arrived[];
  /** Calls the front, and gives its answer. */
  readonly call: (method: string, path: string) => Promise<Record<string, unknown>>;
  /** Publishes a message to the shop. */
  readonly publish: (headers?: Record<string, string>, body?: BodyInit) => Promise<string>;
}

/** A front, a broker, a worker and the servers that it calls, in one process with one clock. */
async function withWorld(
  respond: (arrived: Arrived) => Response | Promise<Response>,
  test: (world: World) => Promise<void>,
  options: Partial<PublishFrontOptions> = {},
): Promise<void> {
  const arrived: Arrived[] = [];
  const fakeFetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const { url, method, headers } = request;
    const one = { url, method, headers, text: await request.text() };
    arrived.push(one);
    return await respond(one);
  };
  const kit = createTestKit({
    store: openSqlite(":memory:"),
    handlers: ({ client, clock }) => [
      ...handleHttpRequests({
        client,
        clock,
        random: () => 0.999,
        fetch: fakeFetch as typeof fetch,
        signers: { webhook: webhookSigner(secret, { clock }) },
      }),
      handleHttpCallbacks({ callbacks: [publishCallback] }),
    ],
  });
  try {
    const { client, clock } = kit;
    const front = createPublishFront({ client, tokens: [token], clock, ...options });
    const send = async (path: string, { headers, ...init }: RequestInit) => {
      const all = { authorization: `Bearer ${token}`, ...headers as object };
      const url = `https://front.example${path}`;
      const response = await front.fetch(new Request(url, { ...init, headers: all }));
      const answer = await response.json();
      assert.equal(response.status, 200, JSON.stringify(answer));
      return answer;
    };
    await test({
      kit,
      arrived,
      call: (method, path) => send(path, { method }),
      publish: async (headers = {}, body = "hi") =>
        (await send(`/v2/publish/${shop}`, { method: "POST", headers, body })).messageId,
    });
  } finally {
    await kit.close();
  }
}

const fails = () => new Response("down", { status: 503, headers: { "x-why": "busy" } });
const decode = (base64: string) =>
  new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));

describe("a published message", () => {
  it("is sent, and its answer is told to who asked for it", () =>
    withWorld(
      ({ url }) =>
        url === shop
          ? new Response("thänks", { status: 201, headers: { "content-type": "text/x" } })
          : new Response(),
      async ({ kit, arrived, publish, call }) => {
        const id = await publish({
          "content-type": "text/plain",
          "upstash-forward-x-shop": "7",
          "upstash-callback": "https://a.example/done?of=7",
          "upstash-callback-forward-x-key": "k",
          "upstash-failure-callback": "https://a.example/failed",
        });
        await kit.drain();
        const [first, told] = arrived as [Arrived, Arrived];
        assert.equal(arrived.length, 2);
        assert.deepEqual([first.url, first.method, first.text], [shop, "POST", "hi"]);
        assert.equal(first.headers.get("x-shop"), "7");
        assert.equal(first.headers.get("x-request-id"), id);
        assert.equal(first.headers.get("authorization"), null);
        assert.deepEqual([told.url, told.method], ["https://a.example/done?of=7", "POST"]);
        assert.equal(told.headers.get("x-key"), "k");
        assert.equal(told.headers.get("content-type"), "application/json");
        const { status, header, body, sourceBody, sourceMessageId, url, method, maxRetries } = JSON
          .parse(told.text);
        assert.deepEqual([status, decode(body), decode(sourceBody)], [201, "thänks", "hi"]);
        assert.deepEqual(header, { "content-type": ["text/x"] });
        assert.deepEqual([sourceMessageId, url, method, maxRetries], [id, shop, "POST", 3]);
        assert.deepEqual(await call("GET", "/v2/dlq"), { messages: [] });
        assert.equal(await kit.client.count(), 0);
      },
    ));

  it("is tried again until it is taken, with the same id and another signature", () => {
    let left = 2;
    return withWorld(() => left-- > 0 ? fails() : new Response(), async (world) => {
      const { kit, arrived, publish } = world;
      const id = await publish({ "upstash-retries": "2" });
      await kit.drain();
      assert.equal(arrived.length, 3);
      const times = arrived.map(({ headers }) => Number(headers.get("webhook-timestamp")));
      assert.ok(times[1]! - times[0]! >= 5 && times[2]! - times[1]! >= 10, `${times}`);
      const signatures = new Set<string | null>();
      for (const { headers, text } of arrived) {
        const clock = { now: () => Number(headers.get("webhook-timestamp")) * 1000 };
        assert.equal((await verifyWebhook({ headers, body: text }, secret, { clock })).id, id);
        signatures.add(headers.get("webhook-signature"));
      }
      assert.equal(signatures.size, 3);
      assert.equal(await kit.client.count(), 0);
    }, { sign: "webhook" });
  });

  it("is a dead letter when all tries failed, and is published anew by hand", () => {
    let isDown = true;
    return withWorld(
      ({ url }) => url === shop && isDown ? fails() : new Response(),
      async (world) => {
        const { kit, arrived, publish, call } = world;
        const id = await publish({
          "upstash-retries": "1",
          "upstash-label": "orders",
          "upstash-callback": "https://a.example/done",
          "upstash-failure-callback": "https://a.example/failed",
          "upstash-failure-callback-method": "PUT",
        });
        await kit.drain();
        await kit.travel(10_000);
        await kit.drain();
        const urls = arrived.map(({ url }) => url);
        assert.deepEqual(urls.slice(0, 2), [shop, shop]);
        assert.deepEqual(urls.slice(2).sort(), [
          "https://a.example/done",
          "https://a.example/failed",
        ]);
        const failed = arrived.find(({ url }) => url.endsWith("failed"))!;
        const told = JSON.parse(failed.text);
        assert.equal(failed.method, "PUT");
        assert.deepEqual([told.status, told.header["x-why"]], [503, ["busy"]]);
        assert.deepEqual([decode(told.body), told.sourceMessageId], ["down", id]);
        assert.deepEqual([told.retried, told.maxRetries], [1, 1]);

        const { messages: [letter] } = await call("GET", "/v2/dlq") as {
          messages: Record<string, unknown>[];
        };
        const { dlqId, messageId, url, body, responseStatus, responseBody, labels } = letter!;
        assert.deepEqual([dlqId, messageId], [told.dlqId, id]);
        assert.deepEqual([url, body, labels], [shop, "hi", ["orders"]]);
        assert.deepEqual([responseStatus, responseBody], [503, "down"]);
        assert.deepEqual(await call("GET", `/v2/dlq/${dlqId}`), letter);

        isDown = false;
        const retried = await call("POST", `/v2/dlq/retry/${dlqId}`);
        assert.notEqual(retried["messageId"], id);
        assert.deepEqual(await call("GET", "/v2/dlq"), { messages: [] });
        await kit.drain();
        assert.deepEqual(arrived.slice(4).map(({ url }) => url), [shop, "https://a.example/done"]);
        assert.equal(await kit.client.count(), 0);
      },
    );
  });

  it("tells of a failure without an answer that its status is 0", () =>
    withWorld(({ url }) => {
      if (url === shop) throw new TypeError("connection refused");
      return new Response();
    }, async ({ kit, arrived, publish, call }) => {
      await publish({
        "upstash-retries": "0",
        "upstash-callback": "https://a.example/done",
        "upstash-failure-callback": "https://a.example/failed",
      });
      await kit.drain();
      assert.deepEqual(arrived.map(({ url }) => url), [shop, "https://a.example/failed"]);
      const { status, body } = JSON.parse(arrived[1]!.text);
      assert.equal(status, 0);
      assert.match(decode(body), /connection refused/);
      const { messages: [letter] } = await call("GET", "/v2/dlq") as {
        messages: Record<string, unknown>[];
      };
      assert.equal(letter!["responseStatus"], undefined);
      assert.match(String(letter!["error"]), /connection refused/);
    }));

  it("follows no redirect, as who receives it may lead it anywhere", () =>
    withWorld(
      () => new Response(null, { status: 302, headers: { location: "http://10.0.0.1/" } }),
      async ({ kit, arrived, publish, call }) => {
        await publish({ "upstash-retries": "0" });
        await kit.drain();
        assert.equal(arrived.length, 1);
        const { messages } = await call("GET", "/v2/dlq") as { messages: unknown[] };
        assert.equal(messages.length, 1);
      },
    ));

  it("is within the trace of who published it, and so is what tells of its end", () =>
    withWorld(() => new Response(), async ({ kit, arrived, publish }) => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const trace = { traceparent, tracestate: "vendor=1" };
      await publish({ ...trace, "upstash-callback": "https://a.example/done" });
      await kit.drain();
      assert.equal(arrived.length, 2);
      for (const { headers } of arrived) {
        assert.equal(headers.get("traceparent"), traceparent);
        assert.equal(headers.get("tracestate"), "vendor=1");
      }
    }));

  it("can be deleted from the dead letters, page by page", () =>
    withWorld(fails, async ({ kit, publish, call }) => {
      for (let at = 0; at < 5; at++) await publish({ "upstash-retries": "0" });
      await kit.drain();
      const page = await call("GET", "/v2/dlq?count=2") as {
        messages: { dlqId: string }[];
        cursor: string;
      };
      assert.equal(page.messages.length, 2);
      const next = await call("GET", `/v2/dlq?count=2&cursor=${page.cursor}`) as typeof page;
      assert.notEqual(next.messages[0]!.dlqId, page.messages[0]!.dlqId);
      const [one, two] = page.messages as [{ dlqId: string }, { dlqId: string }];
      assert.deepEqual(await call("DELETE", `/v2/dlq/${one.dlqId}`), { deleted: 1 });
      assert.deepEqual(await call("DELETE", `/v2/dlq?dlqIds=${two.dlqId}`), { deleted: 1 });
      const rest = await call("DELETE", "/v2/dlq?count=2") as { deleted: number; cursor: string };
      assert.equal(rest.deleted, 2);
      const last = await call("POST", `/v2/dlq/retry?count=2&cursor=${rest.cursor}`);
      assert.equal((last["responses"] as unknown[]).length, 1);
      assert.deepEqual(await call("GET", "/v2/dlq"), { messages: [] });
    }));
});
