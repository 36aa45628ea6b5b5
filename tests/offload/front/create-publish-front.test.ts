/**
 * A front in QStash's shape: who may call, what is stored, and what is answered.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createEnqueuer } from "../../../src/client/mod.ts";
import { createPublishFront, type PublishFrontOptions } from "../../../src/offload/mod.ts";
import type { RequestPayload } from "../../../src/offload/records.ts";
import type { TestClock } from "../../../src/testing/mod.ts";
import { withBroker } from "../../support/broker.ts";
import { createRecordingLogger } from "../../support/recording-logger.ts";

const token = "a-token-of-this-test";
const shop = "https://shop.example/hooks?a=1";

/** A front before a broker, and what a test asks of both. */
function withFront(
  test: (parts: ReturnType<typeof toParts> & { clock: TestClock }) => Promise<void>,
  options: Partial<PublishFrontOptions> = {},
): Promise<void> {
  return withBroker(async ({ broker, clock }) => {
    const fetch = (request: Request) => broker.fetch(request);
    await test({ ...toParts(fetch, { clock, ...options }), clock });
  });
}

function toParts(
  fetch: (request: Request) => Promise<Response>,
  { clock, ...options }: Partial<PublishFrontOptions>,
) {
  const client = createClient({ fetch, ...clock && { clock } });
  const front = createPublishFront({ client, tokens: [token], clock, ...options });
  const call = async (
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: BodyInit } = {},
  ) => {
    const { headers, body = null } = init;
    const all = { "authorization": `Bearer ${token}`, ...headers };
    const url = `https://front.example${path}`;
    const response = await front.fetch(new Request(url, { method, headers: all, body }));
    return { status: response.status, body: await response.json(), headers: response.headers };
  };
  return {
    client,
    front,
    call,
    publish: (headers: Record<string, string> = {}, body: BodyInit = "hi", url = shop) =>
      call("POST", `/v2/publish/${url}`, { headers, body }),
    /** What stands in the job of a message. */
    stored: async (id: string) => {
      const job = await client.get(id);
      return { job, request: (job.payload as RequestPayload).request! };
    },
  };
}

