/** What a worker says of itself, and what it does with jobs that are not its any more. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorker, handle, snooze, type WorkerOptions } from "../../src/worker/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import {
  createScriptedBroker,
  createScriptedWorker,
  gone,
  hold,
  notFound,
  refuse,
  type ScriptedBroker,
  unreachable,
  wireJob,
  work,
} from "./scripted-broker.ts";

const delivered = (id: string, deliveries = 1, more: object = {}) =>
  wireJob(id, { deliveries, ...more });

/** A worker that is connected to a broker which has asked once. */
async function setUp(options: Partial<WorkerOptions> = {}) {
  const broker = createScriptedBroker();
  const parts = createScriptedWorker(broker, { concurrency: 2, prefetch: 4, ...options });
  await parts.worker.start();
  broker.connection.ask(1);
  await broker.clock.settle();
  return { broker, ...parts, clock: broker.clock };
}

/** A worker that runs a job, and whose statement about it waits for its answer. */
async function setUpTelling() {
  const parts = await setUp();
  const { broker, clock } = parts;
  broker.connection.send(delivered("a"));
  await clock.settle();
  const held = hold();
  broker.answers.tell.push(held.answer);
  broker.connection.ask(2);
  await clock.settle();
  return { ...parts, held };
}

/** What the last statement says. */
const said = ({ statements }: ScriptedBroker) => {
  const { heard, taking, ids, deliveries } = statements.at(-1)!;
  return { heard, taking, held: ids.map((id, at) => `${id}:${deliveries[at]}`) };
};

describe("a worker that is asked", () => {
  it("names the same run on each stream, and another one than other workers", async () => {
    const { broker, worker, clock } = await setUp({ answersWithinMs: 5000 });
    broker.connection.breakOff();
    await clock.advance(1000);
    const [first, second] = broker.connections;
    const run = first!.headers.get("worker-run")!;
    assert.match(run, /^[\w-]{8,64}$/);
    assert.equal(second!.headers.get("worker-run"), run);
    assert.equal(first!.headers.get("worker-answers-within"), "5000");
    assert.equal(broker.statements[0]!.run, run);
    const other = await setUp();
    assert.notEqual(other.broker.connection.headers.get("worker-run"), run);
    await Promise.all([worker.kill(), other.worker.kill()]);
  });

  it("says what it has: what waits, runs, and is not confirmed", async () => {
    const { broker, worker, finish, clock } = await setUp();
    assert.deepEqual(said(broker), { heard: 1, taking: true, held: [] });
    broker.connection.send(delivered("a", 3), delivered("b"), delivered("c"));
    await clock.settle();
    const held = hold();
    broker.answers.success.push(held.answer);
    await finish("a");
    broker.connection.ask(2);
    await clock.settle();
    assert.deepEqual(said(broker), { heard: 2, taking: true, held: ["a:3", "b:1", "c:1"] });
    held.give(() => new Response(null, { status: 204 }));
    await clock.settle();
    broker.connection.ask(3);
    await clock.settle();
    assert.deepEqual(said(broker), { heard: 3, taking: true, held: ["b:1", "c:1"] });
    await worker.kill();
  });

  it("shows by its health within which time it has to answer", async () => {
    const { broker, worker, clock } = await setUp();
    assert.equal(worker.health().answersWithinMs, 60_000);
    broker.connection.end();
    await clock.settle();
    assert.equal(worker.health().answersWithinMs, undefined);
    await clock.advance(1000);
    assert.deepEqual([worker.health().connected, worker.health().answersWithinMs], [
      true,
      undefined,
    ]);
    await worker.kill();
  });

  it("answers one question after the other, and the last one in any case", async () => {
    const { broker, worker, clock } = await setUp();
    const held = hold();
    broker.answers.tell.push(held.answer);
    for (const number of [2, 3, 4]) {
      broker.connection.ask(number);
      await clock.settle();
    }
    assert.deepEqual(broker.statements.map(({ heard }) => heard), [1, 2]);
    held.give(gone());
    await clock.settle();
    assert.deepEqual(broker.statements.map(({ heard }) => heard), [1, 2, 4]);
    await worker.kill();
  });

  for (const trouble of [unreachable, refuse(503), refuse(404), refuse(400)]) {
    it("goes on when an answer does not get through", async () => {
      const { logger, errors } = createRecordingLogger();
      const { broker, worker, started, clock } = await setUp({ logger });
      broker.answers.tell.push(trouble);
      broker.connection.ask(2);
      broker.connection.send(delivered("a"));
      await clock.settle();
      assert.deepEqual(started, ["a"]);
      assert.ok(errors.includes("Cannot tell the broker what this worker has"));
      broker.connection.ask(3);
      await clock.settle();
      assert.equal(said(broker).heard, 3);
      await worker.kill();
    });
  }

  it("drops what waits and ends what runs when that is not its any more", async () => {
    const { broker, worker, started, finish, clock } = await setUp();
    const released: string[] = [];
    worker.on("released", ({ job }) => released.push(job.id));
    broker.connection.send(delivered("a"), delivered("b"), delivered("c"), delivered("d"));
    await clock.settle();
    broker.answers.tell.push(gone("a", "c", "unknown"));
    broker.connection.ask(2);
    await clock.settle();
    assert.deepEqual(released, ["a"]);
    assert.equal(worker.health().unreported, 0);
    // `a` still runs, as its handler does not listen. What it comes to is not reported.
    await finish("a");
    await finish("b");
    await clock.settle();
    assert.deepEqual(started, ["a", "b", "d"]);
    assert.deepEqual(broker.acks, [["b"]]);
    await finish("d");
    assert.deepEqual(
      [worker.health().running, worker.health().waiting, worker.health().unreported],
      [0, 0, 0],
    );
    await worker.stop();
  });

  it("keeps what was delivered again since it said what it has", async () => {
    const { broker, worker, started, finish, clock, held } = await setUpTelling();
    broker.connection.send(delivered("a", 2));
    await clock.settle();
    held.give(gone("a"));
    await finish("a");
    assert.deepEqual([started, broker.acks, broker.ackedDeliveries], [["a", "a"], [["a"]], [[2]]]);
    await worker.stop();
  });
});

