/**
 * How many jobs of queues stand where, and which of a queue come next.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { statusNames } from "../protocol/status.ts";
import { comparePositions, type Position } from "./backlog.ts";
import type { CountsCursor, ExpiredCursor } from "./counts.ts";
import { isOneOf } from "./dialect.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { nextBudgetSet } from "./read.ts";
import { isReady } from "./status-sql.ts";
import { rows, type Transition } from "./transition.ts";

/** Rows that one piece reads at most. */
const pieceSize = 2000;

/** How many jobs of a queue and a type there are, by the codes of their statuses. */
interface CountRow {
  readonly queue: string;
  readonly type: string;
  readonly counts: readonly number[];
}

/** A piece of something, and where the next one begins; undefined at the end. */
interface Piece<Item, Cursor> {
  readonly items: readonly Item[];
  readonly next: Cursor | undefined;
}

/** A piece of the counts. */
export type CountsPiece = Piece<CountRow, CountsCursor>;

/** A piece of the queues of jobs whose lease has ended. */
export type StalledPiece = Piece<string, number>;

/** A piece of what is past its retention. */
export type ExpiredPiece = Piece<Pick<JobRecord, "queue" | "status">, ExpiredCursor>;

/**
 * Counts by queue and type, in this order, also of jobs whose retention has ended.
 *
 * @param only The queue whose counts are read; undefined for all.
 * @param after Where the last piece ended.
 */
export function* readCounts(
  only: string | undefined,
  after: CountsCursor,
): Transition<CountsPiece> {
  const found = yield* rows<Readonly<Record<string, number>> & { queue: string; type: string }>(
    `SELECT queue, type, ${statusNames.join(", ")} FROM job_counts
     WHERE ${only === undefined ? "" : "queue = ? AND"} (queue, type) > (?, ?)
     ORDER BY queue, type LIMIT ?`,
    [...only === undefined ? [] : [only], ...after, pieceSize],
  );
  const last = found.at(-1);
  return {
    items: found.map((row) => {
      const { queue, type } = row;
      return { queue, type, counts: statusNames.map((name) => row[name]!) };
    }),
    next: last === undefined || found.length < pieceSize ? undefined : [last.queue, last.type],
  };
}

/** Jobs whose retention has ended by `now`, as far as they are counted: nobody sees them any more. */
export function* readExpired(
  now: number,
  after: ExpiredCursor,
): Transition<ExpiredPiece> {
  const items = yield* rows<Pick<JobRecord, "queue" | "status" | "seq"> & { purgeAt: number }>(
    `SELECT queue, status, purge_at AS "purgeAt", seq FROM jobs
     WHERE purge_at <= ? AND (purge_at, seq) > (?, ?) ORDER BY purge_at, seq LIMIT ?`,
    [now, ...after, pieceSize],
  );
  const last = items.at(-1);
  return {
    items,
    next: last === undefined || items.length < pieceSize ? undefined : [last.purgeAt, last.seq],
  };
}

/** How many cron entries put jobs into each of some queues. */
export function* countRecurring(
  queues: readonly string[],
): Transition<ReadonlyMap<string, number>> {
  const found = yield* rows<{ queue: string; entries: number }>(
    `SELECT queue, count(*) AS entries FROM cron_entries WHERE ${isOneOf("queue", "texts")}
     GROUP BY queue`,
    [JSON.stringify(queues)],
  );
  return new Map(found.map(({ queue, entries }) => [queue, entries]));
}

/** Which of some queues are paused. */
export function* listPaused(queues: readonly string[]): Transition<ReadonlySet<string>> {
  const found = yield* rows<{ queue: string }>(
    `SELECT queue FROM queue_settings WHERE ${isOneOf("queue", "texts")} AND paused = 1`,
    [JSON.stringify(queues)],
  );
  return new Set(found.map(({ queue }) => queue));
}

/**
 * The queues of jobs in flight whose lease has ended by `now`, in ms since the epoch, one for each job.
 *
 * @param after The job where the last piece ended; undefined at the start, where those come that nobody worked off yet.
 */
export function* readStalled(
  now: number,
  after: number | undefined,
): Transition<StalledPiece> {
  const ended = after === undefined
    ? yield* rows<{ queue: string }>(
      `SELECT jobs.queue FROM leases JOIN jobs ON jobs.seq = leases.job
       WHERE coalesce(grace_until, expires_at) <= ? AND grace_until IS NULL`,
      [now],
    )
    : [];
  const inGrace = yield* rows<{ queue: string; job: number }>(
    `SELECT jobs.queue, leases.job FROM leases JOIN jobs ON jobs.seq = leases.job
     WHERE grace_until IS NOT NULL AND leases.job > ? ORDER BY leases.job LIMIT ?`,
    [after ?? -1, pieceSize],
  );
  return {
    items: [...ended, ...inGrace].map(({ queue }) => queue),
    next: inGrace.length < pieceSize ? undefined : inGrace.at(-1)!.job,
  };
}

/** Budget sets whose jobs one piece looks at. */
const setsOfPiece = 20;

/**
 * Where the next ready jobs of a queue stand, in the order of delivery. Jobs that draw on budgets stand among the others, as
 * if there were tokens for all.
 *
 * @param best What the last pieces found.
 * @param after The budget set where the last piece ended; undefined at the start.
 */
export function* nextPositions(
  queue: string,
  { limit, best, after }: {
    readonly limit: number;
    readonly best: readonly Position[];
    readonly after: string | undefined;
  },
): Transition<Piece<Position, string>> {
  let found = [...best];
  let set = yield* nextBudgetSet(queue, after);
  let last = set;
  for (let count = 0; set !== undefined && count < setsOfPiece; count++) {
    found.push(
      ...yield* rows<Position>(
        `SELECT priority, seq FROM jobs WHERE queue = ? AND ${isReady} AND budget_set = ?
         ORDER BY priority, seq LIMIT ?`,
        [queue, set, limit],
      ),
    );
    found = found.sort(comparePositions).slice(0, limit);
    last = set;
    set = yield* nextBudgetSet(queue, set);
  }
  return { items: found, next: set === undefined ? undefined : last };
}

const reader = createManyJobsReader();

/** The jobs that stand at some positions, as far as they are ready still; large payloads are left out. */
export function* readAtPositions(positions: readonly Position[]): Transition<JobRecord[]> {
  const jobs = yield* reader.read(
    `FROM jobs WHERE ${isOneOf("seq", "integers")} AND ${isReady}`,
    [JSON.stringify(positions.map(({ seq }) => seq))],
  );
  return jobs.sort(comparePositions);
}
