/**
 * Taking jobs while some draw on budgets.
 *
 * Jobs without budgets are found by an index of their own. The others wait in lines, one for each queue and lane, and
 * both are merged by their place in the order of delivery. The head of a line is taken when all of its budgets can pay
 * for it, all at once. If not, it *shuts* the one that keeps it longest: nobody behind it draws on that budget, in
 * whatever line, until there is enough for it, so that a cheap job never overtakes an expensive one. Its other
 * budgets stay open: who waits for one budget holds up nobody in another.
 *
 * @module
 */

import { fromBindingsText } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { createBasket, type Demand, type Pick } from "./demand.ts";
import { findFree, freeStep } from "./free-jobs.ts";
import {
  comparePlaces,
  createCursor,
  type Cursor,
  type Line,
  type LineNews,
  type Place,
} from "./line-cursor.ts";
import { markTaken } from "./taken.ts";
import { createPurse, type Shortage } from "./tokens.ts";
import type { Transition } from "./transition.ts";

/** A budget that is short, and the place of the job that waits for it. */
export interface Shut extends Shortage {
  readonly at: Place;
}

/** What consumers got, and what was learnt of the lines meanwhile. */
export interface LinePicks {
  readonly picks: readonly Pick[];
  readonly news: readonly LineNews[];
  readonly shut: readonly Shut[];
}

/** Takes jobs for each demand in turn from `lines` and from the jobs without budgets. */
export function* takeInLine(
  demands: readonly Demand[],
  now: number,
  lines: readonly Line[],
): Transition<LinePicks> {
  const purse = createPurse();
  const shut = new Map<string, Shut>();
  const cursors = lines.map((line) => createCursor(line, now));
  const picks: Pick[] = [];

  for (const { queues, limit } of demands) {
    const basket = createBasket(limit);
    const free = createFreeReader(queues, now);
    const waiting = cursors.filter(({ line }) => queues?.includes(line.queue) ?? true)
      .sort((a, b) => comparePlaces(a.place, b.place));
    let exhausted = false;
    while (!exhausted && basket.room() > 0) {
      const next = yield* free.head(Math.min(freeStep, basket.room()));
      const cursor = waiting[0];
      if (cursor === undefined || (next && comparePlaces(next, cursor.place) < 0)) {
        exhausted = next === undefined;
        if (next !== undefined) {
          basket.add(next);
          free.advance();
        }
        continue;
      }
      waiting.shift();
      if (cursor.budgets.some((key) => shut.has(key))) continue;
      const known = cursor.place;
      const job = yield* cursor.head();
      if (job === undefined) continue;
      if (comparePlaces(cursor.place, known) > 0) {
        insert(waiting, cursor); // its head stands further back than was known
        continue;
      }
      const shortage = yield* purse.pay(fromBindingsText(job.budgets), now);
      if (shortage === undefined) {
        basket.add(job);
        cursor.advance();
        insert(waiting, cursor);
      } else shut.set(shortage.key, { ...shortage, at: known });
    }
    yield* free.settle();
    yield* markTaken(basket.jobs.filter(({ budgets }) => budgets !== null), now);
    picks.push({ jobs: basket.jobs, exhausted });
  }
  yield* purse.settle();
  const news = cursors.map((cursor) => cursor.news()).filter((news) => news !== undefined);
  return { picks, news, shut: [...shut.values()] };
}

/** Reads the free jobs in steps, marking what was taken before it looks for more. */
function createFreeReader(queues: readonly string[] | undefined, now: number): {
  head(step: number): Transition<JobRecord | undefined>;
  advance(): void;
  settle(): Transition<void>;
} {
  let read: readonly JobRecord[] = [];
  let at = 0;
  let more = true;
  const settle = () => markTaken(read.slice(0, at), now);
  return {
    *head(step) {
      if (at === read.length && more) {
        yield* settle();
        read = yield* findFree(queues, step, now);
        at = 0;
        more = read.length === step;
      }
      return read[at];
    },
    advance() {
      at++;
    },
    settle,
  };
}

/** Keeps the cursors in the order of their places. */
function insert(cursors: Cursor[], cursor: Cursor): void {
  let low = 0;
  let high = cursors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePlaces(cursors[middle]!.place, cursor.place) < 0) low = middle + 1;
    else high = middle;
  }
  cursors.splice(low, 0, cursor);
}