describe("a worker that cannot answer", () => {
  it("is not healthy until it can", async () => {
    const { broker, worker, clock } = await setUp();
    assert.equal(worker.health().healthy, true);
    broker.answers.tell.push(refuse(404));
    broker.connection.ask(2);
    await clock.settle();
    const { healthy, problem } = worker.health();
    assert.deepEqual(
      [healthy, problem],
      [false, "Cannot answer the broker: NotFoundError: status 404"],
    );
    broker.connection.ask(3);
    await clock.settle();
    assert.equal(worker.health().healthy, true);
    await worker.kill();
  });

  it("may ask not to be asked", async () => {
    const broker = createScriptedBroker();
    const { worker } = createScriptedWorker(broker, { answersWithinMs: Infinity });
    await worker.start();
    assert.equal(broker.connection.headers.get("worker-run"), null);
    await worker.stop();
  });
});

describe("a worker that stops", () => {
  it("says so at once, and has only what it runs", async () => {
    const { broker, worker, started, finish, clock } = await setUp();
    broker.connection.send(delivered("a"), delivered("b"), delivered("c"), delivered("d"));
    await clock.settle();
    const stopped = worker.stop();
    await clock.settle();
    assert.deepEqual(said(broker), { heard: 1, taking: false, held: ["a:1", "b:1"] });
    // What was under way to it is not run here: the broker has given it to others.
    broker.connection.send(delivered("e"));
    broker.connection.ask(2);
    await clock.settle();
    assert.deepEqual(said(broker), { heard: 2, taking: false, held: ["a:1", "b:1"] });
    await finish("a");
    await finish("b");
    await stopped;
    assert.deepEqual(started, ["a", "b"]);
    assert.equal(broker.connection.closed, true);
  });

  it("says so until the broker has heard it", async () => {
    const { broker, worker, finish, clock } = await setUp();
    broker.connection.send(delivered("a"));
    await clock.settle();
    broker.answers.tell.push(unreachable, refuse(503), unreachable);
    const stopped = worker.stop();
    await clock.advance(2000);
    assert.equal(broker.statements.filter(({ taking }) => !taking).length, 4);
    await finish("a");
    await stopped;
  });

  it("is not overtaken by what it said before", async () => {
    const { broker, worker, finish, clock, held } = await setUpTelling();
    const stopped = worker.stop();
    await clock.settle();
    assert.equal(said(broker).taking, true);
    held.give(gone());
    await clock.settle();
    assert.equal(said(broker).taking, false);
    await finish("a");
    await stopped;
  });

  it("does not wait for a broker that cannot be told", async () => {
    const { broker, worker } = await setUp();
    broker.answers.tell.push(...Array.from({ length: 9 }, () => unreachable));
    await worker.stop();
    assert.equal(broker.connection.closed, true);
  });

  it("tells a server that does not listen nothing", async () => {
    const broker = createScriptedBroker();
    const { worker, finish } = createScriptedWorker(broker);
    await worker.start();
    broker.connection.send(wireJob("a"));
    await broker.clock.settle();
    const stopped = worker.stop();
    await broker.clock.settle();
    await finish("a");
    await stopped;
    assert.deepEqual(broker.statements, []);
  });
});

