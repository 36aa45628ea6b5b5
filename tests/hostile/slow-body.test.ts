import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { job, type TestBroker, withBroker } from "../support/broker.ts";

const bytes = new TextEncoder().encode(JSON.stringify(job()));

/** A call whose body is fed by hand. */
function post({ broker }: TestBroker, headers: Record<string, string> = {}) {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let left = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (left = true),
  });
  const init = { method: "POST", headers, body, duplex: "half" };
  const answer = broker.fetch(new Request("http://broker/jobs", init));
  return { answer, controller, left: () => left };
}

/** A body without a length is read piece by piece, one with a small length all at once. */
const ways = [
  ["of unknown length", {}],
  ["of known, small length", { "content-length": `${bytes.length}` }],
] as const;

for (const [what, headers] of ways) {
  describe(`a request body ${what}`, () => {
    it("that stops in the middle is answered 408, and nothing is kept", () =>
      withBroker(async (parts) => {
        const { clock, client } = parts;
        const timers = clock.timers;
        const { answer, controller } = post(parts, headers);
        controller.enqueue(bytes.slice(0, 10));
        await clock.advance(999);
        assert.equal(clock.timers, timers + 1);
        await clock.advance(1);
        const response = await answer;
        assert.equal(response.status, 408);
        assert.deepEqual(await response.json(), {
          error: "failed to read body: nothing came for 1000 ms",
        });
        assert.equal(clock.timers, timers);
        assert.equal(await client.count(), 0);
      }, { bodyTimeoutMs: 1000 }));

    it("whose client goes away is answered 400, and nothing is kept", () =>
      withBroker(async (parts) => {
        const timers = parts.clock.timers;
        const { answer, controller } = post(parts, headers);
        controller.enqueue(bytes.slice(0, 10));
        await parts.clock.settle();
        controller.error(new Error("connection reset"));
        const response = await answer;
        assert.equal(response.status, 400);
        assert.match((await response.json()).error, /^failed to read body: /);
        assert.equal(parts.clock.timers, timers);
        assert.equal(await parts.client.count(), 0);
      }));

    it("that comes in pieces in time is read", () =>
      withBroker(async (parts) => {
        const timers = parts.clock.timers;
        const { answer, controller } = post(parts, headers);
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
        assert.equal((await answer).status, 201);
        await parts.clock.settle();
        assert.equal(parts.clock.timers, timers);
      }, { statistics: false })); // They would be written in a while.
  });
}

describe("a request body that is read piece by piece", () => {
  it("has no limit on its whole time, as long as something comes", () =>
    withBroker(async (parts) => {
      const { answer, controller } = post(parts);
      for (const byte of bytes) {
        controller.enqueue(Uint8Array.of(byte));
        await parts.clock.advance(29_999);
      }
      controller.close();
      assert.equal((await answer).status, 201);
    }));

  it("is cancelled when it was too slow or is too large", () =>
    withBroker(async (parts) => {
      const silent = post(parts);
      await parts.clock.advance(30_000);
      assert.equal((await silent.answer).status, 408);
      assert.ok(silent.left());

      const large = post(parts);
      large.controller.enqueue(new Uint8Array(101));
      assert.equal((await large.answer).status, 413);
      await parts.clock.settle();
      assert.ok(large.left());
    }, { maxBodyBytes: 100 }));
});
