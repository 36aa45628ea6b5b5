/** What is too much is refused at once, and the rest goes on. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTurnstile } from "../../src/broker/engine/turnstile.ts";
import { createLoad } from "../../src/broker/http/load.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";

/** A body that is not finished. */
function openBody(): { readonly body: ReadableStream; readonly end: () => void } {
  let end = () => {};
  const body = new ReadableStream({
    start(controller) {
      end = () => {
        controller.enqueue(new TextEncoder().encode('{"type":"t","queue":"q","payload":1}'));
        controller.close();
      };
    },
  });
  return { body, end };
}

const post = (body: BodyInit) => {
  const init = { method: "POST", body, duplex: "half" };
  return new Request("http://broker/jobs", init);
};

describe("the load of a broker", () => {
  it("counts calls, and the bytes that they hold", () => {
    const load = createLoad({ maxCalls: 2, maxWaiting: 1, maxHeldBytes: 100 });
    const [a, b] = [load.begin(), load.begin()];
    assert.throws(() => load.begin(), { status: 503, message: "busy: 2 calls are at work" });
    a.hold(60);
    assert.throws(() => b.hold(60), { status: 503 });
    b.hold(40);
    a.end();
    load.begin().hold(60);
    b.end();
  });

  it("lets one call alone hold more", () => {
    const load = createLoad({ maxCalls: 2, maxWaiting: 1, maxHeldBytes: 100 });
    const call = load.begin();
    call.hold(60);
    call.hold(60);
    call.end();
  });

  it("counts what waits apart, and what an answer holds until it was read", () => {
    const load = createLoad({ maxCalls: 1, maxWaiting: 1, maxHeldBytes: 100 });
    const waiting = load.begin().wait();
    assert.throws(() => load.idle.wait(), { status: 503, message: "busy: 1 calls wait" });
    waiting.hold(60);
    assert.throws(() => load.begin().answer(60, true), { status: 503 });
    waiting.end();
    waiting.end();
    load.idle.wait();
  });

  it("keeps what a call holds until its answer was read", () => {
    const load = createLoad({ maxCalls: 9, maxWaiting: 1, maxHeldBytes: 100 });
    const call = load.begin();
    call.hold(60);
    const over = call.answer(30, false);
    call.end();
    const next = load.begin();
    assert.throws(() => next.hold(20), { status: 503 });
    next.answer(20, false)(); // What has changed something is not refused.
    over();
    over();
    next.hold(100);
  });

  it("refuses one call more with 503 and a time to try again; health and streams are answered", () =>
    withBroker(async ({ broker, clock }) => {
      const open = [openBody(), openBody()];
      const calls = open.map(({ body }) => broker.fetch(post(body)));
      await clock.settle();
      const refused = await broker.fetch(new Request("http://broker/jobs"));
      assert.equal(refused.status, 503);
      assert.equal(refused.headers.get("retry-after"), "1");
      assert.match((await refused.json()).error, /^busy: 2 calls/);
      assert.equal((await broker.fetch(new Request("http://broker/health"))).status, 200);
      const stream = await broker.fetch(new Request("http://broker/jobs/take"));
      assert.equal(stream.status, 200);
      await stream.body!.cancel();
      for (const { end } of open) end();
      for (const call of calls) assert.equal((await call).status, 201);
      assert.equal((await broker.fetch(new Request("http://broker/jobs"))).status, 200);
    }, { maxCalls: 2 }));

  it("refuses one take stream more, until one was left", () =>
    withBroker(async ({ broker }) => {
      const take = (query = "") => broker.fetch(new Request(`http://broker/jobs/take${query}`));
      const stream = await take();
      const refused = await take();
      assert.equal(refused.status, 503);
      assert.equal(refused.headers.get("retry-after"), "1");
      assert.equal((await take("?prefetch=no")).status, 400);
      await stream.body!.cancel();
      await (await take()).body!.cancel();
    }, { maxWaiting: 1 }));

  it("refuses answers while others lie unread, and gives those up", () =>
    withBroker(async ({ broker, client, clock }) => {
      const payload = "é".repeat(300_000);
      const { id } = await client.enqueue({ type: "t", queue: "q", payload });
      const get = () => broker.fetch(new Request(`http://broker/jobs/${id}`));
      const unread = await get();
      const refused = await get();
      assert.equal(refused.status, 503);
      assert.match((await refused.json()).error, /^busy: bodies/);
      assert.equal((await broker.fetch(new Request("http://broker/jobs/count"))).status, 200);
      assert.equal(JSON.parse(await unread.text()).payload, payload);
      const left = await get();
      await clock.advance(30_000);
      await assert.rejects(left.text(), /Nothing of the answer was read for 30000 ms/);
      const cancelled = await get();
      await cancelled.body!.cancel();
      assert.equal(JSON.parse(await (await get()).text()).payload, payload);
    }, { maxHeldBytes: 100_000 }));

  it("refuses a search more than may be under way", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueue({ type: "t", queue: "q", payload: 1 });
      const search = () => broker.fetch(new Request("http://broker/jobs/count?filter=true"));
      const answers = await Promise.all([search(), search(), search()]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 503, 503]);
      assert.equal((await search()).status, 200);
    }, { maxSearches: 1 }));
});

describe("a turnstile", () => {
  it("lets pieces pass one after the other, also when one fails", async () => {
    const clock = createTestClock();
    const turnstile = createTurnstile({ clock, maxSearches: 9 });
    const order: string[] = [];
    const piece = (name: string, fails = false) =>
      turnstile.pass(async () => {
        order.push(`${name} begins`);
        await clock.settle();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([piece("a"), piece("b", true), piece("c")]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });
});
