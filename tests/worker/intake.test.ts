import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Answer,
  createScriptedBroker,
  createScriptedWorker,
  hold,
  refuse,
  unreachable,
  wireJob,
} from "./scripted-broker.ts";
import { silentLogger } from "../../src/log.ts";
import type { WorkerOptions } from "../../src/worker/mod.ts";

function setUp(options: Partial<WorkerOptions> = {}) {
  const broker = createScriptedBroker();
  const scripted = createScriptedWorker(broker, options);
  const retries: number[] = [];
  scripted.worker.on("disconnected", ({ retryInMs }) => retries.push(retryInMs));
  return { ...scripted, ...broker, broker, retries };
}

describe("a take stream", () => {
  it("asks for the handlers' queues and twice as many jobs as run at a time", async () => {
    const { worker, broker } = setUp({ concurrency: 7, workerId: "w1" });
    await worker.start();
    assert.equal(broker.connection.url.search, "?queue=default&prefetch=14");
    assert.equal(broker.connection.headers.get("worker-id"), "w1");
  });

  it("asks for the queues and the prefetch of the options", async () => {
    const { worker, broker } = setUp({ concurrency: 7, prefetch: 8, queues: ["a b", "c"] });
    await worker.start();
    assert.equal(broker.connection.url.searchParams.get("queue"), "a b,c");
    assert.equal(broker.connection.url.searchParams.get("prefetch"), "8");
  });

  it("asks for every queue when it is told so", async () => {
    const { worker, broker } = setUp({ queues: "all" });
    await worker.start();
    assert.equal(broker.connection.url.search, "?prefetch=20");
  });

  it("gives no more jobs to handlers than may run at a time, in the order they came", async () => {
    const { worker, broker, clock, started, finish } = setUp({ concurrency: 2 });
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"), wireJob("c"), wireJob("d"));
    await clock.settle();
    assert.deepEqual(started, ["a", "b"]);
    assert.deepEqual([worker.health().running, worker.health().waiting], [2, 2]);
    await finish("b");
    assert.deepEqual(started, ["a", "b", "c"]);
  });

  const breaks: Record<string, (broker: ReturnType<typeof createScriptedBroker>) => void> = {
    "is ended by the broker": ({ connection }) => connection.end(),
    "breaks off": ({ connection }) => connection.breakOff(),
    "sends what is no job": ({ connection }) => connection.send({ hello: "world" }),
  };
  for (const [event, cause] of Object.entries(breaks)) {
    it(`is opened again when it ${event}`, async () => {
      const { worker, broker, clock, connections, started, retries } = setUp();
      await worker.start();
      cause(broker);
      await clock.advance(249);
      assert.equal(connections.length, 1);
      assert.equal(worker.health().connected, false);
      await clock.advance(1);
      assert.equal(connections.length, 2);
      assert.deepEqual(retries, [250]);
      broker.connection.send(wireJob("a"));
      await clock.settle();
      assert.deepEqual(started, ["a"]);
    });
  }

  it("is opened again after delays that double up to 30 s when it does not last", async () => {
    const { worker, answers, clock, retries } = setUp();
    const short: Answer = () =>
      new Response("\n", { headers: { "content-type": "application/x-ndjson" } });
    answers.take.push(...Array<Answer>(9).fill(short));
    await worker.start();
    await clock.advance(62_000);
    assert.deepEqual(retries, [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("leaves half of each delay to chance", async () => {
    const { worker, broker, clock, retries } = setUp({ random: () => 0 });
    await worker.start();
    broker.connection.end();
    await clock.settle();
    assert.deepEqual(retries, [125]);
  });

  for (const good of ["brought a job", "lasted a while"]) {
    it(`is opened again soon when it ${good}`, async () => {
      const { worker, broker, clock, retries } = setUp();
      await worker.start();
      for (let i = 0; i < 3; i++) {
        broker.connection.end();
        await clock.advance(5000);
      }
      if (good === "brought a job") broker.connection.send(wireJob("a"));
      else await clock.advance(7500);
      await clock.settle();
      broker.connection.end();
      await clock.settle();
      assert.deepEqual(retries, [250, 500, 1000, 250]);
    });
  }

  it("is dropped when nothing arrives, even if the connection stays up", async () => {
    const { worker, connections, broker, clock, started } = setUp();
    const errors: unknown[] = [];
    worker.on("disconnected", ({ error }) => errors.push(String(error)));
    await worker.start();
    await clock.advance(29_999);
    assert.equal(worker.health().healthy, true);
    await clock.advance(1);
    assert.equal(connections[0]!.closed, true);
    assert.deepEqual(errors, ["TimeoutError: Heard nothing for 30000 ms"]);
    await clock.advance(250);
    assert.equal(connections.length, 2);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    assert.deepEqual(started, ["a"]);
  });

  it("is kept while heartbeats arrive", async () => {
    const { worker, connections, broker, clock } = setUp();
    await worker.start();
    for (let i = 0; i < 100; i++) {
      await clock.advance(3000);
      broker.connection.beat();
    }
    assert.equal(connections.length, 1);
    assert.equal(worker.health().healthy, true);
  });

  it("is kept while a job arrives in small pieces", async () => {
    const { worker, connections, broker, clock, started } = setUp();
    await worker.start();
    const text = `${JSON.stringify(wireJob("a"))}\n`;
    for (const char of text.slice(0, 40)) {
      await clock.advance(3000);
      broker.connection.write(char);
    }
    broker.connection.write(text.slice(40));
    await clock.settle();
    assert.deepEqual([connections.length, started], [1, ["a"]]);
  });

  it("passes over control frames, takes them for signs of life, and logs their kind", async () => {
    const lines: unknown[] = [];
    const logger = {
      ...silentLogger,
      info: (message: string, fields: unknown) => lines.push([message, fields]),
    };
    const { worker, connections, broker, clock, started } = setUp({ logger });
    await worker.start();
    for (let i = 0; i < 12; i++) {
      await clock.advance(3000);
      broker.connection.control("news");
    }
    broker.connection.send(wireJob("a"));
    await clock.settle();
    assert.deepEqual([connections.length, started], [1, ["a"]]);
    assert.equal(worker.health().healthy, true);
    assert.deepEqual(lines.at(-1), [
      "Passed over a control frame of an unknown kind",
      { kind: "news" },
    ]);
  });

  it("is dropped after the idleTimeoutMs of the options", async () => {
    const { worker, connections, clock } = setUp({ idleTimeoutMs: 400 });
    await worker.start();
    await clock.advance(400);
    assert.equal(connections[0]!.closed, true);
  });

  it("is judged silent by timers, not by a wall clock that is set", async () => {
    const { worker, connections, broker, clock } = setUp();
    await worker.start();
    clock.setNow(clock.now() + 3_600_000);
    await clock.advance(20_000);
    assert.equal(connections[0]!.closed, false);
    broker.connection.beat();
    await clock.settle();
    clock.setNow(clock.now() - 7_200_000);
    await clock.advance(37_500);
    assert.equal(connections[0]!.closed, true);
  });

  it("drops the jobs that wait here when it breaks: the broker sends them again", async () => {
    const { worker, broker, clock, started, finish, acks } = setUp({ concurrency: 1 });
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"), wireJob("c"));
    await clock.settle();
    broker.connection.breakOff();
    await clock.settle();
    assert.equal(worker.health().waiting, 0);
    await finish("a");
    assert.deepEqual(started, ["a"]);
    assert.deepEqual(acks, [["a"]]);
    await clock.advance(250);
    broker.connection.send(wireJob("c"));
    await clock.settle();
    assert.deepEqual(started, ["a", "c"]);
  });
});

describe("a broker that is not there", () => {
  it("is waited for", async () => {
    const { worker, answers, clock, connections } = setUp();
    answers.take.push(unreachable, refuse(502), unreachable);
    let started = false;
    void worker.start().then(() => started = true);
    await clock.advance(1749);
    assert.deepEqual([started, connections.length], [false, 0]);
    await clock.advance(1);
    assert.deepEqual([started, connections.length], [true, 1]);
  });

  it("is asked again no sooner than it, or a proxy before it, asks for", async () => {
    const { worker, answers, clock, connections } = setUp();
    const headers = { "retry-after": "7" };
    answers.take.push(() => new Response("too many", { status: 429, headers }));
    let started = false;
    void worker.start().then(() => started = true);
    await clock.advance(6999);
    assert.deepEqual([started, connections.length], [false, 0]);
    await clock.advance(1);
    assert.deepEqual([started, connections.length], [true, 1]);
  });

  it("makes the worker unhealthy after the idle timeout, until it is back", async () => {
    const { worker, broker, answers, clock } = setUp();
    await worker.start();
    answers.take.push(...Array<Answer>(6).fill(unreachable));
    broker.connection.breakOff();
    await clock.advance(15_000);
    assert.deepEqual([worker.health().healthy, worker.health().connected], [true, false]);
    // 250 + 500 + … + 16,000 ms until the connection that succeeds.
    await clock.advance(16_749);
    assert.equal(worker.health().healthy, false);
    assert.equal(worker.health().problem, "Heard nothing for 30000 ms");
    await clock.advance(1);
    assert.deepEqual([worker.health().healthy, worker.health().connected], [true, true]);
  });

  it("makes a worker unhealthy that was never connected", async () => {
    const { worker, answers, clock } = setUp();
    answers.take.push(...Array<Answer>(3).fill(unreachable));
    void worker.start();
    assert.equal(worker.health().problem, "Was never connected");
    await clock.advance(1749);
    const { healthy, problem } = worker.health();
    assert.deepEqual([healthy, problem], [
      false,
      "Was never connected: Broker refuses connections",
    ]);
    await clock.advance(1);
    assert.equal(worker.health().healthy, true);
  });

  it("is asked again when it does not answer", async () => {
    const { worker, answers, clock, connections } = setUp();
    answers.take.push(hold().answer);
    void worker.start();
    await clock.advance(30_249);
    assert.equal(connections.length, 0);
    await clock.advance(1);
    assert.equal(connections.length, 1);
  });
});

describe("a broker that sends what is no job", () => {
  it("makes the worker unhealthy until there is a stream again", async () => {
    const { worker, broker, clock } = setUp();
    await worker.start();
    broker.connection.send({ hello: "world" });
    await clock.settle();
    assert.match(worker.health().problem!, /^Cannot take jobs: ProtocolError: /);
    await clock.advance(250);
    assert.equal(worker.health().healthy, true);
  });
});

describe("a broker that refuses the worker", () => {
  for (const status of [400, 401, 403, 404, 406]) {
    it(`fails the start with ${status} when it does so first`, async () => {
      const { worker, answers, clock } = setUp();
      answers.take.push(refuse(status));
      await assert.rejects(worker.run(), { status, message: `status ${status}` });
      assert.equal(worker.health().state, "stopped");
      assert.equal(clock.timers, 0);
      await worker.stop();
    });
  }

  it("fails the start when it is no broker at all", async () => {
    const { worker, answers } = setUp();
    answers.take.push(() => new Response("<html>", { headers: { "content-type": "text/html" } }));
    await assert.rejects(worker.start(), { name: "ProtocolError" });
  });

  it("fails the start when it was unreachable before", async () => {
    const { worker, answers, clock } = setUp();
    answers.take.push(unreachable, refuse(401));
    const refused = assert.rejects(worker.start(), { status: 401 });
    await clock.advance(250);
    await refused;
  });

  it("is asked every 30 s when it accepted the worker before, and the worker is unhealthy", async () => {
    const errors: string[] = [];
    const logger = { ...console, error: (text: string) => errors.push(text), warn() {}, info() {} };
    const { worker, broker, answers, clock, retries, connections } = setUp({ logger });
    await worker.start();
    answers.take.push(refuse(403), refuse(403));
    broker.connection.end();
    await clock.advance(250);
    const problem = "Cannot take jobs: RefusedError: status 403";
    assert.equal(worker.health().problem, problem);
    assert.equal(worker.health().healthy, false);
    await clock.advance(30_000);
    assert.deepEqual(errors, [
      "Broker refuses this worker with 403 (status 403), again in 30 s",
      "Broker refuses this worker with 403 (status 403), for 30 s now, again in 30 s",
    ]);
    await clock.advance(30_000);
    assert.deepEqual(retries, [250, 30_000, 30_000]);
    assert.equal(connections.length, 2);
    assert.equal(worker.health().healthy, true);
  });

  it("is asked again soon when a page of a proxy came in its place", async () => {
    const { worker, broker, answers, clock, retries } = setUp();
    await worker.start();
    const page = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    answers.take.push(page, page);
    broker.connection.end();
    await clock.advance(250);
    assert.match(worker.health().problem!, /^Cannot take jobs: ProtocolError: /);
    await clock.advance(2000);
    assert.deepEqual(retries, [250, 500, 1000]);
    assert.equal(worker.health().healthy, true);
  });

  it("is asked again when a report comes through, but not when its streams break off", async () => {
    const { worker, broker, answers, clock, connections, finish } = setUp();
    await worker.start();
    broker.connection.send(wireJob("a"), wireJob("b"));
    await clock.settle();
    answers.take.push(refuse(404));
    broker.connection.breakOff();
    await clock.advance(250);
    assert.equal(worker.health().problem, "Cannot take jobs: NotFoundError: status 404");
    await finish("a");
    assert.equal(connections.length, 2);
    assert.equal(worker.health().healthy, true);
    broker.connection.breakOff();
    await clock.settle();
    await finish("b");
    assert.equal(connections.length, 2);
    await clock.advance(30_000);
    assert.equal(connections.length, 3);
  });
});

describe("health", () => {
  it("gives the times of the last bytes and of the last job", async () => {
    const { worker, broker, clock } = setUp();
    assert.deepEqual(
      [worker.health().lastHeardAt, worker.health().lastJobAt],
      [undefined, undefined],
    );
    await worker.start();
    const startedAt = clock.now();
    await clock.advance(10);
    broker.connection.send(wireJob("a"));
    await clock.advance(10);
    broker.connection.beat();
    await clock.settle();
    const { lastHeardAt, lastJobAt } = worker.health();
    assert.deepEqual([lastHeardAt, lastJobAt], [startedAt + 20, startedAt + 10]);
  });
});
