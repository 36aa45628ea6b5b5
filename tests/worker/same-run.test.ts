/** Which job that arrives is the run that is here already, and which one is run although another one of it is here. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineJob, type Job } from "../../src/client/mod.ts";
import { createWorker, handle, type JobContext, type WorkerOptions } from "../../src/worker/mod.ts";
import {
  createScriptedBroker,
  gone,
  hold,
  notFound,
  ok,
  wireJob,
  work as scriptedWork,
} from "./scripted-broker.ts";

const delivered = (id: string, deliveries = 1, more: object = {}) =>
  wireJob(id, { deliveries, ...more });

/** A worker at a broker that counts deliveries and has asked once; each run is named by its id and delivery. */
async function setUp(options: Partial<WorkerOptions> = {}) {
  const broker = createScriptedBroker();
  const { client, clock } = broker;
  const contexts = new Map<string, JobContext>();
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const worker = createWorker({
    client,
    clock,
    random: () => 1,
    concurrency: 4,
    prefetch: 8,
    queues: "all",
    handlers: [handle(scriptedWork, (payload, context) => {
      const name = payload as string ?? `${context.job.id}${context.job.deliveries ?? ""}`;
      contexts.set(name, context);
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      return gate.promise;
    })],
    ...options,
  });
  const released: Job[] = [];
  worker.on("released", ({ job }) => released.push(job));
  await worker.start();
  broker.connection.ask(1);
  await clock.settle();
  return {
    broker,
    worker,
    clock,
    contexts,
    released,
    started: () => [...contexts.keys()],
    async send(...jobs: object[]) {
      broker.connection.send(...jobs);
      await clock.settle();
    },
    async reconnect() {
      broker.connection.breakOff();
      await clock.advance(1000);
    },
    async finish(name: string, error?: Error) {
      const { resolve, reject } = gates.get(name)!;
      if (error === undefined) resolve();
      else reject(error);
      await clock.settle();
    },
  };
}