describe("createPublishFront", () => {
  it("stores a message as a request", () =>
    withFront(async ({ publish, stored }) => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const { status, body } = await publish({
        "content-type": "application/json",
        "upstash-method": "PUT",
        "upstash-forward-x-shop": "7",
        "upstash-label": "orders",
        "upstash-retries": "5",
        "upstash-timeout": "2m",
        traceparent,
      }, '{"order":1}');
      assert.equal(status, 200);
      assert.deepEqual(body, { messageId: body.messageId, url: shop });
      const { job, request } = await stored(body.messageId);
      assert.deepEqual([job.type, job.queue, job.status], ["http:request", "http", "ready"]);
      assert.deepEqual([job.tags, job.meta], [["orders"], { traceparent }]);
      const { method, url, headers, timeoutMs, httpErrors, maxRedirects, retry } = request;
      assert.deepEqual({ method, url, headers, timeoutMs, httpErrors, maxRedirects }, {
        method: "PUT",
        url: shop,
        headers: { "content-type": "application/json", "x-shop": "7" },
        timeoutMs: 120_000,
        httpErrors: "error",
        maxRedirects: 0,
      });
      assert.deepEqual([retry!.limit, retry!.baseMs, retry!.maxMs], [5, 10_000, 86_400_000]);
      for (const status of [302, 400, 404, 429, 500, 503, 522]) {
        assert.ok(retry!.statuses!.includes(status));
      }
      assert.ok(!retry!.statuses!.some((status) => status < 300));
    }));

  it("sends bytes as they came", () =>
    withFront(async ({ publish, stored }) => {
      const bodyOf = async (body: BodyInit) =>
        (await stored((await publish({}, body)).body.messageId)).request.body;
      const bytes = new Uint8Array([0, 255, 128, 10]);
      assert.deepEqual(await bodyOf(bytes), { base64: btoa("\x00\xff\x80\n") });
      const marked = "\ufeffgrüße\r\n";
      const sent = await bodyOf(marked);
      const text = "text" in sent! ? sent.text : new TextDecoder("utf-8", { ignoreBOM: true })
        .decode(Uint8Array.from(atob(sent!.base64), (letter) => letter.charCodeAt(0)));
      assert.equal(text, marked);
      assert.equal(await bodyOf(""), undefined);
    }));

  it("waits as long as the caller says", () =>
    withFront(async ({ publish, stored, clock }) => {
      const readyAt = async (headers: Record<string, string>) =>
        (await stored((await publish(headers)).body.messageId)).job.readyAt;
      const now = clock.now();
      assert.equal(await readyAt({ "upstash-delay": "90s" }), now + 90_000);
      const at = Math.floor(now / 1000) + 3600;
      const both = { "upstash-delay": "90s", "upstash-not-before": String(at) };
      assert.equal(await readyAt(both), at * 1000);
      assert.equal(await readyAt({ "upstash-not-before": "1000" }), now);
    }));

  it("lets in who has a token, and tells others nothing", () =>
    withFront(async ({ front, call, client }) => {
      const attempts: (string | undefined)[] = [
        undefined,
        "",
        "Bearer",
        "Bearer ",
        `Bearer ${token}x`,
        `Bearer ${token.slice(0, -1)}`,
        `Basic ${token}`,
        token,
      ];
      for (const authorization of attempts) {
        for (const path of [`/v2/publish/${shop}`, "/v2/dlq", "/nothing", "/v2/batch"]) {
          const headers = new Headers(authorization === undefined ? {} : { authorization });
          const request = new Request(`https://f.example${path}`, { method: "POST", headers });
          const response = await front.fetch(request);
          assert.equal(response.status, 401);
          assert.equal(response.headers.get("www-authenticate"), "Bearer");
          assert.doesNotMatch(await response.text(), new RegExp(token));
        }
      }
      assert.equal(await client.count(), 0);
      for (const authorization of [`bearer ${token}`, `Bearer  ${token} `]) {
        const { status } = await call("GET", "/v2/dlq", { headers: { authorization } });
        assert.equal(status, 200);
      }
    }));

  it("answers 404 to what it has not, and 400 to what it cannot do", () =>
    withFront(async ({ call, publish, client }) => {
      const missing: [string, string][] = [
        ["GET", `/v2/publish/${shop}`],
        ["POST", `/v1/publish/${shop}`],
        ["POST", "/v2/enqueue/mine/https://shop.example"],
        ["POST", "/v2/schedules/https://shop.example"],
        ["GET", "/v2/schedules"],
        ["GET", "/v2/constructor/id"],
        ["GET", "/"],
        ["GET", "/v2/messages/03hb3ob9o600w39kuu8xh57d9"],
        ["DELETE", "/v2/messages/03hb3ob9o600w39kuu8xh57d9"],
        ["GET", "/v2/dlq/03hb3ob9o600w39kuu8xh57d9"],
        ["POST", "/v2/dlq/retry/03hb3ob9o600w39kuu8xh57d9"],
      ];
      for (const [method, path] of missing) {
        const { status, body } = await call(method, path);
        assert.deepEqual([path, status, body], [path, 404, { error: "Not found" }]);
      }
      const wrong = [
        await publish({ "upstash-cron": "* * * * *" }),
        await publish({ "upstash-method": "GET" }, "a body"),
        await publish({ "upstash-forward-": "x" }),
        await publish({ "upstash-deduplication-id": "a b" }),
        await publish({}, "x", "group-of-urls"),
        await publish({}, "x", "https://me:secret@shop.example/"),
        await publish({ "upstash-label": "x".repeat(300) }),
        await call("DELETE", "/v2/messages"),
        await call("GET", "/v2/dlq?url=https://shop.example"),
        await call("GET", "/v2/dlq?count=0"),
        await call("POST", "/v2/batch", { body: "{" }),
        await call("POST", "/v2/batch", { body: "[]" }),
        await call("POST", "/v2/batch", { body: '[{"destination":1}]' }),
        await call("POST", "/v2/batch", { body: `[{"destination":"${shop}","queue":"q"}]` }),
      ];
      for (const { status, body } of wrong) {
        assert.equal(status, 400, JSON.stringify(body));
        assert.equal(typeof body.error, "string");
      }
      assert.equal(await client.count(), 0);
    }));

  it("reads no more of a body than it may have", () =>
    withFront(async ({ publish }) => {
      assert.equal((await publish({}, "x".repeat(100))).status, 200);
      const { status, body } = await publish({}, "x".repeat(101));
      assert.deepEqual([status, body], [413, { error: "Body has more than 100 bytes" }]);
    }, { maxBytes: 100 }));

  it("refuses addresses within, also of who is told of the end", () =>
    withFront(async ({ publish, client }) => {
      const within = [
        "http://10.0.0.1/",
        "http://localhost:8080/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/",
      ];
      for (const url of within) {
        const refused = [
          await publish({}, "x", url),
          await publish({ "upstash-callback": url }),
          await publish({ "upstash-failure-callback": url }),
        ];
        for (const { status, body } of refused) {
          assert.equal(status, 403, url);
          assert.match(body.error, /^Destination '\S+' is not allowed$/);
        }
      }
      assert.equal(await client.count(), 0);
    }));

  it("lets them be asked where its owner says so", () =>
    withFront(async ({ publish }) => {
      assert.equal((await publish({}, "x", "http://10.0.0.1/")).status, 200);
    }, { guardAddresses: false }));

  it("asks its owner whether an address may be asked", () =>
    withFront(async ({ publish, client }) => {
      const refused = [
        await publish({}, "x", "https://other.example/"),
        await publish({ "upstash-callback": "https://other.example/" }),
      ];
      for (const { status, body } of refused) {
        assert.deepEqual([status, body], [403, {
          error: "Destination 'other.example' is not allowed",
        }]);
      }
      assert.equal(await client.count(), 0);
      assert.equal((await publish()).status, 200);
    }, { allowUrl: ({ host }) => Promise.resolve(host === "shop.example") }));

  it("stores one of two messages with one deduplication id, until a time after its end", () =>
    withFront(async ({ publish, client }) => {
      const headers = { "upstash-deduplication-id": "order-7" };
      const { body: first } = await publish(headers);
      const { status, body: second } = await publish(headers, "another body");
      assert.deepEqual([status, second], [200, { ...first, deduplicated: true }]);
      assert.equal(
        (await publish({ "upstash-deduplication-id": "order-8" })).body.deduplicated,
        undefined,
      );
      const job = await client.get(first.messageId);
      assert.deepEqual([job.uniqueKey, job.uniqueWhile], ["publish:order-7", "exists"]);
      assert.equal(job.retention?.completedMs, 600_000);
    }));

  it("knows a message by its content, if the caller says so", () =>
    withFront(async ({ publish }) => {
      const headers = { "upstash-content-based-deduplication": "true" };
      const { body: { messageId } } = await publish(headers, "a");
      const isSame = async (more: Record<string, string>, body: string, url = shop) =>
        (await publish({ ...headers, ...more }, body, url)).body.messageId === messageId;
      assert.ok(await isSame({}, "a"));
      assert.ok(!await isSame({}, "b"));
      assert.ok(!await isSame({ "upstash-forward-x": "1" }, "a"));
      assert.ok(!await isSame({ "upstash-callback": shop }, "a"));
      assert.ok(!await isSame({}, "a", "https://shop.example/other"));
    }));

  it("stores a batch, all or none", () =>
    withFront(async ({ call, stored, client }) => {
      const one = { destination: shop, headers: { "Upstash-Forward-X-N": "1" }, body: "one" };
      const two = { destination: "https://b.example/", headers: { "upstash-delay": "1h" } };
      const { status, body } = await call("POST", "/v2/batch", {
        body: JSON.stringify([one, two]),
      });
      assert.equal(status, 200);
      assert.deepEqual(body.map(({ url }: { url: string }) => url), [shop, "https://b.example/"]);
      const { request } = await stored(body[0].messageId);
      assert.equal(request.headers["x-n"], "1");
      assert.equal((await stored(body[1].messageId)).job.status, "scheduled");
      const wrong = { destination: "nowhere" };
      const { status: refused } = await call("POST", "/v2/batch", {
        body: JSON.stringify([one, wrong]),
      });
      assert.deepEqual([refused, await client.count()], [400, 2]);
    }));

  it("shows and cancels a message that waits, and no job of others", () =>
    withFront(async ({ call, publish, client }) => {
      const { body: { messageId } } = await publish({
        "upstash-delay": "1h",
        "upstash-callback": "https://a.example/done",
        "upstash-label": "l",
      });
      const { body: shown } = await call("GET", `/v2/messages/${messageId}`);
      assert.equal(shown.notBefore - shown.createdAt, 3_600_000);
      assert.deepEqual([shown.messageId, shown.url, shown.body], [messageId, shop, "hi"]);
      assert.deepEqual([shown.callback, shown.labels], ["https://a.example/done", ["l"]]);
      const other = await client.enqueue({ type: "secret", queue: "q", payload: { v: 1 } });
      for (const method of ["GET", "DELETE"]) {
        assert.equal((await call(method, `/v2/messages/${other.id}`)).status, 404);
      }
      const { body: cancelled } = await call("DELETE", `/v2/messages/${messageId}`);
      assert.deepEqual(cancelled, { cancelled: 1 });
      assert.equal((await call("GET", `/v2/messages/${messageId}`)).status, 404);
      const ids = [(await publish()).body.messageId, (await publish()).body.messageId];
      const { body: two } = await call(
        "DELETE",
        `/v2/messages?messageIds=${ids.join("&messageIds=")}`,
      );
      assert.deepEqual([two, await client.count()], [{ cancelled: 2 }, 1]);
    }));

  it("publishes with a client that only enqueues, under a path of its own", () =>
    withBroker(async ({ broker, clock }) => {
      const client = createEnqueuer({ fetch: (request) => broker.fetch(request), clock });
      const front = createPublishFront({ client, tokens: [token], basePath: "/qstash/", clock });
      const call = async (method: string, path: string) => {
        const headers = { authorization: `Bearer ${token}` };
        const request = new Request(`https://front.example${path}`, { method, headers });
        return (await front.fetch(request)).status;
      };
      assert.equal(await call("POST", `/qstash/v2/publish/${shop}`), 200);
      assert.equal(await call("POST", `/v2/publish/${shop}`), 404);
      assert.equal(await call("GET", "/qstash/v2/dlq"), 501);
    }));

  it("says that the broker is away, and not why", async () => {
    const client = createClient(
      {
        fetch: () => Promise.reject(new TypeError("secret-host refused")),
        retry: { limit: 0 },
      } as Parameters<typeof createClient>[0],
    );
    const { logger, errors } = createRecordingLogger();
    const front = createPublishFront({ client, tokens: [token], logger });
    const response = await front.fetch(
      new Request(`https://front.example/v2/publish/${shop}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      }),
    );
    assert.equal(response.status, 503);
    assert.doesNotMatch(await response.text(), /secret-host/);
    assert.deepEqual(errors, ["A call could not be served"]);
  });

  it("refuses options that would leave it open, or that are none", () => {
    const client = createClient({ url: "http://127.0.0.1:1" });
    const create = (options: object) =>
      createPublishFront({ client, tokens: [token], ...options } as PublishFrontOptions);
    assert.throws(
      () => create({ tokens: [] }),
      /Cannot use 'tokens' a list: expected a list of one/,
    );
    assert.throws(() => create({ tokens: undefined }), /Cannot use 'tokens' undefined/);
    assert.throws(() => create({ tokens: ["short"] }), /has not 16 characters/);
    assert.throws(() => create({ client: {} }), /Cannot use 'client' an object/);
    assert.throws(() => create({ retries: -1 }), /Cannot use 'retries' -1/);
    assert.throws(() => create({ timeout: "soon" }), /'timeout'/);
    assert.throws(() => create({ token }), /Unknown option 'token', did you mean 'tokens'/);
  });
});
