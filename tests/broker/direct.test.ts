/** A client in the broker's process gets, without the protocol, what it would get over it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, type EnqueueRequest, type Job } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createRandom, type Random, randomText, randomValue } from "../support/random.ts";

/** The same broker twice: one is called directly, one over the protocol. */
async function withBoth(
  test: (direct: Client, protocol: Client, brokers: readonly Broker[]) => Promise<void>,
): Promise<void> {
  const clock = createTestClock();
  const open = () => createBroker({ store: openSqlite(":memory:"), clock, random: () => 0.5 });
  const [a, b] = [open(), open()];
  try {
    const direct = createClient({ fetch: a.fetch });
    const protocol = createClient({ fetch: (request) => b.fetch(request) });
    await test(direct, protocol, [a, b]);
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
}

function randomRequest(random: Random): EnqueueRequest {
  const odd = <Value>(usual: Value, ...others: unknown[]) =>
    random.once(8) ? random.pick(others) as Value : usual;
  return {
    type: odd(`t${random.int(3)}`, "", "a,b", 5, undefined),
    queue: odd("q", "*", null),
    payload: odd<unknown>(randomValue(random), undefined, "\ud800", NaN, new Date(0), [[[]]]),
    priority: odd<number | undefined>(random.pick([undefined, 7]), 65_536, -1, 1.5, "1"),
    readyAt: odd<number | undefined>(undefined, 5, 2 ** 60, 4e12),
    retryLimit: odd<number | undefined>(random.pick([undefined, 3]), 2 ** 32, null),
    ...random.once(6) && { uniqueKey: randomText(random) },
    ...random.once(9) && { retention: { deadMs: 5 } },
    ...random.once(20) && { unknown: 1 },
  };
}

const outcome = async (call: Promise<unknown>) => {
  try {
    return { stored: await call };
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message };
  }
};

describe("direct calls", () => {
  it("store what the protocol stores, and refuse what it refuses, in its words", async () => {
    await withBoth(async (direct, protocol) => {
      const random = createRandom(7);
      for (let step = 0; step < 400; step++) {
        const request = randomRequest(random);
        const calls = random.once(3)
          ? (client: Client) => client.enqueueMany([request, { type: "x", queue: "q", payload: 1 }])
          : (client: Client) => client.enqueue(request);
        const [got, expected] = [await outcome(calls(direct)), await outcome(calls(protocol))];
        assert.deepEqual(got, expected, JSON.stringify(request));
      }
      const all = async (client: Client) => (await client.page({ limit: 2000 })).jobs;
      assert.deepEqual(await all(direct), await all(protocol));
    });
  });

  it("refuse payloads that are nested too deeply, as the protocol does", async () => {
    await withBoth(async (direct, protocol) => {
      for (const depth of [100, 124, 125, 126, 127, 200]) {
        const payload = JSON.parse("[".repeat(depth) + "]".repeat(depth));
        const request = { type: "t", queue: "q", payload };
        for (
          const call of [
            (client: Client) => client.enqueue(request),
            (client: Client) => client.enqueueMany([request]),
          ]
        ) {
          assert.deepEqual(await outcome(call(direct)), await outcome(call(protocol)), `${depth}`);
        }
      }
    });
  });

  it("take the same jobs, and report them done", async () => {
    await withBoth(async (direct, protocol) => {
      const requests: EnqueueRequest[] = [
        { type: "a", queue: "q", payload: { n: 1, text: "ü😀" } },
        { type: "b", queue: "q", payload: null, priority: 1, retryLimit: 2 },
        { type: "c", queue: "q", payload: [], uniqueKey: "k", retention: { completedMs: 9000 } },
        { type: "d", queue: "other", payload: 1 },
      ];
      const run = async (client: Client) => {
        for (const request of requests) await client.enqueue(request);
        const stream = await client.take({ queues: ["q", "q"], prefetch: 9, workerId: "w" });
        const jobs: Job[] = [];
        for await (const batch of stream.batches()) {
          jobs.push(...batch);
          if (jobs.length === 3) break;
        }
        const ids = jobs.map(({ id }) => id);
        return { jobs, done: await client.successMany([...ids, ids[0]!, "none"]) };
      };
      const [got, expected] = [await run(direct), await run(protocol)];
      assert.deepEqual(got.jobs, expected.jobs);
      // Leaving the loop gave the jobs back before they were reported.
      assert.deepEqual(got.done, expected.done);
    });
  });

  it("report successes once, and tell what was not in flight", async () => {
    await withBoth(async (direct) => {
      const { id } = await direct.enqueue({ type: "t", queue: "q", payload: 1 });
      const stream = await direct.take({ prefetch: 1 });
      const frames = stream.frames()[Symbol.asyncIterator]();
      while ((await frames.next()).value?.kind !== "jobs") continue;
      assert.deepEqual(await direct.successMany([id, id, "none"]), { notFound: ["none"] });
      assert.deepEqual(await direct.successMany([id]), { notFound: [id] });
      assert.deepEqual(await direct.successMany([]), { notFound: [] });
      await stream.close();
    });
  });

  it("ask before the jobs that wait: the answer says nothing of these", async () => {
    const clock = createTestClock();
    const broker = createBroker({ store: openSqlite(":memory:"), clock });
    const client = createClient({ fetch: broker.fetch });
    await client.enqueue({ type: "t", queue: "q", payload: null });
    const stream = await client.take({ run: { id: "run-00000001", withinMs: 60_000 } });
    await clock.settle();
    assert.equal(await client.count({ status: "in_flight" }), 1);
    for await (const frame of stream.frames()) {
      if (frame.kind === "ask") {
        await stream.tell({ heard: frame.ask.number, taking: true, holds: [] });
      } else if (frame.kind === "jobs") {
        const { id, deliveries } = frame.jobs[0]!;
        assert.equal((await client.get(id)).deliveries, deliveries);
        break;
      }
    }
    await broker.stop();
  });

  it("end with the signal's reason, and give the jobs back", async () => {
    await withBoth(async (direct) => {
      await direct.enqueue({ type: "t", queue: "q", payload: 1 });
      const controller = new AbortController();
      const stream = await direct.take({ signal: controller.signal });
      const frames = stream.frames()[Symbol.asyncIterator]();
      while ((await frames.next()).value?.kind !== "jobs") continue;
      assert.equal(await direct.count({ status: "in_flight" }), 1);
      const next = frames.next();
      controller.abort(new Error("enough"));
      await assert.rejects(next, /enough/);
      await assert.rejects(direct.take({ signal: controller.signal }), /enough/);
      await assert.rejects(direct.successMany(["x"], { signal: controller.signal }), /enough/);
      await direct.enqueue({ type: "t", queue: "q", payload: 1 }); // After the release.
      assert.equal(await direct.count({ status: "ready" }), 2);
    });
  });

  it("start the broker, and are refused once it is stopped; its streams end", async () => {
    await withBoth(async (direct, _protocol, [broker]) => {
      const stream = await direct.take();
      await broker!.stop();
      const kinds: string[] = [];
      for await (const { kind } of stream.frames()) kinds.push(kind);
      assert.deepEqual(kinds, ["heartbeat"]);
      const refused = await outcome(direct.enqueue({ type: "t", queue: "q", payload: 1 }));
      assert.equal(refused.message, "broker is closed");
      assert.equal((await outcome(direct.take())).message, "broker is closed");
    });
  });
});
