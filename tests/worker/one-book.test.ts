/**
 * A worker and a broker agree on who has which job, and on which run of it is meant: in the same process, and over the
 * protocol.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Client, createClient, defineJob, type Fetch } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createWorker, handle, snooze, type WorkerOptions } from "../../src/worker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const work = defineJob<string>({
  type: "work",
  queue: "q",
  backoff: { exponent: 0, baseMs: 0, jitterMs: 0 },
});

/** How a client reaches the broker. */
const ways: Readonly<Record<string, (fetch: Fetch) => Parameters<typeof createClient>[0]>> = {
  "in the same process": (fetch) => ({ fetch }),
  "by JSON": (fetch) => ({ fetch: (request) => fetch(request) }),
  "by MessagePack": (fetch) => ({ fetch, format: formats.msgpack }),
};

/** A worker whose handlers end when they are told to. */
function createGated(
  client: Client,
  { clock }: Pick<TestBroker, "clock">,
  options: Partial<WorkerOptions> = {},
) {
  const started: string[] = [];
  const gates = new Map<string, () => void>();
  const worker = createWorker({
    client,
    clock,
    concurrency: 1,
    prefetch: 4,
    handlers: [handle(work, (name) => {
      started.push(name);
      return new Promise<void>((resolve) => void gates.set(name, resolve));
    })],
    ...options,
  });
  return { worker, started, finish: (name: string) => gates.get(name)!() };
}

for (const [way, toOptions] of Object.entries(ways)) {
  describe(`a worker and a broker ${way}`, () => {
    const withClient = (
      test: (parts: TestBroker & { readonly worker: Client }) => Promise<void>,
    ) =>
      withBroker((parts) => {
        const { broker, clock } = parts;
        return test({ ...parts, worker: createClient({ ...toOptions(broker.fetch), clock }) });
      });

    it("hand on at once what a worker that stops has not begun", () =>
      withClient(async (parts) => {
        const { client, clock } = parts;
        const old = createGated(parts.worker, parts);
        await old.worker.start();
        await client.enqueueMany(work, ["long", "w1", "w2", "w3"]);
        await clock.settle();
        assert.equal(await client.count({ status: "in_flight" }), 4);
        const stopped = old.worker.stop();
        await clock.settle();
        assert.equal(await client.count({ status: "in_flight" }), 1);
        const fresh = createGated(parts.worker, parts, { concurrency: 4 });
        await fresh.worker.start();
        await client.enqueue(work, "new");
        await clock.settle();
        assert.deepEqual(fresh.started.sort(), ["new", "w1", "w2", "w3"]);
        assert.deepEqual(old.started, ["long"]);
        old.finish("long");
        await clock.settle();
        await stopped;
        assert.equal(await client.count(), 4);
        await fresh.worker.kill();
      }));

    it("leave no trace of snoozes: no attempt, no record, no delivery that counts", () =>
      withClient(async (parts) => {
        const { client, clock } = parts;
        let runs = 0;
        const worker = createWorker({
          client: parts.worker,
          clock,
          handlers: [handle(work, () => {
            if (runs++ < 60) return snooze("30s");
            throw new Error("the first real failure");
          })],
        });
        await worker.start();
        const { id } = await client.enqueue(work, "x", { retryLimit: 0 });
        for (let times = 0; times < 60; times++) {
          await clock.settle();
          assert.equal((await client.get(id)).status, "scheduled");
          await clock.advance(30_000);
        }
        await clock.settle();
        const { status, attempts } = await client.get(id);
        assert.deepEqual([runs, status, attempts], [61, "dead", 1]);
        const messages: string[] = [];
        for await (const { message } of client.errors(id)) messages.push(message);
        assert.deepEqual(messages, ["the first real failure"]);
        await worker.stop();
      }));

    it("keep to the clock of the broker", () =>
      withClient(async ({ broker, client, clock }) => {
        const wrong = createTestClock(clock.now() - 3_600_000);
        const behind = createClient({ ...toOptions(broker.fetch), clock: wrong });
        const { readyAt } = await behind.enqueue(work, "later", { delay: "30m" });
        assert.equal(readyAt - clock.now(), 1_800_000);
        const worker = createWorker({
          client: behind,
          clock: wrong,
          handlers: [handle(work, () => snooze("5m"))],
        });
        await worker.start();
        const { id } = await client.enqueue(work, "now");
        await clock.settle();
        await wrong.settle();
        await clock.settle();
        const job = await client.get(id);
        assert.deepEqual([job.status, job.readyAt - clock.now()], ["scheduled", 300_000]);
        await worker.kill();
      }));

    it("tell the next run from the one that a repeated failure report is about", () =>
      withBroker(async ({ broker, client, clock }) => {
        let lose = true;
        const lossy: Fetch = async (request) => {
          const response = await broker.fetch(request);
          if (!lose || !request.url.endsWith("/failure")) return response;
          lose = false;
          return await new Promise<Response>(() => {}); // Served, but the answer never arrives.
        };
        const options = { ...toOptions(lossy), fetch: lossy, timeoutMs: 2000, clock };
        let runs = 0;
        let finish = () => {};
        const worker = createWorker({
          client: createClient(options),
          clock,
          random: () => 0,
          handlers: [handle(work, () => {
            if (++runs === 1) throw new Error("the first run fails");
            return new Promise<void>((resolve) => void (finish = resolve));
          })],
        });
        const missed: string[] = [];
        worker.on("acked", ({ notFound }) => missed.push(...notFound));
        await worker.start();
        const { id } = await client.enqueue(work, "x", { retryLimit: 1 });
        await clock.advance(6000);
        const { status, attempts } = await client.get(id);
        assert.deepEqual([runs, status, attempts], [2, "in_flight", 1]);
        finish();
        await clock.settle();
        await assert.rejects(client.get(id), { code: "not_found" });
        assert.deepEqual(missed, []);
        await worker.stop();
      }));
  });
}

describe("a worker whose process hangs", () => {
  it("loses its jobs to others, and is told when it goes on", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      let hangs = false;
      // Its kernel goes on taking what is sent; it says nothing.
      const own = createClient({
        clock,
        fetch: async (request) => hangs ? await new Promise(() => {}) : await broker.fetch(request),
      });
      const hung = createGated(own, parts, { answersWithinMs: 8000, idleTimeoutMs: 600_000 });
      const released: string[] = [];
      hung.worker.on("released", ({ job }) => released.push(job.payload as string));
      await hung.worker.start();
      await client.enqueueMany(work, ["a", "b", "c"]);
      await clock.settle();
      hangs = true;
      const well = createGated(createClient({ fetch: broker.fetch, clock }), parts, {
        concurrency: 3,
      });
      await well.worker.start();
      await clock.advance(7999);
      assert.deepEqual(well.started, []);
      await clock.advance(2);
      assert.deepEqual(well.started, ["a", "b", "c"]);
      hangs = false;
      // It connects again, says what it runs, and hears that it is somebody else's now.
      await clock.advance(8000);
      assert.deepEqual(released, ["a"]);
      hung.finish("a");
      await clock.settle();
      assert.equal(await client.count({ status: "in_flight" }), 3);
      for (const name of well.started) well.finish(name);
      await clock.settle();
      assert.equal(await client.count(), 0);
      await Promise.all([hung.worker.stop(), well.worker.stop()]);
    }));
});
