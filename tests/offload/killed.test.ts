/** Worker and broker are killed at every step of a request: it is sent again, or its callback is there; never neither, never two. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases } from "../../src/client/mod.ts";
import { createHttp, createHttpWorker, defineHttpCallback } from "../../src/offload/mod.ts";
import { type KillPlan, type KillReport, runKillTrial } from "../support/kill-world.ts";
import { createRandom } from "../support/random.ts";

const noted = defineHttpCallback("noted", { onComplete() {}, onError() {} });

const limit = { timeout: 60_000 };

/** Does a trial with workers of requests; nobody handles the callbacks, so that they can be counted. */
function trial(plan: KillPlan, { count = 1, leased = true } = {}): Promise<KillReport> {
  return runKillTrial({
    plan,
    follows: "http:callback",
    requestOf({ payload }) {
      const { id, kind } = payload as { readonly id: string; readonly kind: string };
      assert.equal(kind, "complete");
      return id;
    },
    async enqueue(client) {
      const http = createHttp(client, { callback: noted });
      const ids: string[] = [];
      for (let at = 0; at < count; at++) ids.push(await http.post(`https://x.example/${at}`));
      return ids;
    },
    start({ fetch, send, clock }) {
      const options = { fetch, clock, retry: { limit: 0 } };
      const worker = createHttpWorker({
        client: createClient(options),
        ...leased && { leases: createLeases(options), leaseMs: 2000, maxRecoveries: 20 },
        fetch: send,
        clock,
        logger: false,
        random: () => 0.5,
      });
      worker.start().catch(() => {});
      return () => worker.stop({ timeoutMs: 0 });
    },
  });
}

/** Kills at step after step, until a trial is over before its kill. */
async function killAtEach(toPlan: (step: number) => KillPlan): Promise<number> {
  for (let step = 0;; step++) {
    const { kills, sent } = await trial(toPlan(step));
    if (kills === 0) return step;
    assert.ok(sent[0]! <= 2, `sent ${sent[0]} times`);
  }
}

describe("a request", () => {
  it("survives its worker, killed at each step", limit, async () => {
    assert.ok(await killAtEach((step) => ({ worker: [step] })) > 8);
  });

  it("survives its broker, killed before each statement", limit, async () => {
    assert.ok(await killAtEach((step) => ({ statement: [step] })) > 10);
  });

  it("survives its broker, killed behind each answer", limit, async () => {
    assert.ok(await killAtEach((step) => ({ answer: [step] })) > 1);
  });
});

describe("requests", () => {
  it("survive several deaths of both, in any order, leased and on streams", limit, async () => {
    const { int: below } = createRandom(14);
    let kills = 0;
    for (let round = 0; round < 10; round++) {
      const list = (most: number) => Array.from({ length: below(4) }, () => below(most));
      const plan = { worker: list(14), statement: list(30), answer: list(5) };
      kills += (await trial(plan, { count: 3, leased: below(2) === 0 })).kills;
    }
    assert.ok(kills > 10, `${kills} kills`);
  });
});
