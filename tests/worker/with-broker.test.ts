import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { type Client, createClient, defineJob, type Fetch } from "../../src/client/mod.ts";
import { cancel, createWorker, handle, snooze } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const add = defineJob({
  type: "add",
  queue: "sums",
  payload: v.object({ n: v.number() }),
});

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

/** A `fetch` whose take streams can be cut, as a network does. */
function createCuttable(fetch: Fetch): { fetch: Fetch; cut: () => void } {
  let cuts: (() => void)[] = [];
  return {
    async fetch(request) {
      const response = await fetch(request);
      if (!request.url.includes("/jobs/take") || response.body === null) return response;
      const reader = response.body.getReader();
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          cuts.push(() => {
            void reader.cancel();
            controller.error(new Error("cut"));
          });
        },
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: () => reader.cancel(),
      });
      return new Response(body, response);
    },
    cut() {
      for (const cut of cuts) cut();
      cuts = [];
    },
  };
}

const countAll = (client: Client) => client.count();

describe("a worker on a real broker", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`does every job once, speaking ${format}`, () =>
      withBroker(async ({ broker }) => {
        const client = createClient({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany(add, numbers(1000));
        const seen: number[] = [];
        let acked = 0;
        const all = Promise.withResolvers<void>();
        const worker = createWorker({
          client,
          concurrency: 25,
          handlers: [handle(add, ({ n }) => void seen.push(n))],
        });
        worker.on("acked", ({ ids, notFound }) => {
          assert.deepEqual(notFound, []);
          acked += ids.length;
          if (acked === 1000) all.resolve();
        });
        await worker.start();
        await all.promise;
        assert.deepEqual(seen, numbers(1000).map(({ n }) => n));
        assert.equal(await countAll(client), 0);
        await worker.stop();
      }));
  }

  it("leaves an error record and tries again after the backoff", () =>
    withBroker(async ({ client, clock }) => {
      const { id } = await client.enqueue(add, { n: 1 }, {
        backoff: { exponent: 1, baseMs: 500, jitterMs: 0 },
      });
      const attempts: number[] = [];
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(add, (_payload, { attempt }) => {
          attempts.push(attempt);
          if (attempt < 3) throw new RangeError(`Try ${attempt} is too early`);
        })],
      });
      await worker.start();
      await clock.settle();
      const job = await client.get(id);
      assert.deepEqual([job.status, job.attempts], ["scheduled", 1]);
      const record = await client.error(id, 1);
      assert.deepEqual([record.message, record.errorType], ["Try 1 is too early", "RangeError"]);
      assert.match(record.backtrace!, /^RangeError: Try 1 is too early\n/);
      await clock.advance(1500);
      await clock.advance(2500);
      assert.deepEqual(attempts, [1, 2, 3]);
      assert.equal(await countAll(client), 0);
      await worker.stop();
    }));

  it("makes a cancelled job dead, tries one with a bad payload again, puts a snoozed one off", () =>
    withBroker(async ({ client, clock }) => {
      const [cancelled, snoozed] = await client.enqueueMany(add, numbers(2));
      const bad = await client.enqueue({ type: "add", queue: "sums", payload: { n: "three" } });
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(add, ({ n }) => n === 0 ? cancel("Not worth it") : snooze("1h"))],
      });
      await worker.start();
      await clock.settle();
      const statusOf = async (id: string) => (await client.get(id)).status;
      assert.equal(await statusOf(cancelled!.id), "dead");
      assert.equal(await statusOf(bad.id), "scheduled");
      assert.equal(await statusOf(snoozed!.id), "scheduled");
      assert.equal((await client.get(snoozed!.id)).readyAt, clock.now() + 3_600_000);
      assert.equal((await client.error(cancelled!.id, 1)).message, "Not worth it");
      assert.equal((await client.error(bad.id, 1)).errorType, "PayloadError");
      await worker.stop();
    }));

  for (const how of ["stop that runs out of time", "kill"] as const) {
    it(`hands unfinished jobs back uncharged at a ${how}, and another worker does them`, () =>
      withBroker(async ({ client, clock }) => {
        await client.enqueueMany(add, numbers(5));
        const never = Promise.withResolvers<void>();
        const first = createWorker({
          client,
          clock,
          concurrency: 2,
          handlers: [handle(add, () => never.promise)],
        });
        await first.start();
        await clock.settle();
        assert.equal(await client.count({ status: "in_flight" }), 4);
        if (how === "kill") {
          await first.kill();
        } else {
          const stop = first.stop({ timeoutMs: 1000 });
          await clock.advance(1000);
          await stop;
        }
        never.resolve();
        await clock.settle();
        assert.equal(await client.count({ status: "ready", attempts: 0 }), 5);

        const done: number[] = [];
        const second = createWorker({
          client,
          clock,
          handlers: [handle(add, ({ n }) => void done.push(n))],
        });
        await second.start();
        await clock.settle();
        await second.stop();
        assert.deepEqual(done, [0, 1, 2, 3, 4]);
        assert.equal(await countAll(client), 0);
      }));
  }

  it("finishes what it has begun when it is stopped, and leaves the rest", () =>
    withBroker(async ({ client, clock }) => {
      await client.enqueueMany(add, numbers(10));
      const gate = Promise.withResolvers<void>();
      const worker = createWorker({
        client,
        clock,
        concurrency: 3,
        handlers: [handle(add, () => gate.promise)],
      });
      await worker.start();
      await clock.settle();
      const stop = worker.stop();
      gate.resolve();
      await stop;
      await clock.settle();
      assert.equal(await client.count({ status: "ready", attempts: 0 }), 7);
      assert.equal(await countAll(client), 7);
    }));

  it("does not do a job twice at once when its stream is cut, nor lose it", () =>
    withBroker(async ({ broker, clock }) => {
      const { fetch, cut } = createCuttable(broker.fetch);
      const client = createClient({ fetch });
      await client.enqueueMany(add, numbers(3));
      const gate = Promise.withResolvers<void>();
      const seen: number[] = [];
      const worker = createWorker({
        client,
        clock,
        concurrency: 3,
        handlers: [handle(add, ({ n }) => {
          seen.push(n);
          return gate.promise;
        })],
      });
      await worker.start();
      await clock.settle();
      for (let i = 0; i < 3; i++) {
        cut();
        await clock.advance(30_000);
      }
      gate.resolve();
      await clock.settle();
      assert.deepEqual(seen, [0, 1, 2]);
      assert.equal(await countAll(client), 0);
      await worker.stop();
    }));

  it("loses nothing when streams are cut again and again under load", () =>
    withBroker(async ({ broker, clock }) => {
      const { fetch, cut } = createCuttable(broker.fetch);
      const client = createClient({ fetch });
      await client.enqueueMany(add, numbers(2000));
      const seen = new Set<number>();
      const workers = [5, 50].map((concurrency) =>
        createWorker({
          client,
          clock,
          concurrency,
          handlers: [handle(add, async ({ n }) => {
            await Promise.resolve();
            if (n % 10 === 0 && !seen.has(n)) {
              seen.add(n);
              throw new Error("At first this one fails");
            }
            seen.add(n);
          })],
        })
      );
      for (const worker of workers) await worker.start();
      for (let i = 0; i < 20; i++) {
        cut();
        await clock.advance(250);
      }
      // The default backoff: its longest first delay is 46 s.
      await clock.advance(60_000);
      assert.equal(await countAll(client), 0);
      assert.equal(seen.size, 2000);
      for (const worker of workers) {
        assert.equal(worker.health().unreported, 0);
        await worker.stop();
      }
    }));
});
