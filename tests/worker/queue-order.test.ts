import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLeases, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle, type QueueOrderOption } from "../../src/worker/mod.ts";
import { createRandom } from "../support/random.ts";
import { withBroker } from "../support/broker.ts";

/** Numbers from 0 up to 1 that repeat themselves. */
function seeded(seed: number): () => number {
  const { int } = createRandom(seed);
  return () => int(2 ** 30) / 2 ** 30;
}

const queues = ["C", "B", "A"];
const work = defineJob({ type: "work", queue: "A" });

/** The queues of the jobs in the order in which they ran: of 5 in A, 2 in B and 3 in C. */
async function runAll(order: QueueOrderOption | undefined, random = Math.random): Promise<string> {
  let ran = "";
  await withBroker(async ({ broker, client, clock }) => {
    for (const queue of "AAAAABBCCC") await client.enqueue({ type: "work", queue, payload: null });
    const worker = createWorker({
      client,
      leases: createLeases({ fetch: broker.fetch }),
      clock,
      random,
      queues,
      order,
      concurrency: 1,
      handlers: [handle(work, (_payload, { job }) => void (ran += job.queue))],
    });
    const { succeeded } = await worker.runOnce();
    assert.equal(succeeded, 10);
  });
  return ran;
}

describe("an order of queues", () => {
  it("that is ordered reads a later queue only when the earlier ones have nothing", async () => {
    assert.equal(await runAll("ordered"), "CCCBBAAAAA");
  });

  it("that goes round takes one job of each", async () => {
    assert.equal(await runAll("round-robin"), "CBACBACAAA");
  });

  it("that is left out is the broker's: the oldest job of all", async () => {
    assert.equal(await runAll(undefined), "AAAAABBCCC");
  });

  it("that is shuffled goes round in an order of its own", async () => {
    const rounds = new Set<string>();
    for (let seed = 1; seed < 12; seed++) {
      const ran = await runAll("shuffled", seeded(seed));
      assert.equal([...ran.slice(0, 3)].sort().join(""), "ABC");
      assert.equal(ran.slice(0, 2), ran.slice(3, 5));
      rounds.add(ran.slice(0, 3));
    }
    assert.ok(rounds.size > 2, [...rounds].join());
  });

  it("that has weights gives each queue its part", async () => {
    let first = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const ran = await runAll({ weights: { C: 8 } }, seeded(seed));
      if (ran.startsWith("C")) first++;
    }
    assert.ok(first > 38 && first < 58, `${first} of 60`);
  });

  it("may be one's own", async () => {
    const asked: string[] = [];
    const ran = await runAll((queues) => ({
      atOnce: 2,
      next: () => [...queues].reverse(),
      asked: (queue) => asked.push(queue),
    }));
    assert.equal(ran, "AAAAABBCCC");
    assert.deepEqual([...new Set(asked)], ["A", "B", "C"]);
  });

  it("waits at the broker with one call when all queues are empty", () =>
    withBroker(async ({ broker, client, clock }) => {
      let calls = 0;
      let ran = "";
      const leases = createLeases({
        fetch: (request) => {
          calls++;
          return broker.fetch(request);
        },
      });
      const worker = createWorker({
        client,
        leases,
        clock,
        queues,
        order: "round-robin",
        handlers: [handle(work, (_payload, { job }) => void (ran += job.queue))],
      });
      await worker.start();
      await clock.settle();
      calls = 0;
      await clock.advance(60_000);
      assert.ok(calls <= 12, `${calls} calls a minute`);
      await client.enqueue({ type: "work", queue: "B", payload: null });
      await clock.settle();
      assert.equal(ran, "B");
      await worker.kill();
    }));
});
