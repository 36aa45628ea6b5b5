import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createQueues, type QueuesClient } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createScript, json } from "./script.ts";
import { formats } from "../support/formats.ts";

for (const format of ["json", "msgpack"] as const) {
  describe(`createQueues, ${format}`, () => {
    it("pauses, resumes, limits and forgets", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const queues = createQueues({ fetch: broker.fetch, format: formats[format] });
        assert.deepEqual(await queues.settings("q"), { queue: "q", paused: false });
        assert.deepEqual(await queues.limit("q", 1), { queue: "q", paused: false, maxInFlight: 1 });
        await client.enqueueMany([job(), job()]);
        const { jobs } = await take({ prefetch: 9 });
        await clock.settle();
        assert.equal(jobs.length, 1);
        const paused = await queues.pause("q", { stopRunning: true });
        assert.deepEqual(paused, { queue: "q", paused: true, maxInFlight: 1 });
        assert.equal(await client.count({ status: "ready" }), 2);
        const both = await queues.set("q", { paused: false, maxInFlight: null });
        assert.deepEqual(both, { queue: "q", paused: false });
        await clock.settle();
        assert.equal(jobs.length, 3);
        assert.equal((await queues.resume("q")).paused, false);
        await assert.rejects(queues.forget("q"), {
          status: 409,
          message: "queue 'q' is not empty: it has 2 in_flight",
        });
        await client.deleteMany({ queue: "q" });
        await queues.forget("q");
        await assert.rejects(queues.forget("q"), { code: "not_found" });
      }));

    it("refuses numbers that cannot be sent, before anything is", async () => {
      const queues = createQueues({ url: "http://127.0.0.1:1", format: formats[format] });
      await assert.rejects(queues.limit("q", 1.5), RangeError);
    });
  });
}

describe("createQueues", () => {
  const settings = { queue: "q", paused: false };
  const calls: Readonly<
    Record<string, readonly [number, (queues: QueuesClient) => Promise<unknown>]>
  > = {
    settings: [2, (queues) => queues.settings("q")],
    pause: [1, (queues) => queues.pause("q")],
    limit: [1, (queues) => queues.limit("q", 3)],
    forget: [1, (queues) => queues.forget("q")],
  };
  for (const [name, [requests, call]] of Object.entries(calls)) {
    it(`sends ${name} ${requests} times when the server fails once`, async () => {
      const { fetch, sent } = createScript(json({}, 500), json(settings));
      const queues = createQueues({ fetch, retry: { limit: 1, baseDelayMs: 0 } });
      await Promise.allSettled([call(queues)]);
      assert.equal(sent.length, requests);
    });
  }
});
