/**
 * Budgets, and jobs that draw on them, over the HTTP API.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Broker } from "../../src/broker/mod.ts";
import { send } from "./send.ts";

export const atOnce = (allocation: number) => ({
  allocation,
  strategy: { type: "while_in_flight" },
});
export const perSecond = (allocation: number, burst?: number) => ({
  allocation,
  strategy: { type: "time_based", duration_ms: 1000, burst },
});

export interface Draft {
  readonly payload?: unknown;
  readonly queue?: string;
  readonly priority?: number;
  readonly ready_at?: number;
  /** Keys with their costs. */
  readonly budgets?: Readonly<Record<string, number>>;
}

export async function budget(broker: Broker, key: string, policy: object): Promise<void> {
  const { status, body } = await send(broker, "PUT", `/budgets/${key}`, policy);
  assert.equal(status, 200, JSON.stringify(body));
}

export async function enqueue(broker: Broker, ...drafts: Draft[]): Promise<string[]> {
  const jobs = drafts.map(({ budgets = {}, ...draft }) => ({
    type: "t",
    queue: "q",
    payload: null,
    ...draft,
    budgets: Object.entries(budgets).map(([key, cost]) => ({ key, cost })),
  }));
  const { status, body } = await send(broker, "POST", "/jobs/bulk", { jobs });
  assert.equal(status, 201, JSON.stringify(body));
  return body.jobs.map(({ id }: { id: string }) => id);
}

export const times = (count: number, draft: Draft) => Array.from({ length: count }, () => draft);
export const payloads = ({ jobs }: { jobs: readonly { payload?: unknown }[] }) =>
  jobs.map(({ payload }) => payload);
