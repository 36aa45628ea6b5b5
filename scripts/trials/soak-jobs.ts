/**
 * The jobs of a soak: most succeed at once, some fail first, some wait.
 *
 * @module
 */

import { defineJob, type EnqueueRequest, type JobDefinition } from "../../src/client/mod.ts";

/** What a job does. */
export interface SoakPayload {
  /** How often it fails before it succeeds. */
  readonly failures: number;
  /** How long it takes, in ms. */
  readonly workMs: number;
  /** Makes its size. */
  readonly padding: string;
}

export const soakJob: JobDefinition<SoakPayload> = defineJob<SoakPayload>({
  type: "soak",
  queue: "soak",
});

/** The n-th job: every 20th fails once or twice first, every 10th waits up to 5 s, every 50th is large. */
export function toSoakJob(n: number, now: number): EnqueueRequest {
  const payload: SoakPayload = {
    failures: n % 20 === 0 ? 1 + n % 3 % 2 : 0,
    workMs: n % 160,
    padding: "x".repeat(n % 50 === 0 ? 20_000 : 200),
  };
  return {
    type: "soak",
    queue: "soak",
    payload,
    priority: n % 5,
    backoff: { exponent: 0, baseMs: 200, jitterMs: 300 },
    ...n % 10 === 1 && { readyAt: now + n % 5000 },
  };
}