describe("a job that arrives while a run of it is here", () => {
  it("is run when it comes on the same stream, and the former run is over", async () => {
    const { broker, worker, send, finish, started, contexts, released } = await setUp();
    await send(delivered("a"));
    await send(delivered("a", 2));
    assert.deepEqual(started(), ["a1", "a2"]);
    assert.equal(contexts.get("a1")!.signal.reason.name, "AbortError");
    assert.equal(contexts.get("a2")!.signal.aborted, false);
    assert.deepEqual(released.map(({ deliveries }) => deliveries), [1]);
    assert.deepEqual([worker.health().lost, worker.health().running], [1, 1]);
    await finish("a1");
    assert.deepEqual(broker.acks, []);
    assert.deepEqual([worker.health().lost, worker.health().running], [0, 1]);
    await finish("a2");
    assert.deepEqual([broker.acks, broker.ackedDeliveries], [[["a"]], [[2]]]);
    assert.equal(worker.health().unreported, 0);
    await worker.stop();
  });

  for (const moved of [{ ready_at: 1 }, { attempts: 1 }, { queue: "other" }]) {
    it(`is run when it was moved, on a later stream as well: ${Object.keys(moved)}`, async () => {
      const { worker, send, reconnect, started, contexts } = await setUp();
      await send(delivered("a"));
      await reconnect();
      await send(delivered("a", 2, moved));
      assert.deepEqual(started(), ["a1", "a2"]);
      assert.equal(contexts.get("a1")!.signal.aborted, true);
      await worker.kill();
    });
  }

  it("is run under a lease: the former lease is over", async () => {
    const { worker, send, reconnect, started } = await setUp();
    await send(delivered("a", 1, { lease_token: "x" }));
    await reconnect();
    await send(delivered("a", 2, { lease_token: "y" }));
    assert.deepEqual(started(), ["a1", "a2"]);
    await worker.kill();
  });

  it("is run when its type is another", async () => {
    const other = defineJob<unknown>({ type: "other", queue: "default" });
    let runs = 0;
    const { worker, send, reconnect } = await setUp({
      handlers: [
        handle(scriptedWork, () => new Promise(() => {})),
        handle(other, () => void runs++),
      ],
    });
    await send(delivered("a"));
    await reconnect();
    await send(delivered("a", 2, { type: "other" }));
    assert.equal(runs, 1);
    await worker.kill();
  });

  it("is that run when nobody moved it and the stream is a later one, however often", async () => {
    const { broker, worker, send, reconnect, finish, started } = await setUp();
    await send(delivered("a"));
    await reconnect();
    await send(delivered("a", 2));
    await reconnect();
    await send(delivered("a", 3));
    assert.deepEqual(started(), ["a1"]);
    await finish("a1");
    assert.deepEqual(broker.ackedDeliveries, [[3]]);
    await worker.stop();
  });

  it("is run when it comes twice on the stream on which it came again", async () => {
    const { worker, send, reconnect, started } = await setUp();
    await send(delivered("a"));
    await reconnect();
    await send(delivered("a", 2));
    await send(delivered("a", 3));
    assert.deepEqual(started(), ["a1", "a3"]);
    await worker.kill();
  });

  it("stands in for one that waits", async () => {
    const { broker, worker, send, finish, started, released } = await setUp({ concurrency: 1 });
    await send(delivered("x"), delivered("a"));
    await send(delivered("a", 2));
    await finish("x1");
    await finish("a2");
    assert.deepEqual(started(), ["x1", "a2"]);
    assert.deepEqual([broker.ackedDeliveries, released], [[[1], [2]], []]);
    await worker.stop();
  });

  it("does not wait for the former run, and nor does a stop", async () => {
    const { broker, worker, send, finish, started } = await setUp({ concurrency: 1 });
    await send(delivered("a"));
    await send(delivered("b"));
    await send(delivered("a", 2));
    // Only one at a time, but for what is over.
    assert.deepEqual(started(), ["a1", "b1"]);
    await finish("b1");
    assert.deepEqual(started(), ["a1", "b1", "a2"]);
    assert.deepEqual([worker.health().lost, worker.health().running], [1, 1]);
    await send(delivered("c"));
    await finish("a1");
    assert.deepEqual([worker.health().running, worker.health().waiting], [1, 1]);
    await finish("a2");
    await finish("c1");
    assert.deepEqual(broker.ackedDeliveries, [[1], [2], [1]]);
    await send(delivered("d"));
    await send(delivered("d", 2));
    await finish("d2");
    await worker.stop();
    assert.equal(worker.health().state, "stopped");
  });

  it("does not wait for a run that was lost before either", async () => {
    const { broker, worker, send, started, clock } = await setUp({ concurrency: 1 });
    await send(delivered("a"));
    broker.answers.tell.push(gone("a"));
    broker.connection.ask(2);
    await clock.settle();
    assert.deepEqual([worker.health().lost, worker.health().running], [1, 1]);
    await send(delivered("a", 2));
    assert.deepEqual(started(), ["a1", "a2"]);
    await worker.kill();
  });

  for (const answer of [ok, notFound("a")]) {
    it("is run when the former run's report is under way, whatever the answer", async () => {
      const { broker, worker, send, finish, started, clock } = await setUp();
      const held = hold();
      broker.answers.success.push(held.answer);
      await send(delivered("a"));
      await finish("a1");
      await send(delivered("a", 2));
      assert.deepEqual(started(), ["a1", "a2"]);
      held.give(answer);
      await clock.settle();
      broker.connection.ask(2);
      await clock.settle();
      assert.deepEqual(broker.statements.at(-1)!.deliveries, [2]);
      await finish("a2");
      assert.deepEqual(broker.ackedDeliveries, [[1], [2]]);
      assert.equal(worker.health().unreported, 0);
      await worker.stop();
    });
  }

  it("is run when the former run has failed, whatever the answer to that", async () => {
    const { broker, worker, send, finish, started, clock } = await setUp();
    const held = hold();
    broker.answers.failure.push(held.answer);
    await send(delivered("a"));
    await finish("a1", new Error("no"));
    await send(delivered("a", 2));
    held.give(() => Response.json({ error: "at another delivery" }, { status: 409 }));
    await clock.settle();
    await finish("a2");
    assert.deepEqual([started(), broker.ackedDeliveries], [["a1", "a2"], [[2]]]);
    assert.equal(worker.health().healthy, true);
    await worker.stop();
  });

  it("takes back the former run's report if it was not sent yet", async () => {
    const { broker, worker, send, finish, clock } = await setUp();
    const held = hold();
    broker.answers.success.push(held.answer);
    await send(delivered("x"), delivered("a"));
    await finish("x1");
    await finish("a1");
    await send(delivered("a", 2));
    await finish("a2");
    held.give(ok);
    await clock.settle();
    assert.deepEqual([broker.acks, broker.ackedDeliveries], [[["x"], ["a"]], [[1], [2]]]);
    assert.equal(worker.health().unreported, 0);
    await worker.stop();
  });

  it("is kept when the broker's word is about the former run, under the same number", async () => {
    const { broker, worker, send, finish, started, clock } = await setUp();
    await send(delivered("a", 1, { payload: "v1" }));
    const held = hold();
    broker.answers.tell.push(held.answer);
    broker.connection.ask(2);
    await clock.settle();
    // It was deleted and put: the broker counts from 1 again.
    await send(delivered("a", 1, { payload: "v2" }));
    held.give(gone("a"));
    await clock.settle();
    await finish("v2");
    assert.deepEqual([started(), broker.acks], [["v1", "v2"], [["a"]]]);
    await worker.stop();
  });

  it("is kept when the broker's word is about one that was given back", async () => {
    const { broker, worker, send, clock } = await setUp({ concurrency: 1 });
    await send(delivered("x"), delivered("a"));
    const held = hold();
    broker.answers.tell.push(held.answer);
    broker.connection.ask(2);
    await clock.settle();
    worker.pause();
    worker.resume();
    await send(delivered("a"));
    held.give(gone("a"));
    await clock.settle();
    assert.deepEqual(broker.statements.at(-1)!.ids, ["x", "a"]);
    await worker.kill();
  });

  it("is that run for a server that does not count deliveries", async () => {
    const { broker, worker, send, reconnect, finish, started } = await setUp();
    await send(wireJob("a"));
    await reconnect();
    await send(wireJob("a", { ready_at: 5 }));
    assert.deepEqual(started(), ["a"]);
    await finish("a");
    assert.deepEqual(broker.acks, [["a"]]);
    await worker.stop();
  });
});

