import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { handle, type WorkerOptions } from "../../src/worker/mod.ts";
import {
  createScriptedBroker,
  createScriptedWorker,
  hold,
  ok,
  unreachable,
  wireJob,
  work,
} from "./scripted-broker.ts";

function setUp(options: Partial<WorkerOptions> = {}) {
  const broker = createScriptedBroker();
  const scripted = createScriptedWorker(broker, options);
  return { ...scripted, ...broker, broker };
}

/** Whether a promise has come to an end. */
function watch(promise: Promise<void>): { over: boolean } {
  const state = { over: false };
  void promise.then(() => state.over = true);
  return state;
}

describe("stopping", () => {
  it("waits for running jobs, then for their reports, and closes the stream last", async () => {
    const { worker, broker, clock, finish, acks, answers, failures } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"));
    await clock.settle();
    const { answer, give } = hold();
    answers.success.push(answer);

    const stop = watch(worker.stop());
    await clock.settle();
    assert.equal(worker.health().state, "draining");
    await finish("a");
    await finish("b", new Error("no"));
    assert.deepEqual([acks, failures.length], [[["a"]], 1]);
    assert.equal(broker.connection.closed, false, "the report is under way");
    assert.equal(stop.over, false);

    give(ok);
    await clock.settle();
    assert.equal(stop.over, true);
    assert.equal(broker.connection.closed, true);
    assert.equal(worker.health().state, "stopped");
    assert.equal(clock.timers, 0);
  });

  it("starts neither what waits nor what still arrives", async () => {
    const { worker, broker, clock, started, finish, acks } = setUp({ concurrency: 1 });
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"));
    await clock.settle();
    const stop = watch(worker.stop());
    broker.connection.send(wireJob("c"));
    await finish("a");
    assert.equal(stop.over, true);
    assert.deepEqual(started, ["a"]);
    assert.deepEqual(acks, [["a"]]);
  });

  it("keeps the stream open, and hears its heartbeats, while jobs run", async () => {
    const { worker, broker, clock, connections } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    void worker.stop({ timeoutMs: 300_000 });
    for (let i = 0; i < 50; i++) {
      await clock.advance(3000);
      broker.connection.beat();
    }
    assert.deepEqual([connections.length, broker.connection.closed, worker.health().healthy], [
      1,
      false,
      true,
    ]);
    await worker.kill();
  });

  it("aborts what is not done in time, and does not report it", async () => {
    const { worker, broker, clock, acks, failures } = setUp({
      handlers: [handle(work, (_payload, { signal, job }) => {
        if (job.id === "c") return Promise.withResolvers().promise;
        return new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            if (job.id === "a") resolve(undefined);
            else reject(signal.reason);
          });
        });
      })],
    });
    const reasons: DOMException[] = [];
    const events: string[] = [];
    for (const name of ["succeeded", "failed", "released"] as const) {
      worker.on(name, ({ job }) => events.push(`${name} ${job.id}`));
    }
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"), wireJob("c"));
    await clock.settle();
    const stop = watch(worker.stop({ timeoutMs: 5000 }));
    await clock.advance(4999);
    assert.deepEqual([reasons.length, broker.connection.closed, stop.over], [0, false, false]);
    await clock.advance(1);
    assert.deepEqual([reasons.length, broker.connection.closed, stop.over], [2, true, true]);
    assert.deepEqual(reasons.map(({ name }) => name), ["AbortError", "AbortError"]);
    assert.deepEqual(events, ["released a", "released b", "released c"]);
    assert.deepEqual([acks, failures], [[], []]);
    assert.equal(clock.timers, 0);
  });

  it("does not abort what is done, although the broker has not heard of it", async () => {
    const { worker, broker, clock, finish, answers, acks } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    answers.success.push(unreachable, unreachable, unreachable, unreachable, unreachable);
    let released = 0;
    worker.on("released", () => released++);
    await finish("a");
    const stop = watch(worker.stop({ timeoutMs: 1000 }));
    await clock.advance(1000);
    assert.equal(stop.over, true);
    assert.equal(released, 0);
    const tries = acks.length;
    await clock.advance(60_000);
    assert.equal(acks.length, tries, "nothing is reported after the end");
    assert.equal(clock.timers, 0);
  });

  it("repeats reports within its time", async () => {
    const { worker, broker, clock, finish, answers, acks } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    answers.success.push(unreachable, unreachable);
    await finish("a");
    const stop = watch(worker.stop());
    await clock.advance(1000);
    assert.equal(stop.over, true);
    assert.deepEqual(acks, [["a"], ["a"], ["a"]]);
  });

  it("aborts at once with timeoutMs 0", async () => {
    const { worker, broker, clock } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stop = watch(worker.stop({ timeoutMs: 0 }));
    await clock.advance(0);
    assert.equal(stop.over, true);
  });

  it("never aborts with timeoutMs Infinity", async () => {
    const { worker, broker, clock, finish } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stop = watch(worker.stop({ timeoutMs: Infinity }));
    await clock.advance(3_600_000);
    assert.equal(stop.over, false);
    await finish("a");
    assert.equal(stop.over, true);
  });

  it("does not connect again when the stream breaks meanwhile", async () => {
    const { worker, broker, clock, finish, connections, acks } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stop = watch(worker.stop());
    broker.connection.breakOff();
    await clock.advance(20_000);
    assert.equal(connections.length, 1);
    await finish("a");
    assert.deepEqual([stop.over, acks], [true, [["a"]]]);
  });

  it("may be asked for twice, and the second waits for the first", async () => {
    const { worker, broker, clock, finish } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stops = [watch(worker.stop()), watch(worker.stop({ timeoutMs: 0 }))];
    await clock.advance(10);
    assert.deepEqual(stops.map(({ over }) => over), [false, false]);
    await finish("a");
    assert.deepEqual(stops.map(({ over }) => over), [true, true]);
    await worker.stop();
  });

  it("is allowed before the start, which then is refused", async () => {
    const { worker, connections } = setUp();
    await worker.stop();
    assert.equal(worker.health().state, "stopped");
    await assert.rejects(worker.start(), {
      message: "Cannot start a stopped worker: create a new one",
    });
    assert.equal(connections.length, 0);
  });

  it("ends a start that waits for a broker", async () => {
    const { worker, answers, clock } = setUp();
    answers.take.push(hold().answer);
    const run = watch(worker.run());
    await clock.settle();
    await worker.stop();
    await clock.settle();
    assert.equal(run.over, true);
    assert.equal(clock.timers, 0);
  });

  it("ends a wait for the next connection", async () => {
    const { worker, answers, clock } = setUp();
    answers.take.push(unreachable);
    const run = watch(worker.run());
    await clock.settle();
    await worker.stop();
    await clock.settle();
    assert.equal(run.over, true);
    assert.equal(clock.timers, 0);
  });

  it("refuses a timeoutMs that is no number of 0 or more, and the worker goes on", async () => {
    const { worker } = setUp();
    await worker.start();
    await assert.rejects(worker.stop({ timeoutMs: -1 }), {
      name: "RangeError",
      message: "Cannot use 'timeoutMs' -1: expected a number of 0 or more",
    });
    assert.equal(worker.health().state, "running");
    await worker.kill();
  });

  it("is done by await using", async () => {
    const { worker, broker } = setUp();
    await worker.start();
    await worker[Symbol.asyncDispose]();
    assert.equal(worker.health().state, "stopped");
    assert.equal(broker.connection.closed, true);
  });
});

