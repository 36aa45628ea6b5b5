/**
 * Requests from their jobs to their callbacks, at a real broker.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createMemoryStore,
  createPayloads,
  defineHttpCallback,
  secret,
} from "../../src/offload/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { withHttp } from "../support/http.ts";

const address = "https://api.example/v1?key=1";

describe("a worker of requests", () => {
  it("sends a request and hands its answer to the callback", () =>
    withHttp(async ({ http, worker, asked, told, client, clock }) => {
      await worker.start();
      const id = await http.post(address, { json: { q: 1 }, callbackArgs: { chat: "a" } });
      await clock.settle();
      assert.equal(asked.length, 1);
      const [{ url, method, headers, body }] = asked as [typeof asked[0]];
      assert.deepEqual([url, method, body], [address, "POST", '{"q":1}']);
      assert.equal(headers.get("x-request-id"), id);
      assert.equal(headers.get("user-agent"), "millrace/0.1.0");
      assert.equal((await client.get(id)).status, "in_flight");

      await asked[0]!.answer('{"a":2}', { headers: { "content-type": "application/json" } });
      assert.equal(told.length, 1);
      const [{ args, requestId, result }] = told as [typeof told[0]];
      assert.deepEqual([args, requestId], [{ chat: "a" }, id]);
      assert.deepEqual([result?.status, result?.json()], [200, { a: 2 }]);
      assert.equal(await client.count(), 0);
      assert.deepEqual(worker.stats().totals.byStatus, { 200: 1 });
    }));

  it("sends secrets, and has them nowhere else", () =>
    withHttp(async ({ http, worker, asked, told, client, clock, lines }) => {
      await worker.start();
      const id = await http.get(address, {
        headers: { authorization: secret("key", { prefix: "Bearer " }) },
        params: { token: secret("token") },
      });
      const stored = JSON.stringify((await client.get(id)).payload);
      assert.doesNotMatch(stored, /s3cret|t0ken/);
      await clock.settle();
      assert.equal(asked[0]!.headers.get("authorization"), "Bearer s3cret");
      assert.equal(new URL(asked[0]!.url).searchParams.get("token"), "t0ken");
      await asked[0]!.fail(new Error("s3cret and t0ken"));
      assert.equal(told[0]!.failure?.url, address);
      assert.doesNotMatch(JSON.stringify([told, lines]), /s3cret|t0ken/);
    }, { secrets: { key: () => Promise.resolve("s3cret"), token: "t0ken" } }));

  it("asks for a secret each time, and for all of them where one function gives them", () => {
    const names: string[] = [];
    return withHttp(async ({ http, worker, asked, clock }) => {
      await worker.start();
      for (const _ of [1, 2]) await http.get(address, { headers: { a: secret("changing") } });
      await clock.settle();
      assert.deepEqual(asked.map(({ headers }) => headers.get("a")), ["1", "2"]);
      assert.deepEqual(names, ["changing", "changing"]);
      for (const one of asked) await one.answer();
    }, { secrets: (name) => Promise.resolve(String(names.push(name))) });
  });

  it("hands over answers of any status, unless failures are wanted", () =>
    withHttp(async ({ http, worker, asked, told, clock }) => {
      await worker.start();
      await http.get(address, { callbackArgs: { n: 1 } });
      await clock.settle();
      await asked[0]!.answer("no", { status: 404 });
      assert.deepEqual([told[0]!.result?.status, told[0]!.args], [404, { n: 1 }]);

      await http.delete(address, { httpErrors: "error", callbackArgs: { n: 2 } });
      await clock.settle();
      await asked[1]!.answer("no chat", { status: 503 });
      const { failure } = told[1]!;
      assert.ok(failure?.kind === "http");
      assert.equal(failure.message, "Status 503 of DELETE to 'api.example'");
      assert.deepEqual(
        [failure.url, failure.method, failure.response.status, failure.response.isServerError],
        [address, "DELETE", 503, true],
      );
      assert.equal(failure.response.text(), "no chat");
      assert.deepEqual(told[1]!.args, { n: 2 });

      await http.get(address, { httpErrors: "error" });
      await clock.settle();
      await asked[2]!.answer(null, { status: 204 });
      assert.equal(told[2]!.result?.status, 204);
      assert.deepEqual(worker.stats().totals.byKind, { http: 1 });
    }));

  it("tells of a request that takes too long, once", () =>
    withHttp(async ({ http, worker, asked, told, clock }) => {
      await worker.start();
      await http.get(address, { timeoutMs: 5000, callbackArgs: { n: 1 } });
      await clock.advance(4999);
      assert.equal(told.length, 0);
      await clock.advance(1);
      assert.equal(asked[0]!.signal.aborted, true);
      assert.deepEqual(
        told.map(({ args, failure }) => [args, failure?.kind, failure?.durationMs]),
        [
          [{ n: 1 }, "timeout", 5000],
        ],
      );
      await clock.advance(60_000);
      assert.equal(told.length, 1);
      assert.equal(asked.length, 1);
    }));

  it("says at once what cannot be sent", () =>
    withHttp(async ({ http, worker, told, asked, clock }) => {
      await worker.start();
      await http.get(address, { headers: { a: secret("missing") } });
      await http.get(address, { sign: "nobody" });
      await clock.settle();
      assert.deepEqual(told.map(({ failure }) => failure?.kind), ["config", "config"]);
      assert.match(told[0]!.failure!.message, /'missing'/);
      assert.match(told[1]!.failure!.message, /'nobody'/);
      assert.equal(asked.length, 0);
    }));

  it("has no more requests under way than it has places", () =>
    withHttp(async ({ http, worker, asked, told, client, clock }) => {
      await worker.start();
      for (let at = 0; at < 3; at++) await http.get(address, { callbackArgs: { at } });
      await clock.settle();
      assert.equal(asked.length, 2);
      assert.equal(worker.stats().inFlight, 2);
      assert.equal(await client.count({ status: "ready" }), 1);
      await asked[0]!.answer();
      assert.equal(asked.length, 3);
      await asked[1]!.answer();
      await asked[2]!.answer();
      assert.deepEqual(told.map(({ args }) => args), [{ at: 0 }, { at: 1 }, { at: 2 }]);
    }, { maxInFlight: 2 }));

  it("lets requests to a busy origin wait, uncharged", () =>
    withHttp(async ({ http, worker, asked, told, client, clock }) => {
      const full: string[] = [];
      worker.on("capacity", ({ target, delayMs }) => full.push(`${target} ${delayMs}`));
      await worker.start();
      const ids = [await http.get(address), await http.get(address)];
      await http.get("https://other.example/");
      await clock.settle();
      assert.deepEqual(asked.map(({ url }) => url), [address, "https://other.example/"]);
      assert.deepEqual(full, ["api.example/v1 500"]);
      assert.equal((await client.get(ids[1]!)).attempts, 0);
      await asked[0]!.answer();
      await clock.advance(1000);
      assert.equal(asked.length, 3);
      await asked[1]!.answer();
      await asked[2]!.answer();
      assert.equal(told.length, 3);
      assert.equal(worker.stats().totals.capacity, 1);
    }, { maxPerOrigin: 1 }));

  it("tells a callback that its request was cancelled", () =>
    withHttp(async ({ http, worker, asked, told, client, clock }) => {
      await worker.start();
      const id = await http.get(address);
      await clock.settle();
      await client.cancel(id, { reason: "No longer wanted" });
      await clock.advance(30_000);
      assert.equal(asked[0]!.signal.aborted, true);
      assert.deepEqual(told.map(({ failure }) => failure?.kind), ["aborted"]);
    }));

  it("sends what goes with the job: its trace, its key", () =>
    withHttp(async ({ http, worker, asked, clock }) => {
      await worker.start();
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const id = await http.post(address, { idempotencyKey: true, job: { meta: { traceparent } } });
      await clock.settle();
      assert.equal(asked[0]!.headers.get("traceparent"), traceparent);
      assert.equal(asked[0]!.headers.get("idempotency-key"), id);
      await asked[0]!.answer();
    }));

  it("deletes what is left in stores, now and then, until it is stopped", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ clock });
    const payloads = createPayloads({ stores: [store], ttlMs: 1000 });
    await withHttp(async ({ another }) => {
      const worker = another({ clock, payloads, sweepMs: 60_000, leases: undefined });
      await worker.start();
      await store.put("left", new Uint8Array(1));
      await clock.advance(59_999);
      assert.equal(store.count, 1);
      await clock.advance(1);
      assert.equal(store.count, 0);
      await store.put("left", new Uint8Array(1));
      const stopping = worker.stop({ timeoutMs: 0 });
      await clock.advance(100_000);
      await stopping;
      assert.equal(store.count, 1);
    });
  });

  it("tells its events in pairs, also to who listens late", () =>
    withHttp(async ({ http, worker, asked, clock }) => {
      const told: string[] = [];
      worker.on("start", () => told.push("start"));
      await worker.start();
      worker.on("start", () => told.push("start, late"));
      worker.on("requestStart", ({ target }) => told.push(`begins ${target}`));
      worker.on("requestEnd", ({ outcome }) => told.push(`ends: ${outcome}`));
      worker.on("requestError", ({ kind }) => told.push(`error: ${kind}`));
      worker.on("completed", ({ status }) => told.push(`completed ${status}`));
      worker.on("failed", ({ kind }) => told.push(`failed ${kind}`));
      worker.on("completed", () => {
        throw new Error("of a listener");
      });
      await http.get(address);
      await clock.settle();
      await asked[0]!.answer();
      await http.get(address);
      await clock.settle();
      await asked[1]!.fail();
      assert.deepEqual(told, [
        "start",
        "start, late",
        "begins api.example/v1",
        "ends: response",
        "completed 200",
        "begins api.example/v1",
        "error: connection",
        "ends: failure",
        "failed connection",
      ]);
    }));
});

describe("addresses within", () => {
  const within = ["http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://localhost/"];

  it("are refused, for a start and by redirects", () =>
    withHttp(async ({ http, worker, asked, told, clock }) => {
      await worker.start();
      for (const url of within) await http.get(url);
      await clock.settle();
      assert.deepEqual(told.map(({ failure }) => failure?.kind), within.map(() => "config"));
      assert.equal(asked.length, 0);
      await http.get(address);
      await clock.settle();
      await asked[0]!.answer(null, { status: 302, headers: { location: "http://10.0.0.1/" } });
      const { failure } = told.at(-1)!;
      assert.ok(failure?.kind === "redirect");
      assert.equal(failure.reason, "refused");
    }));

  it("may be allowed, and others be refused", () =>
    withHttp(async ({ http, worker, asked, told, clock }) => {
      await worker.start();
      await http.get(within[0]!);
      await http.get("http://127.0.0.1/admin");
      await clock.settle();
      assert.deepEqual(asked.map(({ url }) => url), [within[0]]);
      assert.equal(told[0]!.failure?.kind, "config");
      await asked[0]!.answer();
    }, { guardAddresses: false, allowUrl: ({ pathname }) => pathname !== "/admin" }));
});

describe("a worker with stores", () => {
  it("keeps no answer in a store that nobody wants to know of", () => {
    const store = createMemoryStore();
    const unwanted = defineHttpCallback("unwanted", { onComplete() {}, onError: "discard" });
    return withHttp(async ({ http, worker, asked, clock, client }) => {
      await worker.start();
      await http.get(address, { callback: unwanted, httpErrors: "error" });
      await clock.settle();
      await asked[0]!.answer("x".repeat(100), { status: 500 });
      await clock.advance(1000);
      assert.deepEqual([await client.count(), store.count], [0, 0]);
    }, {
      callbacks: [unwanted],
      payloads: createPayloads({ stores: [store], thresholdBytes: 10 }),
    });
  });
});
