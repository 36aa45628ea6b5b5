import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Client, createClient, type RetryOptions } from "../../src/client/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/test-clock.ts";
import { createScript, json, type Line, wireJob } from "./script.ts";

const lost = () => new TypeError("connection lost");
const down = () => json({ error: "internal error" }, 500);
const done = () => new Response(null, { status: 204 });
const gone = () => json({ error: "job not found in in-flight set" }, 404);

/** Makes one call, with time passing as it needs to, and tells how many requests it took. */
async function run(
  call: (client: Client) => Promise<unknown>,
  lines: Line[],
  retry?: RetryOptions,
): Promise<{ result: PromiseSettledResult<unknown>; requests: number; clock: TestClock }> {
  const clock = createTestClock(0);
  const { fetch, sent } = createScript(...lines);
  const client = createClient({ fetch, clock, random: () => 0.5, retry });
  const settled = Promise.allSettled([call(client)]);
  for (let step = 0; step < 20; step++) await clock.advance(500);
  const [result] = await settled;
  return { result: result!, requests: sent.length, clock };
}

describe("retries", () => {
  const reads: [string, (client: Client) => Promise<unknown>, unknown][] = [
    ["get", (client) => client.get("x"), wireJob()],
    ["count", (client) => client.count(), { count: 1 }],
    ["page", (client) => client.page(), { jobs: [], pages: { next: null, prev: null } }],
    ["version", (client) => client.version(), { version: "1" }],
    ["failure", (client) => client.failure("x", { message: "m" }), wireJob()],
    ["success", (client) => client.success("x"), {}],
    ["successMany", (client) => client.successMany(["x"]), {}],
  ];
  for (const [name, call, answer] of reads) {
    it(`repeats ${name} until it works`, async () => {
      const { result, requests } = await run(call, [lost(), down(), lost(), json(answer)]);
      assert.equal(result.status, "fulfilled");
      assert.equal(requests, 4);
    });
  }

  const once: [string, (client: Client) => Promise<unknown>][] = [
    ["enqueueMany", (client) => client.enqueueMany([{ type: "t", queue: "q", payload: 1 }])],
    ["patch", (client) => client.patch("x", { readyAt: null })],
    ["patchMany", (client) => client.patchMany({ all: true }, { priority: 1 })],
    ["delete", (client) => client.delete("x")],
    ["deleteMany", (client) => client.deleteMany({ all: true })],
    ["reset", (client) => client.reset()],
    ["take", (client) => client.take()],
  ];
  for (const [name, call] of once) {
    it(`never repeats ${name}`, async () => {
      for (const failure of [lost(), down()]) {
        const { result, requests } = await run(call, [failure, done(), done()]);
        assert.equal(result.status, "rejected");
        assert.equal(requests, 1);
      }
    });
  }

  it("gives up after the limit, with the last error", async () => {
    const { result, requests } = await run((client) => client.count(), [lost(), lost(), down()], {
      limit: 2,
    });
    assert.equal(result.status === "rejected" && result.reason.name, "ServerError");
    assert.equal(requests, 3);
  });

  for (const status of [408, 425, 429]) {
    it(`repeats what was refused with ${status}`, async () => {
      const answers = [json({ error: "later" }, status), json({ count: 1 })];
      const { result, requests } = await run((client) => client.count(), answers);
      assert.deepEqual([result.status, requests], ["fulfilled", 2]);
    });
  }

  const waits: [what: string, headers: Record<string, string>, ms: number][] = [
    ["seconds", { "retry-after": "3" }, 3000],
    ["an instant, by the server's clock", {
      "retry-after": "Wed, 21 Oct 2015 07:28:09 GMT",
      "date": "Wed, 21 Oct 2015 07:28:00 GMT",
    }, 9000],
    ["an instant without a clock to go by", {
      "retry-after": "Wed, 21 Oct 2065 07:28:09 GMT",
    }, 75],
    ["an instant that is over", {
      "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT",
      "date": "Wed, 21 Oct 2015 07:28:09 GMT",
    }, 75],
    ["no time at all", { "retry-after": "soon" }, 75],
    ["less than the client would wait", { "retry-after": "0" }, 75],
    ["more than is obeyed", { "retry-after": "999999999999" }, 300_000],
  ];
  for (const [what, headers, ms] of waits) {
    it(`waits as long as Retry-After asks for: ${what}`, async () => {
      const clock = createTestClock(0);
      const busy = new Response(null, { status: 503, headers });
      const { fetch, sent } = createScript(busy, json({ count: 1 }));
      const client = createClient({ fetch, clock, random: () => 0.5, timeoutMs: Infinity });
      const counted = client.count();
      await clock.advance(ms - 1);
      assert.equal(sent.length, 1);
      await clock.advance(1);
      assert.equal(sent.length, 2);
      assert.equal(await counted, 1);
    });
  }

  it("does not repeat what was refused or not understood", async () => {
    for (const answer of [gone(), json({ error: "no" }, 400), json({ count: "x" })]) {
      assert.equal((await run((client) => client.count(), [answer])).requests, 1);
    }
  });

  it("waits delays that double up to maxDelayMs, less a random part", async () => {
    const clock = createTestClock(0);
    const at: number[] = [];
    const fetch = () => {
      at.push(clock.now());
      return Promise.reject(lost());
    };
    const retry = { limit: 4, baseDelayMs: 100, maxDelayMs: 300 };
    const client = createClient({ fetch, clock, random: () => 0.5, retry });
    const settled = Promise.allSettled([client.count()]);
    await clock.advance(1000);
    await settled;
    assert.deepEqual(at, [0, 75, 225, 450, 675]);
  });

  it("takes success for heard when a repeated one is answered with 404", async () => {
    const repeated = await run((client) => client.success("x"), [lost(), gone()]);
    assert.equal(repeated.result.status, "fulfilled");
    const first = await run((client) => client.success("x"), [gone()]);
    assert.equal(first.result.status, "rejected");
  });

  it("stops waiting when the signal is aborted", async () => {
    const clock = createTestClock(0);
    const { fetch, sent } = createScript(lost());
    const controller = new AbortController();
    const client = createClient({ fetch, clock, random: () => 0.5 });
    const settled = Promise.allSettled([client.count({}, { signal: controller.signal })]);
    await clock.settle();
    const reason = new Error("gone");
    controller.abort(reason);
    assert.deepEqual(await settled, [{ status: "rejected", reason }]);
    assert.equal(sent.length, 1);
    assert.equal(clock.timers, 0);
  });
});