describe("killing", () => {
  it("closes the stream at once", async () => {
    const { worker, broker, clock, finish, acks } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await worker.kill();
    assert.equal(broker.connection.closed, true);
    assert.equal(clock.timers, 0);
    await finish("a");
    assert.deepEqual(acks, []);
  });

  it("ends a stop that still waits", async () => {
    const { worker, broker, clock } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    const stop = watch(worker.stop());
    await worker.kill();
    await clock.settle();
    assert.equal(stop.over, true);
    assert.equal(broker.connection.closed, true);
  });

  it("gives up a report that is under way", async () => {
    const { worker, broker, clock, finish, answers } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    answers.success.push(hold().answer);
    await finish("a");
    await worker.kill();
    assert.equal(clock.timers, 0);
  });

  it("is allowed before the start and twice", async () => {
    const { worker } = setUp();
    await worker.kill();
    await worker.kill();
    await worker.stop();
    assert.equal(worker.health().state, "stopped");
  });
});

describe("a listener that stops the worker", () => {
  for (const error of [undefined, new Error("no")]) {
    const name = error === undefined ? "succeeded" : "failed";
    it(`makes the job go back to its queue, although it ${name}`, async () => {
      const { worker, broker, clock, finish, acks, failures } = setUp();
      worker.on(name, () => void worker.kill());
      await worker.start();
      broker.connection.send(wireJob("a"));
      await clock.settle();
      await finish("a", error);
      assert.deepEqual([acks, failures, broker.connection.closed], [[], [], true]);
    });
  }
});

describe("starting", () => {
  it("gives the same promise twice, and one stream", async () => {
    const { worker, connections } = setUp();
    await Promise.all([worker.start(), worker.start(), worker.start()]);
    assert.equal(connections.length, 1);
    await worker.kill();
  });

  it("is refused after a stop, also when it was started before", async () => {
    const { worker, connections } = setUp();
    await worker.start();
    await worker.stop();
    const refusal = { message: "Cannot start a stopped worker: create a new one" };
    await assert.rejects(worker.start(), refusal);
    await assert.rejects(worker.run(), refusal);
    assert.equal(connections.length, 1);
  });

  it("makes run() resolve when the worker is stopped", async () => {
    const { worker, clock } = setUp();
    const run = watch(worker.run());
    await clock.settle();
    assert.deepEqual([run.over, worker.health().state], [false, "running"]);
    await worker.stop();
    await clock.settle();
    assert.equal(run.over, true);
  });

  it("is what makes a worker healthy, and stopping ends that", async () => {
    const { worker } = setUp();
    assert.deepEqual([worker.health().healthy, worker.health().problem], [false, "Worker is idle"]);
    await worker.start();
    assert.deepEqual([worker.health().healthy, worker.health().problem], [true, undefined]);
    await worker.stop();
    assert.deepEqual([worker.health().healthy, worker.health().problem], [
      false,
      "Worker is stopped",
    ]);
  });
});
