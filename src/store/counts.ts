/**
 * How many jobs of each queue and type have each status: counted as jobs change, so that nobody has to count rows.
 *
 * @module
 */

import { status as codes, statuses, statusNames } from "../protocol/status.ts";
import type { Change, ChangedJob, JobsChange } from "./changes.ts";
import { rows, run, type Transition, write } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** A column for each status, named as on the wire. */
const columns = statusNames;

const put = `INSERT INTO job_counts (queue, type, ${columns.join(", ")})
  VALUES (?, ?, ${columns.map(() => "?").join(", ")})
  ON CONFLICT (queue, type) DO UPDATE SET
  ${columns.map((name) => `${name} = job_counts.${name} + excluded.${name}`).join(", ")}`;

/** How much the counts of one queue and type change, by the codes of the statuses. */
interface Tally {
  readonly queue: string;
  readonly type: string;
  readonly deltas: number[];
}

/** Adds up changes by queue and type. Jobs that follow each other are mostly of the same. */
class Tallies {
  /** By queue and type, neither of which has a NUL. */
  readonly #tallies = new Map<string, Tally>();
  #last: Tally | undefined;

  add(queue: string, type: string, status: number, delta: number): void {
    let tally = this.#last;
    if (tally === undefined || tally.queue !== queue || tally.type !== type) {
      tally = this.#last = this.#find(queue, type);
    }
    tally.deltas[status]! += delta;
  }

  #find(queue: string, type: string): Tally {
    const key = `${queue}\0${type}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      this.#tallies.set(key, tally = { queue, type, deltas: columns.map(() => 0) });
    }
    return tally;
  }

  /** In one order for all brokers, so that they do not wait for each other crosswise. */
  inOrder(): Tally[] {
    const all = [...this.#tallies.values()];
    if (all.length < 2) return all;
    return all.sort((a, b) => compare(a.queue, b.queue) || compare(a.type, b.type));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Gives the traits of the jobs, all together. */
function addChange(
  tallies: Tallies,
  { from, to, fromQueue, fromType, jobs }: JobsChange,
): number {
  let all = 0;
  for (const { queue, type, traits } of jobs as readonly ChangedJob[]) {
    all |= traits;
    if (from !== undefined) tallies.add(fromQueue ?? queue, fromType ?? type, from, -1);
    if (to !== undefined) tallies.add(queue, type, to, 1);
  }
  return all;
}

/**
 * Writes what changes of jobs do to the counts.
 *
 * @returns The traits of all these jobs together: what none of them has, nobody need look for again.
 */
export function* writeCounts(changes: readonly Change[]): Transition<number> {
  const tallies = new Tallies();
  let all = 0;
  for (const change of changes) if (change.kind === "jobs") all |= addChange(tallies, change);
  for (const { queue, type, deltas } of tallies.inOrder()) {
    if (deltas.some((delta) => delta !== 0)) yield* write(put, [queue, type, ...deltas]);
  }
  return all;
}

/** Deletes the rows that count nothing. */
export function* forgetEmptyCounts(): Transition<void> {
  yield* run(`DELETE FROM job_counts WHERE ${columns.join(" + ")} = 0`);
}

/** Rows that one piece reads at most. */
const pieceSize = 5000;

/** Queues that one piece of them has at most. */
export const queuesAtOnce: number = pieceSize;

/** Where a piece ended: the queue and the type of its last row. */
export type CountsCursor = readonly [queue: string, type: string];

/** A piece of a count; `next` is where the next one begins, undefined at the end. */
export interface CountPiece<Cursor> {
  readonly count: number;
  readonly next: Cursor | undefined;
}

/** Whether a selection can be counted without a look at the jobs. */
export function isCounted(selection: JobSelection): boolean {
  return Object.entries(selection).every(([name, value]) =>
    value === undefined || name === "status" || name === "queue" || name === "type"
  );
}

/** Adds up the counts of a selection that {@linkcode isCounted}, also of jobs whose retention has ended. */
export function* sumCounts(
  { status = statuses.codesOf("waiting", "running", "finished"), queue, type }: JobSelection,
  after: CountsCursor = ["", ""],
): Transition<CountPiece<CountsCursor>> {
  const where = whereMatches({ queue, type });
  const found = yield* rows<{ queue: string; type: string; count: number }>(
    `SELECT queue, type, ${status.map((code) => columns[code]).join(" + ")} AS count
     FROM job_counts WHERE (queue, type) > (?, ?) AND ${where.sql}
     ORDER BY queue, type LIMIT ?`,
    [...after, ...where.params, pieceSize],
  );
  const last = found.at(-1);
  return {
    count: found.reduce((sum, { count }) => sum + count, 0),
    next: last === undefined || found.length < pieceSize ? undefined : [last.queue, last.type],
  };
}

/** How many completed jobs are kept. */
export function* countCompleted(): Transition<number> {
  const [row] = yield* rows<{ count: number }>(
    `SELECT CAST(coalesce(sum(${columns[codes.completed]}), 0) AS BIGINT) AS count FROM job_counts`,
  );
  return row!.count;
}

/** Where a piece of expired jobs ended. */
export type ExpiredCursor = readonly [purgeAt: number, seq: number];

/** Counts the jobs of a selection whose retention has ended by `now`: they are not deleted yet, and nobody sees them. */
export function* countExpired(
  selection: JobSelection,
  now: number,
  after: ExpiredCursor = [0, 0],
): Transition<CountPiece<ExpiredCursor>> {
  const where = whereMatches(selection);
  const found = yield* rows<{ purgeAt: number; seq: number; counts: number }>(
    `SELECT purge_at AS "purgeAt", seq, CASE WHEN ${where.sql} THEN 1 ELSE 0 END AS counts FROM jobs
     WHERE purge_at <= ? AND (purge_at, seq) > (?, ?) ORDER BY purge_at, seq LIMIT ?`,
    [...where.params, now, ...after, pieceSize],
  );
  const last = found.at(-1);
  return {
    count: found.reduce((sum, { counts }) => sum + counts, 0),
    next: last === undefined || found.length < pieceSize ? undefined : [last.purgeAt, last.seq],
  };
}

/**
 * The queues that any stored job is in, sorted by their bytes.
 *
 * @param after The queue where the last piece ended.
 */
export function* listQueues(after: string = ""): Transition<string[]> {
  return (yield* rows<{ queue: string }>(
    `SELECT DISTINCT queue FROM job_counts WHERE queue > ? AND ${columns.join(" + ")} > 0
     ORDER BY queue LIMIT ?`,
    [after, pieceSize],
  )).map(({ queue }) => queue);
}

/** The queues with jobs that are ready, sorted by their bytes: at most `limit` that come after `after`. */
export function* listReadyQueues(
  after: string = "",
  limit: number = Number.MAX_SAFE_INTEGER,
): Transition<string[]> {
  return (yield* rows<{ queue: string }>(
    `SELECT DISTINCT queue FROM job_counts WHERE queue > ? AND ${columns[codes.ready]} > 0
     ORDER BY queue LIMIT ?`,
    [after, limit],
  )).map(({ queue }) => queue);
}
