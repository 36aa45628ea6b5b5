/**
 * Writes of numbers, what is reported of them, and what they come to.
 *
 * @module
 */

import type { Change } from "../../src/store/changes.ts";
import { report, rows, run, type Transition } from "../../src/store/transition.ts";

/** Stores a number, as the version of a broker nobody has, and reports it. */
export function* put(n: number): Transition<number> {
  yield* run("INSERT INTO brokers (started_at, seen_at) VALUES (?, 0)", [n]);
  yield report({ kind: "crons", nextAt: n });
  return n;
}

/** The numbers that are stored, in their order. */
export function* list(): Transition<number[]> {
  const found = yield* rows<{ n: number }>("SELECT started_at AS n FROM brokers ORDER BY id");
  return found.map(({ n }) => n);
}

/** The numbers that changes report. */
export function numbers(changes: readonly Change[]): number[] {
  return changes.map((change) => change.kind === "crons" ? change.nextAt : NaN);
}

/** What writes gave, or the messages of what they threw. */
export async function outcomes(writes: readonly Promise<unknown>[]): Promise<unknown[]> {
  return (await Promise.allSettled(writes)).map((outcome) =>
    outcome.status === "fulfilled" ? outcome.value : (outcome.reason as Error).message
  );
}
