/**
 * Lines of ready jobs that draw on the same budgets, and reading one from its head on.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { budgetsOfLane } from "./lane.ts";
import { takenColumns } from "./taken.ts";
import { rows, type Transition } from "./transition.ts";

/** Where a job stands in the order of delivery. */
export type Place = Pick<JobRecord, "priority" | "id">;

/** In front of every job. */
export const front: Place = { priority: -1, id: "" };

/** Negative when `a` is delivered before `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return a.priority - b.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The ready jobs of one queue in one lane. */
export interface Line {
  readonly queue: string;
  readonly lane: string;
  /** No job of the line stands before this place. */
  readonly from: Place;
}

/** What reading a line told of it: where its head is, or that it is empty. */
export interface LineNews {
  readonly line: Line;
  readonly from: Place | undefined;
}

/** Reads a line. */
export interface Cursor {
  readonly line: Line;
  /** The budgets that each job of the line draws on. */
  readonly budgets: readonly string[];
  /** Where the next job is, or some place before it. */
  readonly place: Place;
  /** The next job, and `place` with it; undefined at the end. */
  head(): Transition<JobRecord | undefined>;
  /** The next job is taken. */
  advance(): void;
  /** Undefined when nobody looked. */
  news(): LineNews | undefined;
}

/** The first look reads one row, as many lines are blocked at their head; later ones more and more, up to this. */
const largestStep = 64;
const nextRows = `SELECT ${takenColumns} FROM jobs
  WHERE queue = ? AND status = 1 AND lane = ? AND (priority, id) > (?, ?)
  ORDER BY priority, id LIMIT ?`;

/** Creates a cursor at the head of a line; its rows are as the taker will see them. */
export function createCursor(line: Line, now: number): Cursor {
  let read: JobRecord[] = [];
  let at = 0;
  let step = 1;
  let last = front;
  let place = line.from;
  let looked = false;
  let ended = false;

  return {
    line,
    budgets: budgetsOfLane(line.lane),
    get place() {
      return place;
    },
    *head() {
      if (at === read.length && !ended) {
        const { queue, lane } = line;
        read = yield* rows<JobRecord>(nextRows, [now, queue, lane, last.priority, last.id, step]);
        at = 0;
        step = Math.min(step * 4, largestStep);
        looked = true;
        ended = read.length === 0;
      }
      const job = read[at];
      if (job !== undefined) place = { priority: job.priority, id: job.id };
      return job;
    },
    advance() {
      last = place;
      at++;
      const next = read[at];
      if (next !== undefined) place = { priority: next.priority, id: next.id };
    },
    news: () => looked ? { line, from: ended ? undefined : place } : undefined,
  };
}
