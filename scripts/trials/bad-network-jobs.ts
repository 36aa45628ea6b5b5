/**
 * The jobs of the trial of a bad network. Each has a number and a sign of it, so that a payload that was changed on its way is
 * known for one: it fails, and comes again.
 *
 * @module
 */

import { defineJob, type EnqueueRequest, type JobDefinition } from "../../src/client/mod.ts";

/** What a job carries. */
export interface BadNetworkPayload {
  readonly n: number;
  /** What `toSign` makes of the number. */
  readonly sign: string;
}

/** What jobs do: return at once, take a while, fail at first, come again later at first. */
export const kinds = ["quick", "slow", "flaky", "snoozed"] as const;

export type JobKind = typeof kinds[number];

/** Of ten jobs, how many are of each kind. */
const pattern: readonly JobKind[] = [
  ...Array<JobKind>(6).fill("slow"),
  ...Array<JobKind>(2).fill("flaky"),
  "snoozed",
  "quick",
];

/** The definition of a kind; each has a queue of its own. */
export function definitionOf(kind: JobKind): JobDefinition<BadNetworkPayload> {
  return defineJob<BadNetworkPayload>({ type: kind, queue: kind });
}

/** The n-th job. */
export function toBadNetworkJob(n: number): EnqueueRequest {
  const kind = pattern[n % pattern.length]!;
  const payload: BadNetworkPayload = { n, sign: toSign(n) };
  return {
    type: kind,
    queue: kind,
    payload,
    backoff: { exponent: 0, baseMs: 200, jitterMs: 100 },
  };
}

/** How long a slow job takes, in ms: 20 to 200. */
export function workMsOf(n: number): number {
  return 20 + n * 37 % 181;
}

/** Differs for numbers that differ in one digit. */
export function toSign(n: number): string {
  return (n * 2_654_435_761 % 2 ** 32).toString(36);
}
