/**
 * Requests without a broker.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createHttp,
  defineHttpCallback,
  inline,
  type InlineOptions,
} from "../../src/offload/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { finish } from "../../src/worker/mod.ts";

const address = "https://api.example/v1";

/** Requests that are answered by what a function gives. */
function start(
  answer: (url: string) => Response | Promise<Response>,
  options: Partial<InlineOptions> = {},
) {
  const told: unknown[] = [];
  const noted = defineHttpCallback<{ n?: number }>("noted", {
    onComplete: (result, { args }) => void told.push([args.n, result.status, result.text()]),
    onError: (failure, { args, requestId }) =>
      void told.push([args.n, failure.kind, failure.requestId === requestId]),
  });
  const target = inline({
    callbacks: [noted],
    fetch: ((url: string) => Promise.resolve(answer(url))) as typeof fetch,
    logger: false,
    ...options,
  });
  return { told, http: createHttp(target, { callback: noted }) };
}

describe("inline requests", () => {
  it("have called their callback when they are there", async () => {
    const { http, told } = start(() => new Response("there", { status: 201 }));
    const id = await http.post(address, { json: 1, callbackArgs: { n: 1 } });
    assert.match(id, /^inline-/);
    assert.deepEqual(told, [[1, 201, "there"]]);
  });

  it("tell of failures as a worker does", async () => {
    const { http, told } = start(() =>
      Promise.reject(
        new TypeError("fetch failed", {
          cause: { code: "ECONNREFUSED" },
        }),
      )
    );
    await http.get(address, { callbackArgs: { n: 2 } });
    await http.get(address, { sign: "nobody" });
    assert.deepEqual(told, [[2, "connection", true], [undefined, "config", true]]);
  });

  it("reject with what their callback throws, which is called once", async () => {
    let calls = 0;
    const broken = defineHttpCallback("broken", {
      onComplete() {
        calls++;
        throw new Error("of the callback");
      },
      onError: () => void calls++,
    });
    const { http } = start(() => new Response(), { callbacks: [broken] });
    await assert.rejects(http.get(address, { callback: broken }), { message: "of the callback" });
    assert.equal(calls, 1);
    await assert.rejects(http.get(address), {
      message: "Unknown callback 'noted', expected one of broken",
    });
  });

  it("may be made by callbacks", async () => {
    const told: string[] = [];
    const chain = defineHttpCallback<{ left: number }>("chain", {
      async onComplete(result, { args }) {
        told.push(result.text());
        if (args.left > 0) {
          await http.get(`${address}/${args.left}`, {
            callback: chain,
            callbackArgs: { left: args.left - 1 },
          });
        }
      },
      onError: "discard",
    });
    const http = createHttp(inline({
      callbacks: [chain],
      fetch: ((url: string) => Promise.resolve(new Response(url))) as typeof fetch,
    }));
    await http.get(address, { callback: chain, callbackArgs: { left: 2 } });
    assert.deepEqual(told, [address, `${address}/2`, `${address}/1`]);
  });

  it("are tried again when time has passed", async () => {
    const clock = createTestClock();
    let count = 0;
    const { http, told } = start(() => new Response("", { status: ++count < 3 ? 503 : 200 }), {
      clock,
      random: () => 1,
    });
    const done = http.get(address, { retry: { limit: 5, baseMs: 1000 } });
    await clock.advance(2999);
    assert.equal(count, 2);
    await clock.advance(1);
    await done;
    assert.deepEqual(told, [[undefined, 200, ""]]);
  });

  it("enqueue what their callbacks enqueue, where they have a client", async () => {
    const enqueued: unknown[] = [];
    const follows = defineHttpCallback("follows", {
      onComplete: (_, { enqueue }) => enqueue({ type: "next", queue: "q", payload: 1 }),
      onError: "discard",
    });
    const client = { enqueue: (job: unknown) => Promise.resolve(void enqueued.push(job)) };
    const { http } = start(() => new Response(), { callbacks: [follows], client: client as never });
    await http.get(address, { callback: follows });
    assert.deepEqual(enqueued, [{ type: "next", queue: "q", payload: 1 }]);
    const without = start(() => new Response(), { callbacks: [follows] });
    await assert.rejects(without.http.get(address, { callback: follows }), /Cannot 'enqueue' here/);
  });

  it("enqueue what their callbacks finish with, or say that they cannot", async () => {
    const next = { type: "next", queue: "q", payload: 1 };
    const enqueued: unknown[] = [];
    const ends = defineHttpCallback("ends", {
      onComplete: () => finish({ enqueue: [next] }),
      onError: "discard",
    });
    const client = { enqueueMany: (jobs: unknown) => Promise.resolve(enqueued.push(jobs)) };
    const { http } = start(() => new Response(), { callbacks: [ends], client: client as never });
    await http.get(address, { callback: ends });
    assert.deepEqual(enqueued, [[next]]);
    const without = start(() => new Response(), { callbacks: [ends] });
    await assert.rejects(without.http.get(address, { callback: ends }), /Cannot 'enqueueMany'/);
  });

  it("follow redirects, and say which", async () => {
    const seen: unknown[] = [];
    const noted = defineHttpCallback<{ n: number }>("seen", {
      onComplete: ({ redirects, url, requestId }, context) =>
        void seen.push([redirects, url, requestId === context.requestId, context.args]),
      onError: "discard",
    });
    const http = createHttp(inline({
      callbacks: [noted],
      fetch: ((url: string) =>
        Promise.resolve(
          url.endsWith("/3") ? new Response("end") : new Response(null, {
            status: 302,
            headers: { location: `/${Number(url.at(-1)) + 1}` },
          }),
        )) as typeof fetch,
    }));
    await http.get("https://a.example/1", { callback: noted, callbackArgs: { n: 1 } });
    assert.deepEqual(seen, [
      [["https://a.example/1", "https://a.example/2"], "https://a.example/3", true, { n: 1 }],
    ]);
  });
});
