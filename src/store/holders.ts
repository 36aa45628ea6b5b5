/**
 * Who holds jobs in flight: brokers, and the streams of workers that they serve.
 *
 * | Row of    | Written when                                | Deleted when                                        |
 * | --------- | ------------------------------------------- | --------------------------------------------------- |
 * | `brokers` | a broker starts                             | it stops, or another one finds that it is gone      |
 * | `holders` | a stream gets its first job, with that job  | its stream ends, or its broker stops or is gone     |
 *
 * A job in flight names its holder. When a row is deleted, what it held was given back in the same transaction.
 *
 * @module
 */

import { lockRows } from "./dialect.ts";
import { rows, run, type Transition } from "./transition.ts";

/** Registers a broker that starts, and gives the number that stands for it. */
export function* registerBroker(now: number): Transition<number> {
  const [row] = yield* rows<{ id: number }>(
    "INSERT INTO brokers (started_at, seen_at) VALUES (?, ?) RETURNING id",
    [now, now],
  );
  return row!.id;
}

/**
 * Notes that a broker is there.
 *
 * @returns False if another broker has taken it for gone meanwhile.
 */
export function* markBrokerSeen(id: number, now: number): Transition<boolean> {
  return (yield* run("UPDATE brokers SET seen_at = ? WHERE id = ?", [now, id])) === 1;
}

/** Forgets a broker, which holds nothing any more. */
export function* deleteBroker(id: number): Transition<void> {
  yield* run("DELETE FROM holders WHERE broker = ?", [id]);
  yield* run("DELETE FROM brokers WHERE id = ?", [id]);
}

/**
 * The brokers besides `id` that nobody has seen since `seenBefore`, in ms since the epoch. They are locked, so that none
 * of them shows itself before it is forgotten.
 */
export function* listGoneBrokers(id: number, seenBefore: number): Transition<number[]> {
  const found = yield* rows<{ id: number }>(
    `SELECT id FROM brokers WHERE id <> ? AND seen_at < ? ORDER BY id ${lockRows}`,
    [id, seenBefore],
  );
  return found.map(({ id }) => id);
}

/**
 * Registers a stream of a broker.
 *
 * @param worker What the worker calls itself, if it says so.
 * @returns The number that stands for the stream.
 */
export function* registerHolder(
  worker: string | undefined,
  { broker, now }: { readonly broker: number; readonly now: number },
): Transition<number> {
  const [row] = yield* rows<{ id: number }>(
    "INSERT INTO holders (broker, worker, since) VALUES (?, ?, ?) RETURNING id",
    [broker, worker ?? null, now],
  );
  return row!.id;
}

/** Forgets a stream, which holds nothing any more. */
export function* deleteHolder(id: number): Transition<void> {
  yield* run("DELETE FROM holders WHERE id = ?", [id]);
}
