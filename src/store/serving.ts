/**
 * Who serves what, as brokers tell each other.
 *
 * Each broker writes its own rows, when it is asked to. Rows of a broker that is gone do not count, and go when another one
 * writes.
 *
 * @module
 */

import { isOneOf } from "./dialect.ts";
import { rows, run, runEach, type Transition } from "./transition.ts";

/** Readers of whom a broker knows the same. */
export interface Readers {
  /** What the worker calls itself; null if it does not say. */
  readonly worker: string | null;
  /** The queues that are read, as a JSON list; null for all. */
  readonly queues: string | null;
  /** What the worker says of itself, as it says it; null if it says nothing. */
  readonly about: string | null;
  /** Open streams of workers that take jobs now. */
  readonly streams: number;
  /** Open streams of workers that take none now. */
  readonly resting: number;
  /** When one without a stream last asked, in ms since the epoch; null if none did. */
  readonly askedAt: number | null;
}

/** Readers, and the number of their row among those of the broker. */
export interface ReadersRow extends Readers {
  readonly entry: number;
}

/** Writes what changed of a broker's rows, and deletes those of brokers that are gone. */
export function* writeServing(
  broker: number,
  { changed, gone }: { readonly changed: readonly ReadersRow[]; readonly gone: readonly number[] },
): Transition<void> {
  yield* runEach(
    `INSERT INTO serving (broker, entry, worker, queues, about, streams, resting, asked_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (broker, entry) DO UPDATE SET worker = excluded.worker, queues = excluded.queues,
     about = excluded.about, streams = excluded.streams, resting = excluded.resting, asked_at = excluded.asked_at`,
    changed.map((
      { entry, worker, queues, about, streams, resting, askedAt },
    ) => [broker, entry, worker, queues, about, streams, resting, askedAt]),
  );
  if (gone.length > 0) {
    yield* run(`DELETE FROM serving WHERE broker = ? AND ${isOneOf("entry", "integers")}`, [
      broker,
      JSON.stringify(gone),
    ]);
  }
  yield* run("DELETE FROM serving WHERE broker NOT IN (SELECT id FROM brokers)");
}

/** The readers of other brokers, those that read the same in one row without a worker. */
export function* listServing(own: number): Transition<Readers[]> {
  const found = yield* rows<Omit<Readers, "worker">>(
    `SELECT queues, about, CAST(sum(streams) AS BIGINT) AS streams, CAST(sum(resting) AS BIGINT) AS resting,
     max(asked_at) AS "askedAt"
     FROM serving WHERE broker <> ? AND broker IN (SELECT id FROM brokers) GROUP BY queues, about`,
    [own],
  );
  return found.map((row) => ({ ...row, worker: null }));
}

/** The readers of other brokers that are some workers. */
export function* listServingOf(workers: readonly string[], own: number): Transition<Readers[]> {
  return yield* rows<Readers>(
    `SELECT worker, queues, about, streams, resting, asked_at AS "askedAt" FROM serving
     WHERE ${isOneOf("worker", "texts")} AND broker <> ? AND broker IN (SELECT id FROM brokers)`,
    [JSON.stringify(workers), own],
  );
}

/** When the broker was started that was started last, in ms since the epoch. */
export function* lastStart(): Transition<number> {
  const [row] = yield* rows<{ at: number | null }>("SELECT max(started_at) AS at FROM brokers");
  return row!.at ?? 0;
}
