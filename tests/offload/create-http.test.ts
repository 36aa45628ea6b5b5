/**
 * How requests become jobs: what is checked before they are enqueued, and what stands in them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import {
  createHttp,
  type CreateHttpOptions,
  defineHttpCallback,
  secret,
} from "../../src/offload/mod.ts";
import type { RequestPayload, RequestRecord } from "../../src/offload/records.ts";
import type { EnqueueRequest } from "../../src/protocol/enqueue.ts";

const noted = defineHttpCallback("noted", { onComplete() {}, onError: "discard" });
const address = "https://api.example/v1?a=1";

/** Requests over a client that only notes what it is given. */
function start(defaults: CreateHttpOptions = {}) {
  const enqueued: EnqueueRequest[] = [];
  const keys: unknown[] = [];
  const http = createHttp({
    enqueue(request, options) {
      enqueued.push(request);
      keys.push(options?.idempotencyKey);
      return Promise.resolve({ id: `id-${enqueued.length}` });
    },
  }, { callback: noted, ...defaults });
  /** What stands in the job, after JSON. */
  const last = (): RequestRecord => {
    const { request } = JSON.parse(JSON.stringify(enqueued.at(-1)!.payload)) as RequestPayload;
    return request!;
  };
  return { http, enqueued, keys, last };
}

describe("a request", () => {
  it("is a job, and its id is that of the job", async () => {
    const { http, enqueued } = start();
    assert.equal(await http.get(address), "id-1");
    const [{ type, queue, retryLimit, payload }] = enqueued as [EnqueueRequest];
    assert.deepEqual({ type, queue, retryLimit }, {
      type: "http:request",
      queue: "http",
      retryLimit: 25,
    });
    assert.deepEqual(JSON.parse(JSON.stringify(payload)), {
      v: 1,
      callback: "noted",
      request: {
        method: "GET",
        url: address,
        headers: {},
        timeoutMs: 60_000,
        maxRedirects: 5,
        maxBytes: 1_048_576,
        httpErrors: "complete",
        args: {},
      },
    });
  });

  it("takes a method in any case, and no other", async () => {
    const { http, last } = start();
    await http.request("pAtCh", address);
    assert.equal(last().method, "PATCH");
    await http.delete(address, { body: "x" });
    assert.equal(last().method, "DELETE");
    await assert.rejects(http.request("TRACE", address), {
      name: "TypeError",
      message: 'Cannot use method "TRACE": expected one of GET, HEAD, POST, PUT, PATCH, DELETE',
    });
  });

  it("needs an address, and says what is wrong with another", async () => {
    const { http } = start();
    const refuse = (url: unknown, message: string) =>
      assert.rejects(http.get(url as string), { name: "TypeError", message });
    const none = "Cannot send a request without an address: expected a URL";
    await refuse(undefined, none);
    await refuse("", none);
    await refuse(7, "Cannot use address 7: expected a text or a URL");
    await refuse("/users", "Cannot use address \"/users\": expected a whole URL, or a 'baseUrl'");
    await refuse(
      "ftp://a/",
      "Cannot use protocol \"ftp:\": expected 'http:' or 'https:'",
    );
    await refuse(
      "https://user:pass@api.example/",
      "Cannot use credentials in \"api.example\": expected an 'authorization' header with a 'secret'",
    );
  });

  it("has one body", async () => {
    const { http } = start();
    await assert.rejects(http.post(address, { json: 1, body: "1" }), {
      message: "Cannot send both 'json' and 'body': give one of them",
    });
    await assert.rejects(http.post(address, { body: 7 as never }), {
      message: "Cannot use 'body' 7: expected text, bytes, URLSearchParams or 'json'",
    });
    await assert.rejects(http.get(address, { json: { q: 1 } }), {
      message: "Cannot use a body with method \"GET\": expected another one, or 'params'",
    });
    await assert.rejects(http.post(address, { json: { at: new Date(0) } }), {
      name: "PayloadError",
      message: /^json\.at: a Date does not survive JSON/,
    });
  });

  it("says what its body is", async () => {
    const { http, last } = start();
    await http.post(address, { json: { text: "é" } });
    assert.deepEqual(last().body, { text: '{"text":"é"}' });
    assert.equal(last().headers["content-type"], "application/json; charset=utf-8");
    await http.post(address, { json: false, headers: { "Content-Type": "application/x" } });
    assert.deepEqual(last().body, { text: "false" });
    assert.equal(last().headers["content-type"], "application/x");
    await http.put(address, { body: new Uint8Array([0, 255]) });
    assert.deepEqual(last().body, { base64: "AP8=" });
    assert.equal(last().headers["content-type"], undefined);
    await http.post(address, { body: new URLSearchParams({ a: "1 2" }) });
    assert.deepEqual(last().body, { text: "a=1+2" });
    assert.equal(
      last().headers["content-type"],
      "application/x-www-form-urlencoded;charset=UTF-8",
    );
  });

  it("appends parameters to the query as forms do", async () => {
    const { http, last } = start();
    await http.get(address, {
      params: { q: "a b", page: 2, all: true, tag: ["x", "y"], none: null },
    });
    assert.equal(last().url, "https://api.example/v1?a=1&q=a+b&page=2&all=true&tag=x&tag=y");
    await http.get("https://api.example/#part");
    assert.equal(last().url, "https://api.example/");
  });

  it("names secrets, and does not have them in the address", async () => {
    const { http, last } = start();
    await http.get(address, {
      headers: { Authorization: secret("openai", { prefix: "Bearer " }) },
      params: { key: secret("maps"), page: 1 },
    });
    const { headers, secretParams, url } = last();
    assert.deepEqual(headers, { authorization: { $secret: "openai", prefix: "Bearer " } });
    assert.deepEqual(secretParams, { key: { $secret: "maps" } });
    assert.equal(url, "https://api.example/v1?a=1&page=1");
  });

  it("refuses headers that cannot be sent", async () => {
    const { http } = start();
    await assert.rejects(http.get(address, { headers: { "a b": "c" } }), TypeError);
    await assert.rejects(http.get(address, { headers: { a: "b\nc" } }), TypeError);
  });

  it("refuses numbers that are none of its kind", async () => {
    const { http } = start();
    for (const timeoutMs of [0, -1, 1.5, NaN, Infinity, "5" as unknown as number]) {
      await assert.rejects(http.get(address, { timeoutMs }), {
        name: "RangeError",
        message: `Cannot use 'timeoutMs' ${timeoutMs}: expected an integer from 1 on`,
      });
    }
    await http.get(address, { maxRedirects: 0 });
    await assert.rejects(http.get(address, { retry: -1 }), { name: "RangeError" });
    await assert.rejects(http.get(address, { timeOut: 5 } as object), {
      message: "Unknown option 'timeOut', did you mean 'timeoutMs'?",
    });
    await assert.rejects(http.get(address, { httpErrors: "raise" as never }), {
      message: "Cannot use 'httpErrors' \"raise\": expected 'complete' or 'error'",
    });
  });

  it("may be tried more often by its job than by itself", async () => {
    const { http, enqueued, last } = start();
    await http.post(address, { retry: { limit: 40, deadlineMs: 60_000 } });
    assert.equal(enqueued[0]!.retryLimit, 65);
    assert.deepEqual(last().retry, { limit: 40, deadlineMs: 60_000 });
    await http.post(address, { retry: 2 });
    assert.deepEqual(last().retry, { limit: 2 });
  });

  it("says what its job has, but not of which type it is", async () => {
    const { http, enqueued, keys } = start({ job: { queue: "slow", meta: { tenant: "a" } } });
    await http.post(address, {
      delay: "5m",
      enqueueKey: "event-1",
      job: {
        priority: 1,
        meta: { trace: "b" },
        budgets: (url: URL) => [{ key: url.host }],
        type: "other",
      } as object,
      callbackJob: { queue: "answers" },
    });
    const [job] = enqueued as [EnqueueRequest];
    assert.deepEqual(
      [job.type, job.queue, job.priority, job.delayMs],
      ["http:request", "slow", 1, 300_000],
    );
    assert.deepEqual(job.budgets, [{ key: "api.example" }]);
    assert.deepEqual(job.meta, { trace: "b" });
    assert.deepEqual((job.payload as RequestPayload).callbackJob, { queue: "answers" });
    assert.deepEqual(keys, ["event-1"]);
  });

  it("can be put together and enqueued with others", async () => {
    const { http, enqueued } = start();
    const prepared = http.of("post", address, { json: 1 });
    assert.equal(prepared.type, "http:request");
    const request = await prepared.prepare();
    assert.equal((request.payload as RequestPayload).request?.method, "POST");
    assert.equal(enqueued.length, 0);
  });
});

