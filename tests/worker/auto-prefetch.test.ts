/** A worker that finds its prefetch by itself. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../src/testing/mod.ts";
import { createAutoPrefetch } from "../../src/worker/auto-prefetch.ts";
import { createScriptedBroker, createScriptedWorker, refuse, wireJob } from "./scripted-broker.ts";

/** A controller, and a way to begin jobs that waited for so long, some time after each other. */
function setUpController(least = 2) {
  const clock = createTestClock();
  const auto = createAutoPrefetch(least, clock);
  const begin = async (waitedMs: number, times = 1, apartMs = 0) => {
    let changes = 0;
    for (let time = 0; time < times; time++) {
      await clock.advance(apartMs);
      if (auto.began(waitedMs)) changes++;
    }
    return changes;
  };
  return { auto, begin };
}

describe("the prefetch that a worker finds", () => {
  it("grows at most fourfold at a time while jobs are short and all that may be here is", async () => {
    const { auto, begin } = setUpController();
    const wanted: number[] = [];
    for (let step = 0; step < 7; step++) {
      auto.came(auto.wanted);
      await begin(1, 1, 50);
      wanted.push(auto.wanted);
    }
    assert.deepEqual(wanted, [8, 32, 128, 512, 2000, 2000, 2000]);
  });

  it("stays while fewer jobs come than may", async () => {
    const { auto, begin } = setUpController();
    auto.came(1);
    assert.equal(await begin(0, 10, 50), 0);
    assert.equal(auto.wanted, 2);
  });

  it("changes only once in 50 ms", async () => {
    const { auto, begin } = setUpController();
    await begin(0, 1, 50);
    auto.came(2);
    assert.equal(await begin(0), 1);
    auto.came(8);
    assert.equal(await begin(0, 49, 1), 0);
    assert.equal(await begin(0, 1, 1), 1);
    assert.equal(auto.wanted, 32);
  });

  it("falls to as many as would wait for 50 ms, and not below the first number", async () => {
    const { auto, begin } = setUpController(10);
    for (let step = 0; step < 3; step++) {
      auto.came(auto.wanted);
      await begin(0, 1, 50);
    }
    assert.equal(auto.wanted, 640);
    await begin(200, 4, 0); // Their mean is 118 ms.
    await begin(200, 1, 50);
    assert.equal(auto.wanted, Math.ceil(640 * 50 / (200 * (1 - 0.8 ** 5))));
    await begin(10_000, 10, 50);
    assert.equal(auto.wanted, 10);
  });

  it("is the least after jobs waited too long, until they do not", async () => {
    const { auto, begin } = setUpController();
    auto.came(2);
    await begin(0, 1, 50);
    auto.shrink();
    assert.equal(auto.wanted, 2);
    auto.came(2);
    assert.equal(await begin(0, 1, 50), 0);
    assert.ok(await begin(0, 20, 50) > 0);
  });
});

const delivered = (id: string) => wireJob(id, { deliveries: 1 });
const idsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => `job${first + at}`);

/** A worker for one job at a time that has told a broker that it wants 32. */
async function setUpWorker() {
  const broker = createScriptedBroker();
  const parts = createScriptedWorker(broker, { concurrency: 1, prefetch: "auto" });
  const { clock } = broker;
  await parts.worker.start();
  broker.connection.ask(1);
  await clock.settle();
  let next = 0;
  const send = async (count: number) => {
    const ids = idsFrom(next, count);
    next += count;
    broker.connection.send(...ids.map(delivered));
    await clock.settle();
    return ids;
  };
  for (const count of [2, 8]) {
    await clock.advance(50);
    for (const id of await send(count)) await parts.finish(id);
  }
  return { ...parts, broker, clock, send };
}

describe("a worker with the prefetch 'auto'", () => {
  it("opens its stream with the default, and tells the broker each other number", async () => {
    const { broker, worker } = await setUpWorker();
    assert.equal(broker.connections[0]!.url.searchParams.get("prefetch"), "2");
    assert.deepEqual(broker.statements.map(({ prefetch }) => prefetch), [2, 8, 32]);
    await worker.kill();
  });

  it("opens the next stream with the number that it has found", async () => {
    const { broker, worker, clock } = await setUpWorker();
    broker.connection.breakOff();
    await clock.advance(1000);
    assert.equal(broker.connection.url.searchParams.get("prefetch"), "32");
    await worker.kill();
  });

  it("gives back all but one when jobs wait for half a second, and wants the least", async () => {
    const { broker, worker, clock, send, finish } = await setUpWorker();
    const [running, kept, ...rest] = await send(10);
    await clock.advance(1000);
    assert.deepEqual(broker.releases.map(({ id }) => id), rest);
    assert.equal(broker.statements.at(-1)!.prefetch, 2);
    await finish(running!);
    await finish(kept!);
    assert.deepEqual(broker.acks.flat().slice(-2), [running, kept]);
    assert.equal(worker.health().waiting, 0);
    await worker.kill();
  });

  it("runs what it cannot give back", async () => {
    const { broker, worker, clock, send, finish } = await setUpWorker();
    const ids = await send(3);
    broker.answers.release.push(refuse(400));
    await clock.advance(1000);
    assert.equal(worker.health().waiting, 2);
    for (const id of ids) await finish(id);
    assert.deepEqual(broker.acks.flat().slice(-3), ids);
    await worker.kill();
  });

  it("leaves the number alone where the server does not listen", async () => {
    const broker = createScriptedBroker();
    const { worker, finish } = createScriptedWorker(broker, { concurrency: 1, prefetch: "auto" });
    await worker.start();
    for (const id of ["a", "b", "c", "d"]) {
      await broker.clock.advance(50);
      broker.connection.send(wireJob(id), wireJob(`${id}2`));
      await broker.clock.settle();
      await finish(id);
      await finish(`${id}2`);
    }
    assert.equal(worker.health().waiting, 0);
    assert.deepEqual(broker.statements, []);
    broker.connection.breakOff();
    await broker.clock.advance(1000);
    assert.equal(broker.connection.url.searchParams.get("prefetch"), "2");
    await worker.kill();
  });
});
