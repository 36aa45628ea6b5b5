/**
 * What becomes of answers: callbacks that fail, bodies in stores, and tries that come later.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { withHttpKit } from "../support/http-kit.ts";
import {
  createEncryptor,
  createMemoryStore,
  createPayloads,
  defineHttpCallback,
} from "../../src/offload/mod.ts";
import { cancel } from "../../src/worker/mod.ts";

const address = "https://api.example/v1";

describe("a callback that fails", () => {
  it("is tried again, and the request is not sent again", () => {
    let failures = 2;
    const told: string[] = [];
    const flaky = defineHttpCallback("flaky", {
      onComplete(result, { attempt }) {
        if (failures-- > 0) throw new Error("not now");
        told.push(`${result.text()} at attempt ${attempt}`);
      },
      onError: "discard",
    });
    return withHttpKit({ callbacks: [flaky] }, async ({ http, kit, sent }) => {
      await http.get(address, { callback: flaky });
      await kit.drain();
      assert.deepEqual(told, ["answer 1 at attempt 3"]);
      assert.equal(sent.length, 1);
      assert.equal(await kit.client.count(), 0);
    });
  });

  it("is told when it is given up, of answers and of failures", () => {
    const told: unknown[] = [];
    const broken = defineHttpCallback<{ n: number }>("broken", {
      onComplete() {
        throw new Error("never");
      },
      onError: () => cancel("not wanted"),
      onExhausted(what, { args, error, attempt }) {
        const kind = "kind" in what ? what.kind : what.status;
        told.push([kind, args.n, (error as Error).message, attempt]);
        throw new Error("of the last word");
      },
    });
    return withHttpKit({
      callbacks: [broken],
      fetch: (_, count) =>
        count === 1 ? new Response("", { status: 201 }) : Promise.reject(new Error("odd")),
    }, async ({ http, kit }) => {
      await http.get(address, {
        callback: broken,
        callbackArgs: { n: 1 },
        callbackJob: { retryLimit: 2 },
      });
      await kit.drain();
      await http.get(address, { callback: broken, callbackArgs: { n: 2 } });
      await kit.drain();
      assert.deepEqual(told, [[201, 1, "never", 3], ["unknown", 2, "not wanted", 1]]);
      assert.equal(await kit.client.count({ status: "dead", queue: "http-callbacks" }), 2);
    });
  });

  it("fails if the worker does not have it, and waits for one that has", () => {
    const known = defineHttpCallback("known", { onComplete() {}, onError: "discard" });
    return withHttpKit({ callbacks: [known] }, async ({ http, kit }) => {
      await http.get(address, { callback: "elsewhere" });
      const runs = await kit.drain({ until: "now" });
      assert.equal(runs.at(-1)?.kind, "failed");
      assert.match(String(runs.at(-1)?.error), /No callback 'elsewhere': this worker has 'known'/);
      assert.equal(runs.at(-1)?.status, "scheduled");
    });
  });

  it("checks its arguments again", () => {
    const told: unknown[] = [];
    const typed = defineHttpCallback("typed", {
      args: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
      onComplete: (_, { args }) => void told.push(args),
      onError: "discard",
    });
    return withHttpKit({ callbacks: [typed] }, async ({ http, kit }) => {
      await http.get(address, { callback: typed, callbackArgs: { n: "7" } });
      // Who enqueues by name has no schema.
      await http.get(address, { callback: "typed", callbackArgs: { n: 7 } });
      const runs = await kit.drain({ until: "now" });
      assert.deepEqual(told, [{ n: 7 }]);
      assert.match(String(runs.at(-1)?.error), /Arguments of callback 'typed' do not fit: n/);
    });
  });

  it("is told when the broker does not take its job, and nothing is sent again", () => {
    const told: string[] = [];
    const noted = defineHttpCallback("noted", {
      onComplete() {},
      onError: ({ kind, message }) => void told.push(`${kind}: ${message}`),
    });
    return withHttpKit({ callbacks: [noted] }, async ({ http, kit, sent }) => {
      await http.get(address, { callback: noted, callbackJob: { queue: "a*b" } });
      await kit.drain();
      assert.equal(sent.length, 1);
      assert.equal(told.length, 1);
      assert.match(told[0]!, /^config: The broker did not take what came of it: .*queue/);
    });
  });

  it("enqueues nothing for failures that nobody wants", () => {
    const easy = defineHttpCallback("easy", { onComplete() {}, onError: "discard" });
    return withHttpKit({
      callbacks: [easy],
      fetch: () => Promise.reject(new TypeError("x")),
    }, async ({ http, kit }) => {
      await http.get(address, { callback: easy });
      const runs = await kit.drain();
      assert.deepEqual(runs.map(({ job }) => job.type), ["http:request", "http:callback"]);
      assert.equal(await kit.client.count(), 0);
    });
  });
});

describe("requests in stores", () => {
  const secretText = "the whole of it";

  it("keep large bodies there, until their callback is done", () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 1000 });
    const told: string[] = [];
    let failures = 1;
    const noted = defineHttpCallback("noted", {
      onComplete(result) {
        told.push(result.text());
        if (failures-- > 0) throw new Error("once more");
      },
      onError: "discard",
    });
    const large = "ä".repeat(2000);
    return withHttpKit({
      callbacks: [noted],
      payloads,
      fetch: () => new Response(large),
    }, async ({ http, kit, sent }) => {
      await http.post(address, { callback: noted, body: large });
      assert.equal(store.count, 1);
      assert.equal((await kit.runNext())?.job.type, "http:request");
      assert.equal(sent[0]!.body, large);
      // The answer and the request, which is deleted by a job.
      assert.equal(store.count, 2);
      assert.equal(await kit.client.count({ type: "http:discard" }), 1);
      await kit.drain();
      assert.deepEqual(told, [large, large]);
      assert.equal(store.count, 0);
      assert.equal(await kit.client.count(), 0);
    });
  });

  it("keep no answer that nobody is given", () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 10 });
    const callback = defineHttpCallback("noted", { onComplete() {}, onError: "discard" });
    return withHttpKit({
      callbacks: [callback],
      payloads,
      enqueuePayloads: undefined,
      fetch: () => new Response("x".repeat(100), { status: 503 }),
    }, async ({ http, kit, sent }) => {
      await http.get(address, { callback, retry: { limit: 1 } });
      await kit.runNext();
      assert.deepEqual([sent.length, store.count], [1, 0]);
      await kit.drain();
      assert.deepEqual([sent.length, store.count], [2, 0]);
    });
  });

  it("can be read by nobody without the key, arguments and all", () => {
    const encryptor = createEncryptor({
      keys: [{ id: "k1", key: new Uint8Array(32).fill(7) }],
    });
    const payloads = createPayloads({ encryptor, onlyEncrypted: true });
    const told: unknown[] = [];
    const noted = defineHttpCallback<{ text: string }>("noted", {
      onComplete: (result, { args }) => void told.push([args.text, result.text()]),
      onError: "discard",
    });
    return withHttpKit({
      callbacks: [noted],
      payloads,
      fetch: () => new Response(secretText),
    }, async ({ http, kit, sent }) => {
      const payloadsSeen: string[] = [];
      const look = async () => {
        for await (const { payload } of kit.client.list()) {
          payloadsSeen.push(JSON.stringify(payload));
        }
      };
      await http.post(`${address}?q=hidden`, {
        callback: noted,
        callbackArgs: { text: "hidden args" },
        body: "hidden body",
      });
      await look();
      await kit.runNext();
      await look();
      await kit.drain();
      assert.equal(sent[0]!.body, "hidden body");
      assert.deepEqual(told, [["hidden args", secretText]]);
      assert.equal(payloadsSeen.length, 2);
      assert.doesNotMatch(payloadsSeen.join(), /hidden|whole/);
    });
  });

  it("fail loudly if they are of a version that nobody knows", () => {
    const noted = defineHttpCallback("noted", { onComplete() {}, onError: "discard" });
    return withHttpKit({ callbacks: [noted] }, async ({ kit }) => {
      await kit.client.enqueue({ type: "http:request", queue: "http", payload: { v: 2 } });
      const [run] = await kit.drain({ until: "now" });
      assert.equal(run?.kind, "failed");
      assert.match(
        String(run?.error),
        /Cannot read a request of version 2: this version of Millrace knows 1/,
      );
    });
  });

  it("are handed over as failed, if a store fails until the end", () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 10 });
    const broken = { ...payloads, sink: () => () => Promise.reject(new Error("disk full")) };
    const told: string[] = [];
    const noted = defineHttpCallback("noted", {
      onComplete() {},
      onError: ({ kind, message }) => void told.push(`${kind}: ${message}`),
    });
    return withHttpKit({
      callbacks: [noted],
      payloads: broken,
      enqueuePayloads: undefined,
    }, async ({ http, kit, sent }) => {
      await http.get(address, { callback: noted });
      await kit.drain();
      assert.equal(sent.length, 26);
      assert.deepEqual(told, [
        "unknown: The worker failed: The payload store did not take the answer",
      ]);
    });
  });
});

describe("a request that is tried again", () => {
  const noted = (told: unknown[]) =>
    defineHttpCallback("noted", {
      onComplete: ({ status }) => void told.push(status),
      onError: ({ kind }) => void told.push(kind),
    });
  const answers =
    (...list: (number | Error | [number, string])[]) => (_: unknown, count: number) => {
      const next = list[Math.min(count, list.length) - 1]!;
      if (next instanceof Error) return Promise.reject(next);
      if (typeof next === "number") return new Response("", { status: next });
      return new Response("", { status: next[0], headers: { "retry-after": next[1] } });
    };
  const reset = new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });

  it("comes after waits that double, and gives what came last", () => {
    const told: unknown[] = [];
    const callback = noted(told);
    return withHttpKit(
      { callbacks: [callback], fetch: answers(503, reset, 429, 500) },
      async ({ http, kit, sent }) => {
        await http.post(address, { callback, retry: { limit: 3, baseMs: 1000 } });
        await kit.drain();
        assert.deepEqual(told, [500]);
        const waits = sent.slice(1).map(({ at }, index) => at - sent[index]!.at);
        assert.deepEqual(waits.map((ms, at) => ms > 500 * 2 ** at && ms <= 1000 * 2 ** at), [
          true,
          true,
          true,
        ]);
        assert.equal(await kit.client.count(), 0);
      },
    );
  });

  it("takes no number for a date that is over", () => {
    const told: unknown[] = [];
    const callback = noted(told);
    return withHttpKit(
      { callbacks: [callback], fetch: answers([503, "1.5"], [503, "-5"], 200) },
      async ({ http, kit, sent }) => {
        await http.post(address, { callback, retry: { limit: 2, baseMs: 1000 } });
        await kit.drain();
        assert.deepEqual(told, [200]);
        const waits = sent.slice(1).map(({ at }, index) => at - sent[index]!.at);
        assert.ok(waits.every((ms) => ms > 500), String(waits));
      },
    );
  });

  it("comes when the server asks for it", () => {
    const told: unknown[] = [];
    const callback = noted(told);
    const date = new Date(Date.UTC(2026, 0, 1, 1)).toUTCString();
    return withHttpKit({
      callbacks: [callback],
      fetch: answers([429, "120"], [503, date], 200),
    }, async ({ http, kit, sent }) => {
      await http.post(address, { callback, retry: 5 });
      await kit.drain();
      assert.deepEqual(told, [200]);
      assert.deepEqual(sent.map(({ at }) => at - Date.UTC(2026, 0)), [0, 120_000, 3_600_000]);
    });
  });

  it("does not come after its deadline", () => {
    const told: unknown[] = [];
    const callback = noted(told);
    return withHttpKit(
      { callbacks: [callback], fetch: answers([503, "50"]) },
      async ({ http, kit, sent }) => {
        await http.post(address, { callback, retry: { limit: 9, deadlineMs: 120_000 } });
        await kit.drain();
        assert.deepEqual(told, [503]);
        assert.equal(sent.length, 3);
      },
    );
  });

  it("is only what it says", () => {
    const told: unknown[] = [];
    const callback = noted(told);
    return withHttpKit(
      { callbacks: [callback], fetch: answers(404, new Error("odd"), reset) },
      async ({ http, kit, sent }) => {
        await http.post(address, { callback, retry: 3 });
        await kit.drain();
        await http.post(address, { callback, retry: 3 });
        await kit.drain();
        await http.post(address, { callback, retry: { limit: 3, kinds: [] } });
        await kit.drain();
        assert.deepEqual(told, [404, "unknown", "connection"]);
        assert.equal(sent.length, 3);
      },
    );
  });

  it("keeps its key, so that a server does it once", () => {
    const callback = noted([]);
    return withHttpKit(
      { callbacks: [callback], fetch: answers(503, 200) },
      async ({ http, kit, sent }) => {
        const id = await http.post(address, { callback, retry: 1, idempotencyKey: true });
        await kit.drain();
        assert.deepEqual(sent.map(({ headers }) => headers.get("idempotency-key")), [id, id]);
      },
    );
  });
});