describe("defaults", () => {
  it("give no secret to another origin than that of 'baseUrl'", async () => {
    const defaults = { baseUrl: "https://api.example/v1/", headers: { "x-key": secret("key") } };
    const { http, last } = start(defaults);
    for (const other of ["https://evil.example/", "//evil.example/x", "http://api.example/v1/"]) {
      await assert.rejects(http.get(other), {
        name: "TypeError",
        message: /^Cannot use address "\S+": expected the origin of 'baseUrl', which its secrets/,
      });
    }
    const params = start({ baseUrl: "https://api.example/", params: { key: secret("key") } });
    await assert.rejects(params.http.get("//evil.example/"), /expected the origin of 'baseUrl'/);
    // Without secrets, a whole address stands for itself; and so does one with a base of its own.
    await http.get("https://other.example/x", { headers: { "x-key": undefined } });
    assert.equal(last().url, "https://other.example/x");
    await http.get("https://other.example/x", { baseUrl: "https://other.example/" });
    assert.deepEqual(last().headers, { "x-key": { $secret: "key" } });
  });

  it("give way to what is said of a request, and stay as they are", async () => {
    const { http, last } = start({
      baseUrl: "https://api.example/v1/",
      headers: { Accept: "text/plain", "x-key": secret("key") },
      params: { locale: "de", page: 1 },
      timeout: "10m",
    });
    await http.get("users", {
      headers: { accept: "application/json", "x-extra": "1" },
      params: { locale: "en", page: 2, limit: 10 },
      timeoutMs: 5,
    });
    assert.equal(last().url, "https://api.example/v1/users?locale=en&page=2&limit=10");
    assert.deepEqual(last().headers, {
      accept: "application/json",
      "x-key": { $secret: "key" },
      "x-extra": "1",
    });
    assert.equal(last().timeoutMs, 5);
    await http.get("/users", { headers: { "x-key": undefined } });
    assert.equal(last().url, "https://api.example/users?locale=de&page=1");
    assert.deepEqual(last().headers, { accept: "text/plain" });
    assert.equal(last().timeoutMs, 600_000);
  });

  it("are extended, and not changed by that", async () => {
    const { http, last } = start({ headers: { a: "1" } });
    const other = http.extend({ headers: new Headers({ b: "2" }), maxRedirects: 0 });
    await other.get(address);
    assert.deepEqual(last().headers, { a: "1", b: "2" });
    assert.equal(last().maxRedirects, 0);
    await http.get(address);
    assert.deepEqual(last().headers, { a: "1" });
    assert.equal(last().maxRedirects, 5);
  });
});

