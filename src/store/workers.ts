/**
 * The workers that were seen in a while, and what they hold.
 *
 * @module
 */

import { isOneOf } from "./dialect.ts";
import { rows, run, runEach, type Transition } from "./transition.ts";

/** A worker, and when it was seen last, in ms since the epoch. */
export interface SeenWorker {
  readonly id: string;
  readonly seenAt: number;
}

/** Writes that workers were seen. */
export function* markSeen(workers: readonly SeenWorker[]): Transition<void> {
  yield* runEach(
    `INSERT INTO workers (id, seen_at) VALUES (?, ?) ON CONFLICT (id)
     DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at > workers.seen_at`,
    // In one order for all brokers, so that they do not wait for each other crosswise.
    [...workers].sort((a, b) => a.id < b.id ? -1 : 1).map(({ id, seenAt }) => [id, seenAt]),
  );
}

/** Deletes some workers that were not seen since an instant; gives whether there may be more. */
export function* forgetWorkers(before: number): Transition<boolean> {
  const old = yield* rows<{ id: string }>(
    "SELECT id FROM workers WHERE seen_at <= ? ORDER BY seen_at, id LIMIT ?",
    [before, pieceSize],
  );
  const ids = JSON.stringify(old.map(({ id }) => id));
  if (old.length > 0) {
    yield* run(`DELETE FROM workers WHERE ${isOneOf("id", "texts")} AND seen_at <= ?`, [
      ids,
      before,
    ]);
  }
  return old.length === pieceSize;
}

/** Workers that one piece of forgetting deletes. */
const pieceSize = 500;

/**
 * The workers that were seen since an instant, in the order in which they were seen.
 *
 * @param behind The worker that they come behind; undefined at the start.
 */
export function* listWorkers(
  since: number,
  { behind, order, limit }: {
    readonly behind: SeenWorker | undefined;
    readonly order: "asc" | "desc";
    readonly limit: number;
  },
): Transition<SeenWorker[]> {
  const cursor = behind === undefined
    ? ""
    : `AND (seen_at, id) ${order === "asc" ? ">" : "<"} (?, ?)`;
  return yield* rows<SeenWorker>(
    `SELECT id, seen_at AS "seenAt" FROM workers WHERE seen_at > ? ${cursor}
     ORDER BY seen_at ${order}, id ${order} LIMIT ?`,
    [since, ...behind === undefined ? [] : [behind.seenAt, behind.id], limit],
  );
}

/** When a worker was seen last; undefined if it was not since an instant. */
export function* findWorker(id: string, since: number): Transition<number | undefined> {
  const [row] = yield* rows<{ seenAt: number }>(
    `SELECT seen_at AS "seenAt" FROM workers WHERE id = ? AND seen_at > ?`,
    [id, since],
  );
  return row?.seenAt;
}

/** Deletes a worker; gives whether there was one. */
export function* removeWorker(id: string): Transition<boolean> {
  return (yield* run("DELETE FROM workers WHERE id = ?", [id])) === 1;
}

/** Deletes all workers. */
export function* removeWorkers(): Transition<void> {
  yield* run("DELETE FROM workers");
}

/** A stream of a worker. */
export interface WorkerStream {
  /** Its row in `holders`. */
  readonly holder: number;
  readonly worker: string;
}

/** The streams of workers. */
export function* listStreams(workers: readonly string[]): Transition<WorkerStream[]> {
  return yield* rows<WorkerStream>(
    `SELECT id AS holder, worker FROM holders WHERE ${isOneOf("worker", "texts")} ORDER BY id`,
    [JSON.stringify(workers)],
  );
}

/** How many jobs are in flight on a stream. */
export function* countOnStream(holder: number): Transition<number> {
  const [row] = yield* rows<{ jobs: number }>(
    "SELECT count(*) AS jobs FROM jobs WHERE holder = ?",
    [holder],
  );
  return row!.jobs;
}

/** The ids of the jobs that are in flight on a stream, at most so many. */
export function* listOnStream(holder: number, limit: number): Transition<string[]> {
  const found = yield* rows<{ id: string }>(
    "SELECT id FROM jobs WHERE holder = ? ORDER BY seq LIMIT ?",
    [holder, limit],
  );
  return found.map(({ id }) => id);
}

/** How many jobs a worker has under leases, and how many of these have ended by `now`, in ms since the epoch. */
export function* countLeased(
  worker: string,
  now: number,
): Transition<{ readonly jobs: number; readonly stalled: number }> {
  const [row] = yield* rows<{ all: number; stalled: number | null }>(
    `SELECT count(*) AS "all", sum(CASE WHEN expires_at <= ? THEN 1 ELSE 0 END) AS stalled
     FROM leases WHERE worker = ?`,
    [now, worker],
  );
  const stalled = Number(row!.stalled ?? 0);
  return { jobs: row!.all - stalled, stalled };
}

/**
 * The ids of jobs that a worker has under leases, those whose lease lasts longest first.
 *
 * @param ended Whether they are those whose lease has ended by `now`, in ms since the epoch, or the others.
 */
export function* listOfWorker(
  worker: string,
  { ended, now, limit }: {
    readonly ended: boolean;
    readonly now: number;
    readonly limit: number;
  },
): Transition<string[]> {
  const found = yield* rows<{ id: string }>(
    `SELECT jobs.id FROM leases JOIN jobs ON jobs.seq = leases.job
     WHERE leases.worker = ? AND leases.expires_at ${ended ? "<=" : ">"} ?
     ORDER BY leases.expires_at DESC, leases.job DESC LIMIT ?`,
    [worker, now, limit],
  );
  return found.map(({ id }) => id);
}