describe("reports to a broker that counts deliveries", () => {
  it("name the delivery", async () => {
    const { broker, worker, finish, clock } = await setUp();
    broker.connection.send(delivered("a", 3), delivered("b", 5));
    await clock.settle();
    await finish("a");
    await finish("b", new Error("no"));
    assert.deepEqual([broker.acks, broker.ackedDeliveries], [[["a"]], [[3]]]);
    assert.equal(broker.failures[0]!.delivery, 5);
    await worker.stop();
  });

  it("name the last delivery of a job that came again while it ran", async () => {
    const { broker, worker, started, finish, clock } = await setUp();
    broker.connection.send(delivered("a"));
    await clock.settle();
    broker.connection.breakOff();
    await clock.advance(1000);
    broker.connection.send(delivered("a", 2));
    await clock.settle();
    await finish("a");
    assert.deepEqual([started, broker.ackedDeliveries], [["a"], [[2]]]);
    await worker.stop();
  });

  it("are sent once more when the job came again while they were under way", async () => {
    const { broker, worker, started, finish, clock } = await setUp();
    broker.connection.send(delivered("a"));
    await clock.settle();
    const held = hold();
    broker.answers.success.push(held.answer);
    await finish("a");
    broker.connection.breakOff();
    await clock.advance(1000);
    broker.connection.send(delivered("a", 2));
    await clock.settle();
    held.give(notFound("a"));
    await clock.settle();
    assert.deepEqual([started, broker.ackedDeliveries], [["a"], [[1], [2]]]);
    assert.equal(worker.health().unreported, 0);
    await worker.stop();
  });

  it("put a job off once more when it came again before the broker heard that it was put off", async () => {
    const broker = createScriptedBroker();
    const { clock, client } = broker;
    let runs = 0;
    const worker = createWorker({
      client,
      clock,
      random: () => 1,
      handlers: [handle(work, () => (runs++, snooze(20_000)))],
    });
    await worker.start();
    broker.connection.ask(1);
    const held = hold();
    broker.answers.release.push(held.answer);
    broker.connection.send(delivered("a"));
    await clock.settle();
    broker.connection.breakOff();
    await clock.advance(1000);
    broker.connection.send(delivered("a", 2));
    await clock.settle();
    held.give(refuse(409));
    await clock.settle();
    assert.deepEqual(broker.releases, [
      { id: "a", delay_ms: 20_000, delivery: 1 },
      { id: "a", delay_ms: 20_000, delivery: 2 },
    ]);
    assert.equal(runs, 1);
    await clock.advance(20_000);
    broker.connection.send(delivered("a", 3));
    await clock.settle();
    assert.equal(runs, 2);
    await worker.kill();
  });

  it("are over when the broker says that the delivery is", async () => {
    const { broker, worker, finish, clock } = await setUp();
    broker.answers.failure.push(refuse(409));
    broker.connection.send(delivered("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    assert.equal(broker.failures.length, 1);
    const { unreported, healthy } = worker.health();
    assert.deepEqual([unreported, healthy], [0, true]);
    await worker.stop();
  });

  it("that it refuses are told once, and the jobs are given back for a while", async () => {
    const { logger, errors } = createRecordingLogger();
    const { broker, worker, finish, clock } = await setUp({ logger });
    broker.answers.success.push(refuse(400));
    broker.answers.failure.push(refuse(413));
    broker.answers.release.push(unreachable);
    broker.connection.send(delivered("a", 2), delivered("b"));
    await clock.settle();
    await finish("a");
    await finish("b", new Error("no"));
    await clock.advance(5000);
    const wanted = (id: string, delivery: number) => ({
      id,
      deliveries: [delivery],
      delay_ms: 60_000,
    });
    // The first release did not get through, and is repeated.
    assert.deepEqual(
      new Set(broker.releases.map((release) => JSON.stringify(release))),
      new Set([wanted("a", 2), wanted("b", 1)].map((release) => JSON.stringify(release))),
    );
    assert.equal(errors.filter((error) => error.startsWith("Broker refused a report")).length, 2);
    assert.equal(worker.health().unreported, 0);
    assert.equal(broker.connections.length, 1);
    await worker.stop();
  });

  it("that it refuses are not all that is known of a job which came again meanwhile", async () => {
    const { broker, worker, finish, clock } = await setUp();
    const held = hold();
    broker.answers.failure.push(held.answer);
    broker.connection.send(delivered("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    broker.connection.breakOff();
    await clock.advance(1000);
    broker.connection.send(delivered("a", 2));
    await clock.settle();
    broker.answers.release.push(notFound("a"));
    held.give(refuse(413));
    await clock.settle();
    // Nothing here will ever report it: another stream gives it back.
    assert.equal(worker.health().unreported, 0);
    await clock.advance(1000);
    assert.equal(broker.connections.length, 3);
    broker.connection.ask(1);
    await clock.settle();
    assert.deepEqual(said(broker), { heard: 1, taking: true, held: [] });
    await worker.stop();
  });
});