describe("a callback", () => {
  const typed = defineHttpCallback("typed", {
    args: v.object({ chat: v.string() }),
    onComplete() {},
    onError: "discard",
  });

  it("has to be one, and no function", async () => {
    const { http } = start({ callback: undefined });
    const refuse = (callback: unknown, shown: string) =>
      assert.rejects(http.get(address, { callback: callback as never }), {
        name: "TypeError",
        message:
          `Cannot use 'callback' ${shown}: expected what defineHttpCallback gives, or its name`,
      });
    await refuse(undefined, "undefined");
    await refuse(() => {}, "a function");
    await refuse({ name: "bare" }, "an object");
  });

  it("has functions for answers and for failures", () => {
    const define = (options: object) => defineHttpCallback("broken", options as never);
    assert.throws(() => define({ onError: "discard" }), {
      message: "Cannot use 'onComplete' undefined of callback 'broken': expected a function",
    });
    assert.throws(() => define({ onComplete() {} }), {
      message:
        "Cannot use 'onError' undefined of callback 'broken': expected a function, or 'discard' if nobody wants to know of failures",
    });
    assert.throws(
      () => defineHttpCallback("", { onComplete() {}, onError: "discard" }),
      { name: "TypeError", message: /^Cannot define callback ""/ },
    );
  });

  it("goes by its name, which has to be known where names are", async () => {
    const { http, enqueued } = start({ callbacks: [typed, "other"] });
    await http.get(address, { callback: "other" });
    assert.equal((enqueued[0]!.payload as RequestPayload).callback, "other");
    await assert.rejects(http.get(address, { callback: "unknown" }), {
      message: "Cannot use 'callback' \"unknown\": expected one of typed, other",
    });
  });

  it("is given what JSON carries, as its schema has it", async () => {
    const { http, last } = start();
    await http.get(address, { callback: typed, callbackArgs: { chat: "c" } });
    assert.deepEqual(last().args, { chat: "c" });
    await assert.rejects(
      http.get(address, { callback: typed, callbackArgs: { chat: 7 as never } }),
      {
        name: "PayloadError",
        message: /^Arguments of callback 'typed' do not fit: chat: /,
      },
    );
    const deep = { list: [{ nested: { at: 1 } }] };
    await http.get(address, { callbackArgs: deep });
    assert.deepEqual(last().args, deep);
    const refuse = (value: unknown, message: RegExp) =>
      assert.rejects(http.get(address, { callbackArgs: { list: [{ value }] } }), {
        name: "PayloadError",
        message,
      });
    await refuse(new Date(0), /^callbackArgs\.list\[0\]\.value: a Date does not survive JSON/);
    await refuse(Symbol("s"), /^callbackArgs\.list\[0\]\.value: a symbol/);
    await refuse(Infinity, /^callbackArgs\.list\[0\]\.value: Infinity/);
    await refuse(() => {}, /^callbackArgs\.list\[0\]\.value: a function/);
    await refuse(new Map(), /^callbackArgs\.list\[0\]\.value: a Map/);
    await assert.rejects(http.get(address, { callbackArgs: [1] as never }), {
      message: "Cannot use 'callbackArgs' a list: expected an object",
    });
  });
});

describe("a request that was mistyped", () => {
  it("is refused if it would not be what was meant", async () => {
    const { http, last } = start();
    const refused: [object, RegExp][] = [
      [{ retry: { limt: 3 } }, /Cannot use 'limit' NaN/],
      [{ params: { a: [secret("key")] } }, /Cannot use a "\[object Object\]": expected text/],
      [{ headers: { a: `Bearer ${secret("key")}` } }, /Cannot use a "Bearer \[object/],
      [{ headers: { a: secret("key", { prefix: "b\nc" }) } }, /header/i],
    ];
    for (const [options, message] of refused) {
      await assert.rejects(http.get(address, options), { message }, String(message));
    }
    await http.get(address, { idempotencyKey: false as unknown as true });
    assert.equal(last().idempotencyKey, undefined);
  });
});
