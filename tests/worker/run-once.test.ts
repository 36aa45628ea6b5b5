import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle, snooze, type WorkerOptions } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";
import {
  createScriptedBroker,
  createScriptedWorker,
  refuse,
  unreachable,
  wireJob,
} from "./scripted-broker.ts";

const count = defineJob<number>({ type: "count", queue: "counts", retryLimit: 0 });

function setUp(options: Partial<WorkerOptions> = {}) {
  const broker = createScriptedBroker();
  return { broker, ...broker, ...createScriptedWorker(broker, options) };
}

describe("runOnce", () => {
  it("does what is ready and tells what came of it, again and again", () =>
    withBroker(async ({ client, clock }) => {
      const worker = createWorker({
        client,
        clock,
        concurrency: 2,
        handlers: [handle(count, (n) => {
          if (n === 1) throw new Error("one");
          if (n === 2) return snooze("1h");
        })],
      });
      const enqueue = (numbers: number[]) => client.enqueueMany(count, numbers);
      await enqueue([0, 1, 2, 3, 4, 5]);
      const first = worker.runOnce();
      await clock.advance(500);
      assert.deepEqual(await first, {
        succeeded: 4,
        failed: 1,
        decided: 1,
        released: 0,
        reason: "empty",
      });
      await enqueue([6]);
      const second = worker.runOnce();
      await clock.advance(500);
      assert.equal((await second).succeeded, 1);
      assert.equal(clock.timers > 0, true, "the broker's own");
      assert.equal(await client.count({ status: ["ready", "in_flight"] }), 0);
    }));

  it("runs no more than it may, and gives the others back", () =>
    withBroker(async ({ client, clock }) => {
      const ran: number[] = [];
      const worker = createWorker({
        client,
        clock,
        concurrency: 4,
        handlers: [handle(count, (n) => void ran.push(n))],
      });
      await client.enqueueMany(count, [0, 1, 2, 3, 4]);
      const report = await worker.runOnce({ maxJobs: 3 });
      assert.deepEqual([report.succeeded, report.reason, ran], [3, "jobs", [0, 1, 2]]);
      await clock.settle();
      assert.equal(await client.count({ status: "ready" }), 2);
      for await (const { attempts } of client.list()) assert.equal(attempts, 0);
    }));

  it("ends before its deadline: what runs is aborted then and goes back", async () => {
    const { worker, broker, clock, started, finish, acks } = setUp({ concurrency: 2 });
    const once = worker.runOnce({ deadlineMs: 10_000 });
    await clock.settle();
    broker.connection.send(wireJob("a"), wireJob("b"), wireJob("c"));
    await clock.advance(7999);
    assert.deepEqual(started, ["a", "b"]);
    await clock.advance(1);
    await finish("a");
    await clock.advance(1999);
    assert.equal(broker.connection.closed, false);
    await clock.advance(1);
    assert.deepEqual(await once, {
      succeeded: 1,
      failed: 0,
      decided: 0,
      released: 1,
      reason: "deadline",
    });
    assert.deepEqual([started, acks], [["a", "b"], [["a"]]]);
    assert.equal(broker.connection.closed, true);
    assert.equal(clock.timers, 0);
  });

  it("waits while a job runs, and for as long as something comes", async () => {
    const { worker, broker, clock, finish } = setUp();
    let over = false;
    const once = worker.runOnce({ quietMs: 100 }).finally(() => over = true);
    await clock.advance(90);
    broker.connection.send(wireJob("a"));
    await clock.advance(1000);
    await finish("a");
    await clock.advance(90);
    broker.connection.send(wireJob("b"));
    await clock.advance(50);
    await finish("b");
    assert.equal(over, false);
    await clock.advance(100);
    assert.deepEqual(await once.then(({ reason, succeeded }) => [reason, succeeded]), ["empty", 2]);
  });

  it("waits for a broker that is down until its deadline, and rejects when it is refused", async () => {
    const down = setUp();
    down.answers.take.push(...Array.from({ length: 50 }, () => unreachable));
    const once = down.worker.runOnce({ deadlineMs: 1000 });
    await down.clock.advance(1000);
    assert.equal((await once).reason, "deadline");
    const refused = setUp();
    refused.answers.take.push(refuse(401));
    await assert.rejects(refused.worker.runOnce(), { status: 401 });
    assert.equal(refused.clock.timers, 0);
    // A worker that was refused may try once more.
    const again = refused.worker.runOnce();
    await refused.clock.advance(500);
    assert.equal((await again).reason, "empty");
  });

  it("ends when the worker is stopped", async () => {
    const { worker, broker, clock, finish } = setUp();
    const once = worker.runOnce();
    await clock.settle();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stop = worker.stop();
    await finish("a");
    await stop;
    assert.deepEqual(await once.then(({ reason, succeeded }) => [reason, succeeded]), [
      "stopped",
      1,
    ]);
    await assert.rejects(worker.runOnce(), {
      message: "Cannot run a worker once that is stopped: create another",
    });
  });

  it("is refused while it runs, of a worker that was started, and with nonsense", async () => {
    const { worker, clock } = setUp();
    const once = worker.runOnce();
    const busy = { message: "Cannot run once while that is under way: wait for its end" };
    await assert.rejects(worker.runOnce(), busy);
    await assert.rejects(worker.start(), {
      message: "Cannot start a worker that runs once: wait for its end",
    });
    await clock.advance(500);
    await once;
    await assert.rejects(worker.runOnce({ maxJobs: 0 }), RangeError);
    await assert.rejects(worker.runOnce({ deadlineMs: -1 }), RangeError);
    await worker.start();
    await assert.rejects(worker.runOnce(), {
      message: "Cannot run a worker once that is running: create another",
    });
    await worker.kill();
  });

  it("tells the listeners of the worker", () =>
    withBroker(async ({ broker, clock }) => {
      const client = createClient({ fetch: broker.fetch });
      const worker = createWorker({ client, clock, handlers: [handle(count, () => {})] });
      const seen: string[] = [];
      worker.on("succeeded", ({ job }) => seen.push(job.type));
      worker.on("acked", ({ ids }) => seen.push(`${ids.length}`));
      await client.enqueue(count, 1);
      const once = worker.runOnce();
      await clock.advance(500);
      await once;
      assert.deepEqual(seen, ["count", "1"]);
    }));
});
