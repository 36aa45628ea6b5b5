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
    const load = createLoad({ maxCalls: 2, maxHeldBytes: 100 });
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
    const load = createLoad({ maxCalls: 2, maxHeldBytes: 100 });
    const call = load.begin();
    call.hold(60);
    call.hold(60);
    call.end();
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
