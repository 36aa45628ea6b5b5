import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineJob } from "../../src/client/mod.ts";
import { createWorker, handle, type WorkerOptions } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { createScriptedBroker, createScriptedWorker, wireJob } from "./scripted-broker.ts";

const count = defineJob<number>({ type: "count", queue: "counts" });

function setUp(options: Partial<WorkerOptions> = {}) {
  const broker = createScriptedBroker();
  return { broker, ...broker, ...createScriptedWorker(broker, options) };
}

describe("a worker that retires", () => {
  it("after so many jobs drains, tells why, and ends its run", async () => {
    const { worker, broker, clock, started, finish, acks } = setUp({ concurrency: 2, maxJobs: 3 });
    const reasons: string[] = [];
    worker.on("retired", ({ reason }) => reasons.push(reason));
    let over = false;
    void worker.run().then(() => over = true);
    await clock.settle();
    broker.connection.send(...["a", "b", "c", "d"].map((id) => wireJob(id)));
    await clock.settle();
    await finish("a");
    assert.deepEqual([started, worker.health().state], [["a", "b", "c"], "draining"]);
    assert.deepEqual(reasons, ["It has run 3 jobs"]);
    await clock.advance(3_600_000);
    assert.equal(over, false, "its jobs may take as long as they need");
    await finish("b");
    await finish("c");
    assert.deepEqual([over, started, acks.flat()], [true, ["a", "b", "c"], ["a", "b", "c"]]);
  });

  it("may still be stopped with a deadline", async () => {
    const { worker, broker, clock } = setUp({ maxJobs: 1 });
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stop = worker.stop({ timeoutMs: 10 });
    await clock.advance(10);
    await stop;
    assert.equal(clock.timers, 0);
  });

  it("when it is given a reason after a job, whatever came of that", async () => {
    let size = 1;
    const { worker, broker, clock, finish } = setUp({
      retireWhen: () => size > 1 ? "Too fat" : undefined,
    });
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"));
    await clock.settle();
    await finish("a");
    assert.equal(worker.health().state, "running");
    size = 2;
    await finish("b", new Error("x"));
    assert.equal(worker.health().state, "stopped");
  });

  it("goes on if what is asked throws", async () => {
    const errors: string[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (text: string) => errors.push(text) };
    const { worker, broker, clock, finish, acks } = setUp({
      logger,
      retireWhen: () => {
        throw new Error("x");
      },
    });
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await finish("a");
    assert.deepEqual([acks, worker.health().state], [[["a"]], "running"]);
    assert.deepEqual(errors, ["Option 'retireWhen' threw"]);
    await worker.kill();
  });

  it("needs a limit that is a number of jobs", () => {
    assert.throws(() => setUp({ maxJobs: 0 }), RangeError);
  });
});

describe("a worker that pauses", () => {
  it("gives back what it has not begun, lets the rest run, and takes again when it resumes", () =>
    withBroker(async ({ client, clock, take }) => {
      const gates: (() => void)[] = [];
      const worker = createWorker({
        client,
        clock,
        concurrency: 1,
        handlers: [handle(count, () => new Promise<void>((resolve) => gates.push(resolve)))],
      });
      await client.enqueueMany(count, [0, 1, 2]);
      await worker.start();
      await clock.advance(3000);
      worker.pause();
      worker.pause();
      await clock.settle();
      assert.deepEqual([worker.health().paused, worker.health().waiting], [true, 0]);
      assert.equal(await client.count({ status: "ready" }), 2);
      const other = await take({ queues: ["counts"] });
      await clock.settle();
      assert.equal(other.jobs.length, 1, "others get them");
      await other.close();
      gates[0]!();
      await clock.advance(10_000);
      assert.equal(gates.length, 1);
      worker.resume();
      await clock.settle();
      assert.equal(gates.length, 2);
      assert.equal(worker.health().healthy, true);
      await worker.kill();
    }));

  it("keeps what waits here where nobody listens", async () => {
    const { worker, broker, clock, started, finish } = setUp({ concurrency: 1 });
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"));
    await clock.settle();
    worker.pause();
    broker.connection.send(wireJob("c"));
    await finish("a");
    assert.deepEqual([started, worker.health().waiting], [["a"], 2]);
    worker.resume();
    await clock.settle();
    assert.deepEqual(started, ["a", "b"]);
    worker.pause();
    const stop = worker.stop();
    await finish("b");
    await stop;
    assert.deepEqual(started, ["a", "b"]);
  });

  it("says on a new stream that it takes nothing", async () => {
    const { worker, broker, clock, started, statements } = setUp();
    await worker.start();
    worker.pause();
    broker.connection.send(wireJob("a"));
    broker.connection.ask(1);
    await clock.settle();
    assert.deepEqual(statements.map(({ taking, ids }) => [taking, ids]), [[false, []]]);
    worker.resume();
    await clock.settle();
    assert.deepEqual([started, statements.at(-1)!.taking], [[], true]);
    await worker.kill();
  });
});
