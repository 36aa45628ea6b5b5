/** Worker and broker are killed at every step of a job that is followed by another one: that is never missing, and never twice. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases, defineJob } from "../../src/client/mod.ts";
import { createWorker, finish, handle } from "../../src/worker/mod.ts";
import { type KillPlan, type KillReport, runKillTrial } from "../support/kill-world.ts";
import { createRandom } from "../support/random.ts";

const ask = defineJob<{ url: string }>({ type: "ask", queue: "asks" });
const use = defineJob<{ of: string; text: string }>({ type: "use", queue: "uses" });

const limit = { timeout: 60_000 };

/** Does a trial with ordinary workers, with leases or on streams. */
function trial(plan: KillPlan, { count = 1, leased = false } = {}): Promise<KillReport> {
  return runKillTrial({
    plan,
    follows: "use",
    requestOf: ({ payload }) => (payload as { of: string }).of,
    async enqueue(client) {
      const asks = Array.from({ length: count }, (_, at) => ({ url: `https://x.example/${at}` }));
      return (await client.enqueueMany(ask, asks)).map(({ id }) => id);
    },
    start({ fetch, send, clock }) {
      const options = { fetch, clock, retry: { limit: 0 } };
      const worker = createWorker({
        client: createClient(options),
        leases: leased ? createLeases(options) : undefined,
        handlers: [handle(ask, async ({ url }, { job, signal }) => {
          const text = await (await send(url, { signal })).text();
          return finish({ enqueue: [use.of({ of: job.id, text })] });
        })],
        leaseMs: leased ? 2000 : undefined,
        clock,
        logger: false,
        random: () => 0.5,
      });
      worker.start().catch(() => {});
      return () => worker.kill();
    },
  });
}

/** Kills at step after step, until a trial is over before its kill. */
async function killAtEach(toPlan: (step: number) => KillPlan): Promise<number> {
  for (let step = 0;; step++) {
    const { kills } = await trial(toPlan(step));
    if (kills === 0) return step;
  }
}

// Under leases: tests/offload/killed.test.ts.
describe("a job that is followed by another one, on a stream", () => {
  it("survives its worker, killed at each step", limit, async () => {
    assert.ok(await killAtEach((step) => ({ worker: [step] })) > 5);
  });

  it("survives its broker, killed before each statement", limit, async () => {
    assert.ok(await killAtEach((step) => ({ statement: [step] })) > 10);
  });

  it("survives its broker, killed behind each answer", limit, async () => {
    assert.ok(await killAtEach((step) => ({ answer: [step] })) > 1);
  });
});

describe("jobs that are followed by others", () => {
  it("survive several deaths of both, in any order", limit, async () => {
    const { int: below } = createRandom(7);
    let kills = 0;
    for (let round = 0; round < 10; round++) {
      const list = (most: number) => Array.from({ length: below(4) }, () => below(most));
      const plan = { worker: list(12), statement: list(30), answer: list(5) };
      kills += (await trial(plan, { count: 3, leased: below(2) === 0 })).kills;
    }
    assert.ok(kills > 10, `${kills} kills`);
  });
});
