/**
 * Who holds jobs in flight: brokers, and the streams of workers that they serve.
 *
 * | Row of    | Written when                                | Deleted when                                        |
 * | --------- | ------------------------------------------- | --------------------------------------------------- |
 * | `brokers` | a broker starts                             | it stops, or another broker finds that it is gone   |
 * | `holders` | a stream gets its first job, with that job  | its stream ends, or its broker stops or is gone     |
 *
 * A job in flight names its holder. A row is deleted only in a transaction that gives back the jobs it held.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { lockRows } from "./dialect.ts";
import { demand, rows, run, type Transition } from "./transition.ts";

/** Registers a broker that starts, and gives the id of its row. */
export function* registerBroker(now: number): Transition<number> {
  const [row] = yield* rows<{ id: number }>(
    "INSERT INTO brokers (started_at, seen_at, news) VALUES (?, ?, 1) RETURNING id",
    [now, now],
  );
  return row!.id;
}

/**
 * Writes that a broker was seen.
 *
 * @returns False if another broker has deleted its row, because it seemed to be gone.
 */
export function* markBrokerSeen(id: number, now: number): Transition<boolean> {
  return (yield* run("UPDATE brokers SET seen_at = ? WHERE id = ?", [now, id])) === 1;
}

/**
 * Demands that a broker is registered, until the transaction ends: else others have taken it for gone, and given back what
 * it had.
 *
 * @throws {StoreError} If it is not.
 */
export function* demandRegistered(id: number): Transition<void> {
  yield* demand(
    `SELECT id FROM brokers WHERE id = ? ${lockRows}`,
    [id],
    () => new StoreError("Cannot take jobs: other brokers took this one for gone"),
  );
}

/** Brokers besides one. */
export interface OtherBrokers {
  readonly count: number;
  /** How many of them know no other channel than that on which anybody can talk. */
  readonly older: number;
}

/** How many brokers there are besides `id`. */
export function* countOtherBrokers(id: number): Transition<OtherBrokers> {
  const [row] = yield* rows<{ count: number; older: number }>(
    `SELECT count(*) AS count, count(CASE WHEN news = 0 THEN 1 END) AS older
     FROM brokers WHERE id <> ?`,
    [id],
  );
  return { ...row! };
}

/** When brokers wrote of themselves, from `since` on, in ms since the epoch; in order. */
export function* listSigns(since: number): Transition<number[]> {
  const found = yield* rows<{ at: number }>(
    `SELECT started_at AS at FROM brokers WHERE started_at >= ?
     UNION SELECT seen_at FROM brokers WHERE seen_at >= ? ORDER BY at`,
    [since, since],
  );
  return found.map(({ at }) => at);
}

/** Deletes the row of a broker, and those of its streams. */
export function* deleteBroker(id: number): Transition<void> {
  yield* run("DELETE FROM holders WHERE broker = ?", [id]);
  yield* run("DELETE FROM brokers WHERE id = ?", [id]);
}

/**
 * The brokers besides `id` that were last seen before `seenBefore`, in ms since the epoch. Their rows are locked, so that
 * none of them can be marked as seen before it is deleted.
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
 * @returns The id of its row.
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

/** The streams of a broker that have a row. */
export function* listHolders(broker: number): Transition<number[]> {
  const found = yield* rows<{ id: number }>("SELECT id FROM holders WHERE broker = ?", [broker]);
  return found.map(({ id }) => id);
}

/** Deletes the row of a stream, which holds no job any more. */
export function* deleteHolder(id: number): Transition<void> {
  yield* run("DELETE FROM holders WHERE id = ?", [id]);
}
