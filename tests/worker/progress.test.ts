/** How far a run is, as its handler says it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases, defineJob, type Fetch } from "../../src/client/mod.ts";
import { createWorker, handle, type JobContext, type WorkerOptions } from "../../src/worker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";

const work = defineJob<number>({ type: "work", queue: "q" });

interface Parts extends TestBroker {
  /** Of the jobs that run, in the order in which they began. */
  readonly contexts: JobContext[];
  /** The bodies of the calls by which progress was told. */
  readonly told: unknown[];
  readonly lines: string[];
  /** Lets all handlers return. */
  finish(): void;
}

/** A worker over the protocol whose handlers wait. */
const withWorker = (
  test: (parts: Parts) => Promise<void>,
  { isLeased = false, ...options }: Partial<WorkerOptions> & { readonly isLeased?: boolean } = {},
) =>
  withBroker(async (parts) => {
    const { broker, clock } = parts;
    const [contexts, told, lines]: [JobContext[], unknown[], string[]] = [[], [], []];
    let finish = () => {};
    const gate = new Promise<void>((resolve) => void (finish = resolve));
    const fetch: Fetch = async (request) => {
      const { pathname } = new URL(request.url);
      if (/^\/workers\/|\/heartbeat$/.test(pathname)) {
        const body = await request.clone().json();
        if (body.progress !== undefined) told.push(body.progress);
      }
      return await broker.fetch(request);
    };
    const worker = createWorker({
      client: createClient({ fetch, clock }),
      ...isLeased && { leases: createLeases({ fetch, clock }) },
      clock,
      random: () => 1,
      handlers: [handle(work, async (_, context) => {
        contexts.push(context);
        await gate;
      })],
      logger: { debug: (line) => lines.push(line), info() {}, warn() {}, error() {} },
      ...options,
    });
    await worker.start();
    await clock.settle();
    try {
      await test({ ...parts, contexts, told, lines, finish });
    } finally {
      finish();
      await worker.kill();
    }
  });

const shown = async ({ client }: Parts, context: JobContext) =>
  (await client.get(context.job.id)).progress;

describe("progress of a job", () => {
  for (const isLeased of [false, true]) {
    it(`${isLeased ? "under a lease" : "of a stream"} is told once a second, the last of it`, () =>
      withWorker(async (parts) => {
        const { client, clock, contexts, told } = parts;
        await client.enqueue(work, 1);
        await clock.advance(1);
        const [context] = contexts as [JobContext];
        assert.equal(await shown(parts, context), undefined);
        context.progress(0.1);
        context.progress(0.2, "begun");
        await clock.settle();
        assert.deepEqual(await shown(parts, context), { value: 0.2, message: "begun" });
        context.progress(0.3);
        context.progress(0.4);
        await clock.settle();
        assert.equal(told.length, 1);
        await clock.advance(1000);
        assert.deepEqual([told.length, await shown(parts, context)], [2, 0.4]);
        await clock.advance(5000);
        assert.equal(told.length, 2);
        context.progress(1);
        await clock.settle();
        assert.deepEqual([told.length, await shown(parts, context)], [3, 1]);
      }, { isLeased }));
  }

  it("of several jobs goes in one call, and ends with the run", () =>
    withWorker(async (parts) => {
      const { client, clock, contexts, told, finish } = parts;
      await client.enqueueMany(work, [1, 2], { retention: { completedMs: 60_000 } });
      await clock.settle();
      for (const [at, { progress }] of contexts.entries()) progress(at / 2);
      await clock.settle();
      assert.equal(told.length, 1);
      assert.deepEqual([await shown(parts, contexts[0]!), await shown(parts, contexts[1]!)], [
        0,
        0.5,
      ]);
      contexts[1]!.progress(0.9);
      finish();
      await clock.advance(2000);
      assert.equal(told.length, 1);
      assert.equal(await client.count({ status: "completed" }), 2);
      assert.equal(await shown(parts, contexts[1]!), undefined);
      contexts[1]!.progress(1);
      await clock.advance(2000);
      assert.equal(told.length, 1);
    }));

  it("is refused if it is none, and its message is cut", () =>
    withWorker(async (parts) => {
      const { client, clock, contexts } = parts;
      await client.enqueue(work, 1);
      await clock.settle();
      const [context] = contexts as [JobContext];
      for (const value of [-0.1, 1.1, NaN, "0.5", null, true]) {
        const shown = typeof value === "string" ? `"${value}"` : value;
        assert.throws(() => context.progress(value as number), {
          name: "RangeError",
          message: `Cannot use progress ${shown}: expected a number from 0 to 1`,
        });
      }
      context.progress(0.5, "x".repeat(2000));
      await clock.settle();
      assert.deepEqual(await shown(parts, context), { value: 0.5, message: "x".repeat(1000) });
    }));

  it("does nothing where nobody listens, and one line at debug level says so", () =>
    withWorker(async (parts) => {
      const { client, clock, contexts, told, lines } = parts;
      await client.enqueue(work, 1);
      await clock.settle();
      for (const value of [0.1, 0.2]) {
        contexts[0]!.progress(value);
        await clock.advance(1001);
      }
      assert.deepEqual(told, []);
      const line = /^This server cannot be told how far jobs are/;
      assert.equal(lines.filter((text) => line.test(text)).length, 1);
    }, { answersWithinMs: Infinity }));

  it("of a client in the process of the broker is kept as well, and of a delivery only", () =>
    withBroker(async ({ client, clock }) => {
      let finish = () => {};
      const values = [0.7, undefined];
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(work, async (_, { progress }) => {
          const value = values.shift();
          if (value !== undefined) progress(value);
          await new Promise<void>((resolve) => void (finish = resolve));
          if (value !== undefined) throw new Error("once more");
        })],
      });
      await worker.start();
      const { id } = await client.enqueue(work, 1, {
        backoff: { exponent: 0, baseMs: 0, jitterMs: 0 },
      });
      await clock.settle();
      assert.equal((await client.get(id)).progress, 0.7);
      finish();
      await clock.settle();
      assert.equal((await client.get(id)).progress, undefined);
      await clock.advance(2000);
      const { status, progress } = await client.get(id);
      assert.deepEqual([status, progress], ["in_flight", undefined]);
      finish();
      await clock.settle();
      assert.equal(await client.count(), 0);
      await worker.stop();
    }));
});
