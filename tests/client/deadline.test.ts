import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { createScript, json } from "./script.ts";

/** A server that never answers, and does not listen to signals either. */
const deaf = () => new Promise<Response>(() => {});

describe("timeoutMs", () => {
  it("ends a call whose server is silent, even if fetch does not listen", async () => {
    const clock = createTestClock();
    const client = createClient({ fetch: deaf, clock, timeoutMs: 100 });
    const settled = Promise.allSettled([client.count(), client.count({}, { timeoutMs: 200 })]);
    await clock.advance(100);
    assert.equal(clock.timers, 1);
    await clock.advance(100);
    for (const result of await settled) {
      assert.ok(result.status === "rejected");
      assert.equal(result.reason.name, "TimeoutError");
      assert.equal(result.reason.retryable, true);
    }
    assert.equal(clock.timers, 0);
  });

  it("bounds a call with all its retries", async () => {
    const clock = createTestClock();
    const fetch = () => Promise.reject(new TypeError("lost"));
    const retry = { limit: 1000, baseDelayMs: 100, maxDelayMs: 100 };
    const client = createClient({ fetch, clock, random: () => 1, retry, timeoutMs: 1000 });
    const settled = Promise.allSettled([client.count()]);
    await clock.advance(1000);
    const [result] = await settled;
    assert.equal(result!.status === "rejected" && result!.reason.name, "TimeoutError");
  });

  it("aborts the request", async () => {
    const clock = createTestClock();
    // The request itself is held: on Node its signal goes deaf when it is collected.
    let sent: Request | undefined;
    const fetch = (request: Request) => {
      sent = request;
      return deaf();
    };
    const settled = Promise.allSettled([createClient({ fetch, clock }).count()]);
    await clock.advance(29_999);
    assert.equal(sent!.signal.aborted, false);
    await clock.advance(1);
    assert.equal(sent!.signal.aborted, true);
    await settled;
  });

  it("bounds the body of an answer too", async () => {
    const clock = createTestClock();
    const body = new ReadableStream<Uint8Array>();
    const answer = new Response(body, { headers: { "content-type": "application/json" } });
    const client = createClient({ fetch: createScript(answer).fetch, clock });
    const settled = Promise.allSettled([client.count()]);
    await clock.advance(30_000);
    const [result] = await settled;
    assert.equal(result!.status === "rejected" && result!.reason.name, "TimeoutError");
  });

  it("cancels the body of an answer that comes too late", async () => {
    const clock = createTestClock();
    let cancelled = false;
    const late = Promise.withResolvers<Response>();
    const client = createClient({ fetch: () => late.promise, clock });
    const settled = Promise.allSettled([client.count()]);
    await clock.advance(30_000);
    await settled;
    late.resolve(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
    await clock.settle();
    assert.equal(cancelled, true);
  });

  it("may be Infinity, and must be a number of 0 or more", async () => {
    const clock = createTestClock();
    const { fetch } = createScript(json({ count: 1 }), () => {
      assert.equal(clock.timers, 0);
      return json({ count: 2 });
    });
    const client = createClient({ fetch, clock });
    await client.count();
    assert.equal(await client.count({}, { timeoutMs: Infinity }), 2);
    await assert.rejects(client.count({}, { timeoutMs: -1 }), RangeError);
  });
});

describe("signal", () => {
  it("ends a call with its own reason", async () => {
    const controller = new AbortController();
    const client = createClient({ fetch: deaf, clock: createTestClock() });
    const settled = Promise.allSettled([client.count({}, { signal: controller.signal })]);
    controller.abort("enough");
    assert.deepEqual(await settled, [{ status: "rejected", reason: "enough" }]);
  });

  it("sends nothing when it is aborted before", async () => {
    const { fetch, sent } = createScript();
    const signal = AbortSignal.abort("enough");
    const client = createClient({ fetch });
    for (
      const call of [
        client.count({}, { signal }),
        client.enqueue({ type: "t", queue: "q", payload: 1 }, { signal }),
        client.take({ signal }),
      ]
    ) {
      assert.deepEqual(await Promise.allSettled([call]), [{
        status: "rejected",
        reason: "enough",
      }]);
    }
    assert.deepEqual(sent, []);
  });
});
