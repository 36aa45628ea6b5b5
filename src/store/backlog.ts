/**
 * Backlogs: the ready jobs of one queue and one budget set, in the order of delivery, and reading one from its head on.
 *
 * The jobs of a queue that draw on no budget are a backlog too: that of the empty set.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { budgetsOfSet } from "./budget-set.ts";
import { claimRows } from "./dialect.ts";
import { readTaken } from "./mark-taken.ts";
import { withRange } from "./ready-range.ts";
import { isReady } from "./status-sql.ts";
import type { Transition } from "./transition.ts";

/** The position of a job in the order of delivery. */
export type Position = Pick<JobRecord, "priority" | "seq">;

/** The position before every job. */
export const front: Position = { priority: -1, seq: -1 };

/** Negative when `a` is delivered before `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.priority - b.priority || a.seq - b.seq;
}

/** The ready jobs of one queue that draw on the same budgets. */
export interface Backlog {
  readonly queue: string;
  /** Names the budgets (`budget-set.ts`); empty for jobs that draw on none. */
  readonly budgetSet: string;
  /** No job of the backlog has a position before this one. */
  readonly from: Position;
}

/** What a claim found out about a backlog: the position of its head, or undefined when it is empty. */
export interface BacklogUpdate {
  readonly backlog: Backlog;
  readonly from: Position | undefined;
}

/** Reads a backlog. */
export interface BacklogCursor {
  readonly backlog: Backlog;
  /** The budgets that each job of the backlog draws on. */
  readonly budgets: readonly string[];
  /** The position of the next job, or one before it as long as the backlog was not read. */
  readonly position: Position;
  /** The next job, and `position` with it; undefined at the end. */
  head(): Transition<JobRecord | undefined>;
  /** The next job, if it was read with others. Costs less. */
  known(): JobRecord | undefined;
  /** Goes on to the next job. */
  advance(): void;
  /** Whether it is known that no job is left. */
  isAtEnd(): boolean;
  /** What was found out; undefined when the backlog was not read. */
  update(): BacklogUpdate | undefined;
}

/** Rows that are read at once at most. */
const largestRead = 100;
const nextJobs = `FROM jobs
  WHERE queue = ? AND ${isReady} AND budget_set = ? AND (priority, seq) > (?, ?)
  ORDER BY priority, seq LIMIT ? ${claimRows}`;

/**
 * Creates a cursor at the head of a backlog.
 *
 * @param now When its jobs are taken, in ms since the epoch.
 * @param firstRead How many rows the first read gets; later reads get more. The default is 1, because often the budgets
 * cannot pay for the head of a backlog, and then the other rows are not needed.
 */
export function createBacklogCursor(
  backlog: Backlog,
  now: number,
  firstRead = 1,
): BacklogCursor {
  let read: JobRecord[] = [];
  let at = 0;
  let size = Math.min(firstRead, largestRead);
  let last = front;
  let position = backlog.from;
  let looked = false;
  let ended = false;

  return {
    backlog,
    budgets: budgetsOfSet(backlog.budgetSet),
    get position() {
      return position;
    },
    *head() {
      if (at === read.length && !ended) {
        const { queue, budgetSet } = backlog;
        const range = { queue, behind: last, limit: size };
        const params = [queue, budgetSet];
        read = budgetSet === ""
          ? yield* readTaken(nextJobs, params, { queue, now }, range)
          : yield* readTaken(nextJobs, withRange(params, range), { queue, now });
        at = 0;
        ended = read.length < size;
        size = Math.min(size * 4, largestRead);
        looked = true;
      }
      const job = read[at];
      if (job !== undefined) position = { priority: job.priority, seq: job.seq };
      return job;
    },
    known: () => read[at],
    advance() {
      last = position;
      at++;
      const next = read[at];
      if (next !== undefined) position = { priority: next.priority, seq: next.seq };
    },
    isAtEnd: () => ended && at === read.length,
    update() {
      if (!looked) return undefined;
      return { backlog, from: ended && at === read.length ? undefined : position };
    },
  };
}
