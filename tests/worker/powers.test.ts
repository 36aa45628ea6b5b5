/** What a handler can do besides returning and throwing: jobs that are stored once, results, and what layers share. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import {
  type Client,
  createClient,
  createMovement,
  defineJob,
  type Fetch,
  type Job,
} from "../../src/client/mod.ts";
import {
  createWorker,
  defineState,
  handle,
  type JobContext,
  type JobHandler,
  type Middleware,
  result,
  type Worker,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";

const order = defineJob<number>({
  type: "order",
  queue: "orders",
  retention: { completedMs: 1000 },
  backoff: { exponent: 0, baseMs: 0, jitterMs: 0 },
});
const mail = defineJob<string>({ type: "mail", queue: "mails" });

/** Runs a test with a worker at a real broker, over its protocol. */
function withWorker(
  handlers: readonly JobHandler[],
  test: (
    parts: TestBroker & { readonly worker: Worker; readonly lines: string[] },
  ) => Promise<void>,
  options: Partial<WorkerOptions> = {},
): Promise<void> {
  return withBroker(async (parts) => {
    const { broker, clock } = parts;
    const lines: string[] = [];
    const add = (text: string) => void lines.push(text);
    const worker = createWorker({
      client: createClient({ fetch: (request) => broker.fetch(request), clock }),
      handlers,
      clock,
      logger: { debug() {}, info() {}, warn: add, error: add },
      ...options,
    });
    try {
      await worker.start();
      await test({ ...parts, worker, lines });
    } finally {
      await worker.kill();
    }
  });
}

/** The payloads of the jobs of a queue. */
async function payloadsOf(client: Client, queue: string): Promise<unknown[]> {
  const payloads: unknown[] = [];
  for await (const { payload } of client.list({ queue })) payloads.push(payload);
  return payloads;
}

/** What a handler does in its run of some number, counted from 1. */
function runs(work: (context: JobContext, run: number) => unknown) {
  let count = 0;
  return handle(order, (_, context) => work(context, ++count));
}