describe("a job that arrives and was done here", () => {
  /** The broker heard of it while it was in flight nowhere. */
  const setUpDone = async () => {
    const parts = await setUp();
    const { broker, send, finish } = parts;
    broker.answers.success.push(notFound("a"));
    await send(delivered("a"));
    await finish("a1");
    assert.equal(parts.worker.health().unreported, 0);
    return parts;
  };

  it("is only reported when it comes on a later stream as it was", async () => {
    const { broker, worker, send, reconnect, started } = await setUpDone();
    await reconnect();
    await send(delivered("a", 2));
    assert.deepEqual([started(), broker.ackedDeliveries], [["a1"], [[1], [2]]]);
    await worker.stop();
  });

  it("is run when it comes on the same stream", async () => {
    const { worker, send, started } = await setUpDone();
    await send(delivered("a", 2));
    assert.deepEqual(started(), ["a1", "a2"]);
    await worker.kill();
  });

  for (const moved of [{ ready_at: 1 }, { attempts: 1 }, { queue: "other" }]) {
    it(`is run when it was moved since: ${Object.keys(moved)}`, async () => {
      const { worker, send, reconnect, started } = await setUpDone();
      await reconnect();
      await send(delivered("a", 2, moved));
      assert.deepEqual(started(), ["a1", "a2"]);
      await worker.kill();
    });
  }
});
