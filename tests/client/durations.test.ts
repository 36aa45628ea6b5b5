/** Durations as text, wherever a person writes one; beside it a member in ms. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createBudgets,
  createClient,
  createCrons,
  createLeases,
  defineJob,
  NetworkError,
  toMs,
} from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { job, withBroker } from "../support/broker.ts";

describe("durations as text", () => {
  it("are read", () => {
    assert.deepEqual([toMs("1.5h"), toMs("250ms"), toMs(7)], [5_400_000, 250, 7]);
    assert.throws(() => toMs("soon" as never), { name: "TypeError", message: /'duration' "soon"/ });
  });

  it("say how long finished jobs are kept, in a request and in a patch", () =>
    withBroker(async ({ client }) => {
      const retention = { completed: "1h", dead: "2d" } as const;
      const { id, retention: kept } = await client.enqueue(job({ retention }));
      assert.deepEqual(kept, { completedMs: 3_600_000, deadMs: 172_800_000 });
      const patched = await client.patch(id, { retention: { completed: "1m", deadMs: null } });
      assert.deepEqual(patched.retention, { completedMs: 60_000 });
      await assert.rejects(
        client.enqueue(job({ retention: { dead: "1h", deadMs: 1 } })),
        { message: "Cannot use both 'retention.dead' and 'retention.deadMs': give one of them" },
      );
    }));

  it("say the period of a budget, and the interval of a cron entry", () =>
    withBroker(async ({ broker, client }) => {
      const options = { fetch: broker.fetch };
      const budgets = createBudgets(options);
      const strategy = { type: "time_based", duration: "1m" } as const;
      const { strategy: set } = await budgets.put("b", { allocation: 1, strategy });
      assert.deepEqual(set, { type: "time_based", durationMs: 60_000 });
      const changed = await budgets.patch("b", { strategy: { duration: "2m" } });
      assert.deepEqual(changed.strategy, { type: "time_based", durationMs: 120_000 });
      await client.enqueue(
        job({ budgets: [{ key: "c", createWith: { allocation: 1, strategy } }] }),
      );
      assert.deepEqual((await budgets.get("c")).strategy, set);
      const { entries } = await createCrons(options).put("g", {
        entries: [{ name: "e", every: "15m", job: job() }],
      });
      assert.equal(entries[0]!.everyMs, 900_000);
    }));

  it("bound the calls of a client, and its retries", async () => {
    const clock = createTestClock();
    let calls = 0;
    const fetch = () => {
      calls++;
      return Promise.reject(new TypeError("refused"));
    };
    const client = createClient({
      fetch,
      clock,
      random: () => 0.999,
      timeout: "1m",
      retry: { limit: 2, baseDelay: "10s", maxDelay: "15s" },
    });
    const failed = client.version().catch((error) => error);
    await clock.advance(9_000);
    assert.equal(calls, 1);
    await clock.advance(2_000);
    assert.equal(calls, 2);
    await clock.advance(15_000);
    assert.ok(await failed instanceof NetworkError);
    assert.equal(calls, 3);
    assert.throws(() => createClient({ fetch, timeout: "1m", timeoutMs: 1 }), {
      name: "TypeError",
      message: "Cannot use both 'timeout' and 'timeoutMs': give one of them",
    });
    assert.throws(() => createClient({ fetch, timeout: "soon" as never }), /'timeout' "soon"/);
  });

  it("say what a worker waits for", () =>
    withBroker(async ({ broker, client, clock }) => {
      const definition = defineJob<unknown>({ type: "t", queue: "q" });
      const endsAt: (number | undefined)[] = [];
      const options = {
        client,
        clock,
        handlers: [handle(definition, (_, { leaseEndsAt }) => void endsAt.push(leaseEndsAt))],
        leases: createLeases({ fetch: broker.fetch }),
      };
      const worker = createWorker({ ...options, lease: "5m", idleTimeout: "1m" });
      await worker.start();
      await client.enqueue(job());
      await clock.settle();
      await worker.stop();
      assert.deepEqual(endsAt, [clock.now() + 300_000]);
      assert.throws(() => createWorker({ ...options, lease: "10ms" }), /'leaseMs' 10: expected/);
      assert.throws(
        () => createWorker({ ...options, idleTimeout: 0 }),
        /'idleTimeoutMs' 0: expected/,
      );
      assert.throws(
        () => createWorker({ ...options, answersWithin: "1m", answersWithinMs: 1000 }),
        { message: "Cannot use both 'answersWithin' and 'answersWithinMs': give one of them" },
      );
    }));
});