describe("a job that a handler enqueues", () => {
  const fails = (error = "once more") => Promise.reject(new Error(error));

  it("is stored once, though the handler fails behind it and is run again", () => {
    const ids: string[][] = [];
    const handler = runs(async ({ enqueue, enqueueMany }, run) => {
      const stored = await Promise.all([enqueue(mail, "a"), enqueue(mail, "b")]);
      stored.push(await enqueue({ type: "other", queue: "mails", payload: "c" }));
      stored.push(...await enqueueMany(mail, ["d", "e"]));
      stored.push(await enqueue(mail, "f", { idempotencyKey: "last" }));
      stored.push(await enqueue(mail.of("g")));
      ids.push(stored.map(({ id }) => id));
      if (run < 3) await fails();
    });
    return withWorker([handler], async ({ client, clock }) => {
      await client.enqueue(order, 1);
      await clock.advance(10_000);
      assert.equal(ids.length, 3);
      assert.deepEqual(ids[1], ids[0]);
      assert.deepEqual(ids[2], ids[0]);
      assert.deepEqual(await payloadsOf(client, "mails"), ["a", "b", "c", "d", "e", "f", "g"]);
    });
  });

  it("is not stored again when it is done and gone before the handler is run again", () => {
    const seen: boolean[] = [];
    const handler = runs(async ({ enqueue }, run) => {
      seen.push((await enqueue(mail, "a")).duplicate);
      if (run === 1) await fails();
    });
    const mails: string[] = [];
    const mailer = handle(mail, (text) => void mails.push(text));
    return withWorker([handler, mailer], async ({ client, clock }) => {
      await client.enqueue(order, 1);
      await clock.advance(10_000);
      assert.deepEqual([seen, mails], [[false, true], ["a"]]);
      assert.equal(await client.count({ queue: "mails" }), 0);
    });
  });

  it("is stored once when the worker is killed behind it", () =>
    withBroker(async ({ broker, client, clock }) => {
      const stored: boolean[] = [];
      const worker = (work: () => Promise<void>) =>
        createWorker({
          client,
          clock,
          handlers: [handle(order, async (_, { enqueue }) => {
            stored.push((await enqueue(mail, "a")).duplicate);
            await work();
          })],
        });
      const first = worker(() => new Promise(() => {}));
      await first.start();
      await client.enqueue(order, 1);
      await clock.settle();
      await first.kill();
      const second = worker(() => Promise.resolve());
      await second.start();
      await clock.settle();
      assert.deepEqual(stored, [false, true]);
      assert.deepEqual(await payloadsOf(client, "mails"), ["a"]);
      await createMovement({ fetch: broker.fetch }).requeue(
        (await client.page({ queue: "orders" })).jobs[0]!.id,
      );
      await clock.settle();
      assert.deepEqual(stored, [false, true, false]);
      await second.kill();
    }));

  it("waits until its job is delivered again, if the connection breaks meanwhile", () => {
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => void (goOn = resolve));
    const seen: unknown[] = [];
    const handler = runs(async ({ enqueue }) => {
      await gate;
      seen.push((await enqueue(mail, "a")).duplicate);
    });
    let streams = 0;
    let breakOff = () => {};
    return withBroker(async ({ broker, client, clock }) => {
      const fetch: Fetch = async (request) => {
        const isTake = new URL(request.url).pathname === "/jobs/take";
        if (isTake && ++streams === 1) {
          const own = new AbortController();
          breakOff = () => own.abort(new TypeError("broken"));
          const signal = AbortSignal.any([request.signal, own.signal]);
          return await broker.fetch(new Request(request, { signal }));
        }
        return await broker.fetch(request);
      };
      const worker = createWorker({
        client: createClient({ fetch, clock }),
        handlers: [handler],
        clock,
        random: () => 1,
      });
      await worker.start();
      await client.enqueue(order, 1);
      await clock.settle();
      breakOff();
      await clock.settle();
      goOn();
      for (let steps = 0; steps < 100 && seen.length === 0; steps++) await clock.advance(250);
      assert.deepEqual([seen, streams], [[false], 2]);
      assert.deepEqual(await payloadsOf(client, "mails"), ["a"]);
      await worker.kill();
    });
  });

  it("has a unique key at another server, unless it has one or a batch", async () => {
    const sent: unknown[] = [];
    const batch = { key: "b", when: "true", fold: "$new" };
    const foreign = {
      enqueue: (request: object) => (sent.push(request), Promise.resolve({})),
      enqueueMany: (requests: object[]) => (sent.push(...requests), Promise.resolve([])),
    } as unknown as Client;
    const { createPowers } = await import("../../src/worker/powers.ts");
    const { systemClock } = await import("../../src/async/clock.ts");
    const powers = createPowers({
      client: foreign,
      clock: systemClock,
      random: Math.random,
      progress() {},
    });
    const { signal } = new AbortController();
    const run = { job: { id: "J" } as Job, signal, counts: new Map<string, number>() };
    await powers.enqueue(run, [job()]);
    await powers.enqueue(run, [job({ uniqueKey: "own" })]);
    await powers.enqueue(run, [job({ batch })]);
    await powers.enqueue(run, [job(), { idempotencyKey: "named" }]);
    await powers.enqueueMany(run, [[job(), job()]]);
    const keys = sent.map((request) => {
      const { uniqueKey, uniqueWhile, childOf } = request as ReturnType<typeof job>;
      assert.equal(childOf, undefined);
      return [uniqueKey, uniqueWhile];
    });
    assert.deepEqual(keys, [
      ["child:J:#0 t", "exists"],
      ["own", undefined],
      [undefined, undefined],
      ["child:J:=named", "exists"],
      ["child:J:*0/0", "exists"],
      ["child:J:*0/1", "exists"],
    ]);
  });

  it("needs a client that can, and the error says so", () =>
    withBroker(async ({ client, clock }) => {
      const { take, success, successMany, failure, release, releaseMany } = client;
      const errors: unknown[] = [];
      const worker = createWorker({
        client: { take, success, successMany, failure, release, releaseMany },
        handlers: [runs(({ enqueue }) => enqueue(mail, "a").catch((error) => errors.push(error)))],
        clock,
      });
      await worker.start();
      await client.enqueue(order, 1);
      await clock.settle();
      assert.match(
        String(errors),
        /^TypeError: Cannot enqueue in a handler: the worker's 'client' has no 'enqueue', give it a whole client$/,
      );
      await worker.kill();
    }));
});

