import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { openSqlite } from "../../../adapters/node/mod.ts";
import {
  createEncryptor,
  createHttp,
  createMemoryStore,
  createPayloads,
  defineHttpCallback,
  handleHttpCallbacks,
  handleHttpRequests,
  type HttpFailure,
  type HttpResult,
  type PayloadsOptions,
} from "../../../src/offload/mod.ts";
import { createTestKit } from "../../../src/testing/mod.ts";
import { demandSame, toBytes, toStream } from "./store-suite.ts";

const encryptor = createEncryptor({ keys: [{ id: "k", key: toBytes(32) }] });

/** Requests, their callbacks and a store; `answer` is the other side. */
async function withHttp(
  { answer, handled, ...options }: Partial<PayloadsOptions> & {
    answer(body: Uint8Array): Response;
    handled?(what: HttpResult | HttpFailure, store: { readonly count: number }): void;
  },
  test: (parts: {
    readonly http: ReturnType<typeof createHttp>;
    readonly kit: ReturnType<typeof createTestKit>;
    readonly store: ReturnType<typeof createMemoryStore>;
    /** All payloads of jobs that are stored, as text. */
    showJobs(): Promise<string>;
    /** All that was put into the store. */
    readonly kept: readonly string[];
  }) => Promise<void>,
): Promise<void> {
  const store = createMemoryStore();
  const { put } = store;
  /** What was put into the store. */
  const kept: string[] = [];
  store.put = async (key, given, options) => {
    await put(key, given, options);
    kept.push(new TextDecoder("latin1").decode(await store.get(key)));
  };
  const payloads = createPayloads({ stores: [store], ...options });
  const noted = defineHttpCallback("noted", {
    onComplete: (result) => handled?.(result, store),
    onError: (failure) => handled?.(failure, store),
  });
  const send = async (input: RequestInfo | URL, init?: RequestInit) =>
    answer(new Uint8Array(await new Request(input, init).arrayBuffer()));
  const kit = createTestKit({
    store: openSqlite(":memory:"),
    handlers: ({ client, clock }) => [
      ...handleHttpRequests({ client, clock, fetch: send, payloads }),
      handleHttpCallbacks({ callbacks: [noted], payloads }),
    ],
  });
  const http = createHttp(kit.client, {
    baseUrl: "https://api.example/",
    payloads,
    callback: noted,
    maxBytes: 10_000_000,
  });
  const showJobs = async () => {
    let text = "";
    for await (const job of kit.client.list()) text += JSON.stringify(job.payload);
    return text;
  };
  try {
    await test({ http, kit, store, showJobs, kept });
  } finally {
    await kit.close();
  }
}

describe("large bodies of requests and answers", () => {
  it("lie in the store while they are of use, and the jobs stay small", async () => {
    const sent = toBytes(100_000);
    const long = toBytes(3_000_000);
    const got: Uint8Array[] = [];
    await withHttp({
      answer(body) {
        demandSame(body, sent);
        return new Response(
          toStream(long, { pieceBytes: 50_000 }) as ReadableStream<Uint8Array<ArrayBuffer>>,
        );
      },
      handled(what, { count }) {
        assert.ok(!("kind" in what));
        assert.equal(count >= 1, true);
        got.push(what.bytes());
      },
    }, async ({ http, kit, store, showJobs }) => {
      await http.post("long", { body: sent });
      assert.equal(store.count, 1);
      assert.ok((await showJobs()).length < 2000);
      await kit.drain();
      assert.equal(got.length, 1);
      demandSame(got[0], long);
      assert.equal(store.count, 0, "nothing is left");
    });
  });

  it("are there for each try of the request and of the callback", async () => {
    let calls = 0;
    let callbacks = 0;
    const sent = toBytes(100_000);
    await withHttp({
      answer(body) {
        demandSame(body, sent);
        return ++calls < 3
          ? new Response("later", { status: 503 })
          : new Response("x".repeat(100_000));
      },
      handled(what) {
        if (++callbacks < 3) throw new Error("not yet");
        assert.ok(!("kind" in what));
        assert.equal(what.text().length, 100_000);
      },
    }, async ({ http, kit, store }) => {
      await http.put("again", { body: sent, retry: { limit: 5 } });
      await kit.drain();
      assert.deepEqual([calls, callbacks, store.count], [3, 3, 0]);
    });
  });

  it("can be read by nobody who has no key, in the jobs nor in the store", async () => {
    const texts: string[] = [];
    await withHttp({
      encryptor,
      onlyEncrypted: true,
      answer: (body) => new Response(`the answer is secret ${"x".repeat(100_000)}${body.length}`),
      handled(what) {
        assert.ok(!("kind" in what));
        texts.push(what.text().slice(0, 20));
      },
    }, async ({ http, kit, store, showJobs, kept }) => {
      const look = async () => {
        const shown = await showJobs() + kept.join();
        assert.equal(/question|answer is|argument/.test(shown), false, shown.slice(0, 500));
      };
      await http.post("a", { body: `the question ${"x".repeat(100_000)}` });
      await http.post("b", { body: "a small question" });
      await look();
      for (;;) {
        if (await kit.runNext() === undefined) break;
        await look();
      }
      assert.deepEqual(
        texts,
        ["the answer is secret", "the answer is secret"].map((text) => text.slice(0, 20)),
      );
      assert.equal(store.count, 0);
      assert.equal(kept.length, 3);
    });
  });
});
