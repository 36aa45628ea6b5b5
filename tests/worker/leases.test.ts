import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases, defineJob, type Fetch } from "../../src/client/mod.ts";
import {
  createWorker,
  handle,
  type JobContext,
  LeaseLostError,
  type Worker,
  type WorkerOptions,
} from "../../src/worker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";

const work = defineJob<string>({ type: "work", queue: "work" });

interface Parts extends TestBroker {
  readonly worker: Worker;
  /** Those that were begun, by their payloads. */
  readonly contexts: Map<string, JobContext>;
  /** What became of which job. */
  readonly events: string[];
  readonly lines: string[];
  /** The paths of the calls that the worker made. */
  readonly calls: string[];
  /** Lets a handler return. */
  finish(name: string): Promise<void>;
  /** Whether the broker can be reached. */
  readonly network: { isDown: boolean };
  enqueue(...names: string[]): Promise<readonly string[]>;
}

/** A worker with leases of 3 s at a real broker. */
const withWorker = (
  test: (parts: Parts) => Promise<void>,
  options: Partial<WorkerOptions> = {},
) =>
  withBroker(async (parts) => {
    const { broker, clock } = parts;
    const contexts = new Map<string, JobContext>();
    const gates = new Map<string, () => void>();
    const [events, lines, calls]: [string[], string[], string[]] = [[], [], []];
    const network = { isDown: false };
    const fetch: Fetch = (request) => {
      calls.push(new URL(request.url).pathname);
      return network.isDown ? Promise.reject(new TypeError("down")) : broker.fetch(request);
    };
    const add = (text: string) => void lines.push(text);
    const worker = createWorker({
      client: createClient({ fetch, clock, retry: { limit: 0 } }),
      leases: createLeases({ fetch, clock, retry: { limit: 0 } }),
      leaseMs: 3000,
      workerId: "W",
      clock,
      random: () => 1,
      concurrency: 2,
      logger: { debug() {}, info() {}, warn: add, error: add },
      handlers: [handle(work, (name, context) => {
        contexts.set(name, context);
        return new Promise<void>((resolve) => gates.set(name, resolve));
      })],
      ...options,
    });
    for (const name of ["started", "succeeded", "failed", "released", "leaseLost"] as const) {
      worker.on(name, ({ job }) => events.push(`${name} ${job.payload}`));
    }
    try {
      await test({
        ...parts,
        worker,
        contexts,
        events,
        lines,
        calls,
        network,
        async finish(name) {
          gates.get(name)!();
          await clock.settle();
        },
        async enqueue(...names) {
          const jobs = await parts.client.enqueueMany(work, names);
          await clock.settle();
          return jobs.map(({ id }) => id);
        },
      });
    } finally {
      network.isDown = false;
      await worker.kill();
    }
  });

