/**
 * Taking jobs from several sources at once: from several queues, and from jobs that draw on budgets.
 *
 * Each queue has a backlog for each budget set, and one for the jobs without budgets; all are merged by the position of
 * their heads. The head of a backlog is taken when all of its budgets can pay for it, all at once. If not, the budget
 * that takes longest counts as exhausted: no later job of any backlog draws on that budget until there are enough tokens,
 * so that a cheap job never overtakes an expensive one. The other budgets stay open: a job that waits for one budget does
 * not delay jobs that draw on others.
 *
 * @module
 */

import { fromBindingsText } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import {
  type Backlog,
  type BacklogCursor,
  type BacklogUpdate,
  comparePositions,
  createBacklogCursor,
  front,
  type Position,
} from "./backlog.ts";
import { createBudgetLedger, type Shortage } from "./budget-ledger.ts";
import {
  type ClaimRequest,
  type ClaimResult,
  type ClaimTerms,
  createClaimBuilder,
} from "./claim-builder.ts";
import { registerHolder } from "./holders.ts";
import { markTaken } from "./mark-taken.ts";
import { StaleReadError, type Transition } from "./transition.ts";
import { findUnbudgetedAfter, unbudgetedRead } from "./unbudgeted.ts";

/** A budget that is short, and the position of the job that waits for it. */
export interface ExhaustedBudget extends Shortage {
  readonly at: Position;
}

/** What claims found out about backlogs and budgets. */
export interface ClaimedMerged {
  readonly updates: readonly BacklogUpdate[];
  readonly exhaustedBudgets: readonly ExhaustedBudget[];
}

/** Takes jobs for one request after the other. */
export interface Merge {
  claim(request: ClaimRequest): Transition<ClaimResult>;
  /** Writes the levels of the budgets that were charged. */
  end(): Transition<ClaimedMerged>;
}

/** Creates a merge of these backlogs of jobs with budgets, and of the jobs without. */
export function createMerge(backlogs: readonly Backlog[], terms: ClaimTerms): Merge {
  const { now } = terms;
  const ledger = createBudgetLedger();
  const exhaustedBudgets = new Map<string, ExhaustedBudget>();
  const budgeted = backlogs.map((backlog) => createBacklogCursor(backlog, now));

  /** Pays for the head of a backlog; false if its budgets cannot. */
  function* payForHead(cursor: BacklogCursor, job: JobRecord): Transition<boolean> {
    if (job.budgets === null) return true;
    const at = cursor.position;
    const shortage = yield* ledger.charge(fromBindingsText(job.budgets), now);
    if (shortage !== undefined) exhaustedBudgets.set(shortage.key, { ...shortage, at });
    return shortage === undefined;
  }

  return {
    *claim(request) {
      const { queues, limit } = request;
      const builder = createClaimBuilder(limit);
      const anyQueue = queues === undefined ? createAnyQueueReader(limit, now) : undefined;
      const cursors = [
        ...budgeted.filter(({ backlog }) => queues?.includes(backlog.queue) ?? true),
        ...(queues ?? []).map((queue) => {
          // Each request reads anew what has no budgets: what the one before took is marked by then.
          return createBacklogCursor({ queue, budgetSet: "", from: front }, now, limit);
        }),
      ].sort((a, b) => comparePositions(a.position, b.position));
      let exhausted = false;
      while (!exhausted && builder.room() > 0) {
        const next = anyQueue && (yield* anyQueue.head());
        const cursor = cursors[0];
        if (cursor === undefined || (next && comparePositions(next, cursor.position) < 0)) {
          exhausted = next === undefined;
          if (next !== undefined) {
            builder.add(next);
            anyQueue!.advance();
          }
          continue;
        }
        cursors.shift();
        if (cursor.budgets.some((key) => exhaustedBudgets.has(key))) continue;
        const known = cursor.position;
        const job = yield* cursor.head();
        if (job === undefined) continue;
        if (comparePositions(cursor.position, known) > 0) {
          insertInOrder(cursors, cursor); // its head is later than was known
          continue;
        }
        if (!(yield* payForHead(cursor, job))) continue;
        builder.add(job);
        cursor.advance();
        insertInOrder(cursors, cursor);
      }
      const { jobs } = builder;
      return { jobs, exhausted, holder: yield* markAll(jobs, request, terms) };
    },
    *end() {
      yield* ledger.flush();
      const updates = budgeted.map((cursor) => cursor.update())
        .filter((update) => update !== undefined);
      return { updates, exhaustedBudgets: [...exhaustedBudgets.values()] };
    },
  };
}

/**
 * Marks the jobs of a claim as taken.
 *
 * @returns The holder of the request.
 * @throws {StaleReadError} If one of them was not ready any more: it has been paid for, and others may have been passed
 * over because of it.
 */
function* markAll(
  jobs: readonly JobRecord[],
  request: ClaimRequest,
  terms: ClaimTerms,
): Transition<number | undefined> {
  if (jobs.length === 0) return request.holder;
  const holder = request.holder ?? (yield* registerHolder(request.worker, terms));
  const taken = yield* markTaken(jobs, holder, terms.now);
  if (taken.length < jobs.length) throw new StaleReadError("A job was taken meanwhile");
  return holder;
}

/** Reads the jobs without budgets of all queues. */
function createAnyQueueReader(limit: number, now: number): {
  head(): Transition<JobRecord | undefined>;
  advance(): void;
} {
  const size = Math.min(limit, unbudgetedRead);
  let read: readonly JobRecord[] = [];
  let at = 0;
  let last: Position = front;
  let ended = false;
  return {
    *head() {
      if (at === read.length && !ended) {
        read = yield* findUnbudgetedAfter(last, size, now);
        at = 0;
        ended = read.length < size;
      }
      return read[at];
    },
    advance() {
      last = read[at++]!;
    },
  };
}

/** Puts a cursor where it belongs by its position. */
function insertInOrder(cursors: BacklogCursor[], cursor: BacklogCursor): void {
  let low = 0;
  let high = cursors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePositions(cursors[middle]!.position, cursor.position) < 0) low = middle + 1;
    else high = middle;
  }
  cursors.splice(low, 0, cursor);
}