describe("what a handler returns", () => {
  const resultOf = (work: () => unknown, definition = order) =>
    new Promise<readonly [Job, readonly string[]]>((resolve, reject) => {
      const handler = handle(definition as typeof order, work as () => never);
      withWorker([handler], async ({ client, clock, lines }) => {
        const { id } = await client.enqueue(order, 1, { retryLimit: 0 });
        await clock.settle();
        resolve([await client.get(id), lines]);
      }).catch(reject);
    });

  it("is the result of its job, if it is JSON", async () => {
    for (const value of ["text", 0, false, null, [1, { a: null }], { n: { m: 1.5 } }]) {
      const [{ status, result }] = await resultOf(() => Promise.resolve(value));
      assert.deepEqual([status, result], ["completed", value]);
    }
    const [{ result: explicit }] = await resultOf(() => result({ a: 1 }));
    assert.deepEqual(explicit, { a: 1 });
  });

  it("is passed over if it is none, and the job has succeeded", async () => {
    class Own {}
    const values = [
      undefined,
      new Response("x"),
      new Own(),
      new Map(),
      () => {},
      Symbol("s"),
      1n,
      NaN,
    ];
    for (const value of values) {
      const [{ status, result }, lines] = await resultOf(() => value);
      assert.deepEqual([status, result, lines], ["completed", undefined, []]);
    }
  });

  it("is not kept, with a warning, if it is too large or JSON cannot write it", async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of ["x".repeat(65_535), circle, { big: [1n] }]) {
      const [{ status, result }, lines] = await resultOf(() => value);
      assert.deepEqual([status, result], ["completed", undefined]);
      assert.deepEqual(lines, ["What the handler returned is not kept as the result of the job"]);
    }
  });

  it("has to fit the schema of its definition, if there is one", async () => {
    const counted = defineJob({
      type: "order",
      queue: "orders",
      payload: v.number(),
      result: v.object({ words: v.number() }),
      retention: { completedMs: 1000 },
    });
    const fits = await resultOf(() => ({ words: 3 }), counted as never);
    assert.deepEqual([fits[0].status, fits[0].result], ["completed", { words: 3 }]);
    for (const value of [{ words: "3" }, undefined, new Response("x")]) {
      const [{ status, result }] = await resultOf(() => value, counted as never);
      assert.deepEqual([status, result], ["dead", undefined]);
    }
  });

  it("goes with many others, in requests that a broker takes", () => {
    const large = "x".repeat(60_000);
    return withWorker([handle(order, () => large)], async ({ client, clock }) => {
      await client.enqueueMany(order, Array.from({ length: 200 }, (_, at) => at));
      await clock.settle();
      assert.equal(await client.count({ queue: "orders", status: "completed" }), 200);
      const { jobs: [first] } = await client.page({ queue: "orders", limit: 1 });
      assert.equal(first!.result, large);
    }, { concurrency: 200 });
  });
});

describe("the state of a run", () => {
  it("carries what a layer has found to the layers inside of it and the handler, typed", () => {
    const tenant = defineState<{ readonly name: string }>("tenant");
    const other = defineState<string>("tenant");
    const seen: unknown[] = [];
    const outer: Middleware = async ({ meta, state }, next) => {
      state.set(tenant, { name: meta["tenant"] ?? "nobody" });
      await next();
    };
    const inner: Middleware = async ({ state }, next) => {
      seen.push(state.get(tenant).name);
      await next();
    };
    const handler = handle(order, (_, { state }) => {
      seen.push(state.get(tenant).name, state.has(other));
      assert.throws(() => state.get(other), {
        message: "Cannot get state 'tenant': no middleware has set it for this job",
      });
    });
    return withWorker([handler], async ({ client, clock }) => {
      await client.enqueue(order, 1, { meta: { tenant: "acme" } });
      await clock.settle();
      await client.enqueue(order, 2);
      await clock.settle();
      assert.deepEqual(seen, ["acme", "acme", false, "nobody", "nobody", false]);
    }, { middleware: [outer, inner] });
  });
});