describe("a worker with leases", () => {
  it("runs jobs as they come, and reports them", () =>
    withWorker(async ({ worker, client, events, enqueue, finish, contexts, clock }) => {
      await worker.start();
      assert.deepEqual([worker.health().healthy, worker.health().connected], [true, true]);
      const [id] = await enqueue("a", "b", "c");
      assert.deepEqual(events, ["started a", "started b"]);
      const job = await client.get(id!);
      assert.equal(job.workerId, "W");
      assert.equal(contexts.get("a")!.leaseEndsAt, clock.now() + 3000);
      for (const name of "abc") await finish(name);
      await clock.settle();
      assert.equal(await client.count(), 0);
      assert.deepEqual(events.slice(-1), ["succeeded c"]);
    }));

  it("renews the leases of all that is here in one call, at a third of their time", () =>
    withWorker(async ({ worker, client, enqueue, contexts, clock, calls, finish }) => {
      await worker.start();
      await enqueue("a", "b", "c", "d");
      calls.length = 0;
      await clock.advance(30_000);
      const beats = calls.filter((path) => path === "/jobs/heartbeat").length;
      assert.equal(beats, 30);
      assert.equal(contexts.get("a")!.leaseEndsAt, clock.now() + 3000);
      for (const name of "abcd") await finish(name);
      assert.equal(await client.count(), 0);
      calls.length = 0;
      await clock.advance(30_000);
      assert.ok(!calls.includes("/jobs/heartbeat"));
      assert.ok(calls.length <= 2, "an idle worker asks seldom");
    }));

  it("aborts a job that was taken away, and reports nothing of it", () =>
    withWorker(async ({ worker, client, broker, enqueue, contexts, clock, events, finish }) => {
      const errors: LeaseLostError[] = [];
      worker.on("leaseLost", ({ error }) => errors.push(error));
      await worker.start();
      const [id] = await enqueue("a");
      await client.enqueue({ type: "x", queue: "other", payload: null });
      worker.pause();
      await createLeases({ fetch: broker.fetch }).timeout(id!);
      await clock.advance(1000);
      const { signal } = contexts.get("a")!;
      assert.ok(signal.reason instanceof LeaseLostError);
      assert.equal(signal.reason, errors[0]);
      assert.deepEqual([worker.health().lost, worker.health().running], [1, 1]);
      await finish("a");
      assert.equal(worker.health().lost, 0);
      assert.deepEqual(events, ["started a", "leaseLost a"]);
      assert.equal((await client.get(id!)).status, "ready");
    }));

  it("aborts a job whose lease ended because the broker could not be reached", () =>
    withWorker(async ({ worker, enqueue, contexts, clock, network, events }) => {
      await worker.start();
      await enqueue("a");
      network.isDown = true;
      await clock.advance(2900);
      assert.equal(contexts.get("a")!.signal.aborted, false);
      await clock.advance(400);
      assert.ok(contexts.get("a")!.signal.reason instanceof LeaseLostError);
      assert.deepEqual(events, ["started a", "leaseLost a"]);
    }));

  it("goes on with what it has when the broker is back in time", () =>
    withWorker(async ({ worker, client, enqueue, contexts, clock, network, finish }) => {
      await worker.start();
      await enqueue("a", "b", "c");
      network.isDown = true;
      await clock.advance(2500);
      assert.equal(worker.health().healthy, false);
      network.isDown = false;
      await clock.advance(60_000);
      assert.equal(contexts.get("a")!.signal.aborted, false);
      assert.equal(worker.health().problem, undefined);
      for (const name of "abc") await finish(name);
      await clock.advance(1000);
      assert.equal(await client.count(), 0);
    }));

  it("tells progress and keeps a new payload", () =>
    withWorker(async ({ worker, client, enqueue, contexts, clock }) => {
      await worker.start();
      const [id] = await enqueue("a");
      const context = contexts.get("a")!;
      await context.heartbeat({ progress: 0.5, payload: "a2", leaseMs: 60_000 });
      const job = await client.get(id!);
      assert.deepEqual([job.progress, job.payload], [0.5, "a2"]);
      assert.equal(context.leaseEndsAt, clock.now() + 60_000);
      const { heartbeat } = context;
      await heartbeat({ leaseMs: 300 });
      await clock.advance(10_000);
      assert.equal(context.signal.aborted, false, "renewed as often as it needs now");
    }));

  it("hears of a lost lease from its own heartbeat", () =>
    withWorker(async ({ worker, client, enqueue, contexts }) => {
      await worker.start();
      const [id] = await enqueue("a");
      await client.delete(id!);
      const context = contexts.get("a")!;
      await assert.rejects(context.heartbeat(), LeaseLostError);
      assert.ok(context.signal.reason instanceof LeaseLostError);
    }));

  it("gives back what it has not begun when it stops, and waits for the rest", () =>
    withWorker(async ({ worker, client, enqueue, finish, clock }) => {
      await worker.start();
      await enqueue("a", "b", "c", "d");
      const stop = worker.stop();
      await clock.settle();
      assert.equal(await client.count({ status: "ready" }), 2);
      await clock.advance(10_000);
      await finish("a");
      await finish("b");
      await stop;
      const left = [];
      for await (const job of client.list()) left.push([job.payload, job.attempts]);
      assert.deepEqual(left, [["c", 0], ["d", 0]]);
    }));

  it("gives back what runs when its time to stop is over, or when it is killed", () =>
    withWorker(async ({ worker, client, enqueue, contexts, events, clock }) => {
      await worker.start();
      await enqueue("a");
      const stop = worker.stop({ timeoutMs: 100 });
      await clock.advance(100);
      await stop;
      assert.equal(contexts.get("a")!.signal.reason.name, "AbortError");
      assert.deepEqual(events, ["started a", "released a"]);
      assert.equal(await client.count({ status: "ready" }), 1);
    }));

  it("pauses and resumes", () =>
    withWorker(async ({ worker, client, enqueue, events, clock }) => {
      await worker.start();
      await enqueue("a", "b", "c");
      worker.pause();
      await clock.settle();
      assert.equal(await client.count({ status: "ready" }), 1);
      await enqueue("d");
      await clock.advance(30_000);
      assert.deepEqual(events, ["started a", "started b"]);
      worker.resume();
      await clock.settle();
      assert.equal(await client.count({ status: "in_flight" }), 4);
    }));

  it("runs once without waiting to see that nothing is ready", () =>
    withWorker(async ({ worker, enqueue, client }) => {
      await enqueue("a", "b", "c");
      const report = await worker.runOnce();
      assert.deepEqual([report.succeeded, report.failed, report.reason], [2, 1, "empty"]);
      assert.equal(await client.count({ status: "scheduled" }), 1);
      await enqueue("d", "e", "f");
      const some = await worker.runOnce({ maxJobs: 2 });
      assert.deepEqual([some.succeeded, some.reason], [2, "jobs"]);
      assert.equal(await client.count({ status: "ready" }), 1);
    }, {
      handlers: [handle(work, async (name) => {
        await Promise.resolve();
        if (name === "b") throw new Error("b");
      })],
    }));

  it("warns when handlers hold the event loop so long that leases are in danger", async () => {
    const held = { ms: 0 };
    await withBroker(async ({ broker, client, clock }) => {
      const lines: unknown[] = [];
      const worker = createWorker({
        client,
        leases: createLeases({ fetch: broker.fetch }),
        leaseMs: 3000,
        clock: { ...clock, monotonic: () => clock.monotonic() + held.ms },
        logger: { debug() {}, info() {}, warn: (...line) => lines.push(line), error() {} },
        handlers: [handle(work, () => new Promise(() => {}))],
      });
      await client.enqueue(work, "a");
      await worker.start();
      await clock.advance(900);
      assert.deepEqual(lines, []);
      held.ms = 1500;
      await clock.advance(100);
      assert.deepEqual(lines, [[
        "Event loop was held for 1.5 s by a job of type 'work': leases may be lost",
        { heldMs: 1500 },
      ]]);
      await worker.kill();
    });
  });

  it("runs once to the end although a report is refused", () =>
    withBroker(async ({ broker, client, clock }) => {
      const fetch: Fetch = (request) =>
        request.url.endsWith("/jobs/success")
          ? Promise.resolve(Response.json({ error: "no" }, { status: 400 }))
          : broker.fetch(request);
      const worker = createWorker({
        client: createClient({ fetch }),
        leases: createLeases({ fetch }),
        clock,
        handlers: [handle(work, () => {})],
      });
      await client.enqueue(work, "a");
      assert.equal((await worker.runOnce()).reason, "empty");
      assert.equal(await client.count({ status: "scheduled" }), 1);
    }));

  it("is refused by a server that knows no leases", async () => {
    const fetch = () => Promise.resolve(Response.json({ error: "not found" }, { status: 404 }));
    const worker = createWorker({
      client: createClient({ fetch }),
      leases: createLeases({ fetch }),
      handlers: [handle(work, () => {})],
    });
    await assert.rejects(worker.start(), /has no endpoint 'POST \/jobs\/take'/);
  });

  it("needs leases for what needs leases", () => {
    const handlers = [handle(work, () => {})];
    const client = createClient({ fetch: () => Promise.reject(new Error()) });
    const leases = createLeases({ fetch: () => Promise.reject(new Error()) });
    const create = (options: Partial<WorkerOptions>) => () =>
      createWorker({ client, handlers, ...options });
    assert.throws(create({ leaseMs: 5000 }), /'leaseMs' without 'leases'/);
    assert.throws(create({ order: "ordered" }), /'order' without 'leases'/);
    assert.throws(create({ leases, leaseMs: 10 }), RangeError);
    assert.throws(create({ leases, order: "ordered", queues: "all" }), TypeError);
    assert.throws(create({ leases, order: { weights: { other: 1 } } }), TypeError);
    assert.throws(create({ leases, order: { weights: { work: 0 } } }), RangeError);
    assert.throws(create({ leases, order: "random" as "ordered" }), TypeError);
  });
});

describe("a job without a lease", () => {
  it("has no end of it, and cannot send heartbeats", () =>
    withBroker(async ({ client, clock }) => {
      await client.enqueue(work, "a");
      let context: JobContext | undefined;
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(work, (_payload, given) => void (context = given))],
      });
      await worker.start();
      await clock.settle();
      assert.equal(context!.leaseEndsAt, undefined);
      await assert.rejects(context!.heartbeat(), /the worker has no 'leases'/);
      await worker.stop();
    }));
});

describe("a worker with a stream", () => {
  it("drops a job at once that somebody takes away", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const { id } = await client.enqueue(work, "a");
      let context: JobContext | undefined;
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(work, (_payload, given) => {
          context = given;
          return new Promise(() => {});
        })],
      });
      const released: string[] = [];
      worker.on("released", ({ job }) => released.push(job.id));
      await worker.start();
      await clock.advance(3000);
      const other = await take();
      worker.pause();
      await createLeases({ fetch: broker.fetch }).timeout(id);
      await clock.settle();
      assert.equal(context!.signal.reason.name, "AbortError");
      assert.deepEqual([released, worker.health().lost], [[id], 1]);
      assert.deepEqual(other.jobs.map((job) => job.id), [id]);
      await worker.kill();
    }));
});
