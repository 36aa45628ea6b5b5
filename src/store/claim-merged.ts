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
  type BacklogCursor,
  type BacklogUpdate,
  comparePositions,
  createBacklogCursor,
  front,
  type Position,
} from "./backlog.ts";
import { createBudgetLedger, type Shortage } from "./budget-ledger.ts";
import type { ClaimBuilder, ClaimSources, ClaimTerms } from "./claim-builder.ts";
import { sizeResultsOf } from "./dependencies-table.ts";
import { createPositionHeap } from "./position-heap.ts";
import type { GateLedger } from "./queue-gates.ts";
import { type QueueHead, readQueueHeads } from "./queue-heads.ts";
import { hasTrait, traits } from "./traits.ts";
import type { Transition } from "./transition.ts";

/** A budget that is short, and the position of the job that waits for it. */
export interface ExhaustedBudget extends Shortage {
  readonly at: Position;
}

/** Gathers jobs for one request after the other. */
export interface Merge {
  /** Gathers jobs of these queues, of all when undefined. Gives whether no more are left that can be paid for. */
  gather(queues: readonly string[] | undefined, builder: ClaimBuilder): Transition<boolean>;
  /** Writes the levels of the budgets that were charged. */
  end(): Transition<{
    readonly updates: readonly BacklogUpdate[];
    readonly exhaustedBudgets: readonly ExhaustedBudget[];
  }>;
}

/**
 * Creates a merge of the backlogs of jobs with budgets, and of the jobs without.
 *
 * @param gates Says how many jobs of each queue may be taken; undefined if any number.
 */
export function createMerge(
  { backlogs, heads, added }: ClaimSources,
  { now }: ClaimTerms,
  gates?: GateLedger,
): Merge {
  const ledger = createBudgetLedger();
  const exhaustedBudgets = new Map<string, ExhaustedBudget>();
  const budgeted = backlogs.map((backlog) => createBacklogCursor(backlog, now));
  /** What was found out about queues without budgets. */
  const found = new Map<string, BacklogUpdate>();
  let known = heads;

  /** Pays for the head of a backlog; false if its budgets cannot. */
  function* payForHead(cursor: BacklogCursor, job: JobRecord): Transition<boolean> {
    if (job.budgets === null) return true;
    const at = cursor.position;
    const shortage = yield* ledger.charge(fromBindingsText(job.budgets), now);
    if (shortage !== undefined) exhaustedBudgets.set(shortage.key, { ...shortage, at });
    return shortage === undefined;
  }

  /** The queues without budgets that a request reads, those with the first jobs first. */
  function* headsOf(queues: readonly string[] | undefined): Transition<Iterator<QueueHead>> {
    if (queues === undefined) {
      known ??= yield* readQueueHeads(added);
      return known.inOrder()[Symbol.iterator]();
    }
    const read = queues.map((queue) => ({ queue, position: known ? known.of(queue) : front }));
    const some = read.filter((head): head is QueueHead => head.position !== undefined);
    return some.sort((a, b) => comparePositions(a.position, b.position))[Symbol.iterator]();
  }

  return {
    *gather(queues, builder) {
      // Each request reads anew what has no budgets: what the one before took is marked by then.
      const plain: BacklogCursor[] = [];
      const waiting = yield* headsOf(queues);
      const share = Math.ceil(builder.room() / Math.max(1, queues?.length ?? known!.size));
      // One more than its share, so that it is known where the queue goes on.
      const firstRead = share + 1;
      let next = waiting.next();
      const cursors = createPositionHeap(
        budgeted.filter(({ backlog }) => queues?.includes(backlog.queue) ?? true),
      );
      const addWaiting = () => {
        while (
          !next.done &&
          (!cursors.first || comparePositions(next.value.position, cursors.first.position) <= 0)
        ) {
          const { queue, position } = next.value;
          // An update of an earlier request of this transaction is later than what was known before.
          const update = found.get(queue);
          const from = update === undefined ? position : update.from;
          if (from !== undefined) {
            const cursor = createBacklogCursor({ queue, budgetSet: "", from }, now, firstRead);
            plain.push(cursor);
            cursors.add(cursor);
          }
          next = waiting.next();
        }
      };
      let exhausted = false;
      while (builder.room() > 0) {
        addWaiting();
        const cursor = cursors.shift();
        if (cursor === undefined) {
          exhausted = true;
          break;
        }
        if (cursor.budgets.some((key) => exhaustedBudgets.has(key))) continue;
        const { queue } = cursor.backlog;
        if (gates !== undefined && (yield* gates.room(queue)) <= 0) continue;
        const before = cursor.position;
        const job = yield* cursor.head();
        if (job === undefined) continue;
        if (comparePositions(cursor.position, before) > 0) {
          cursors.add(cursor); // Its head is later than was known.
          continue;
        }
        if (!(yield* payForHead(cursor, job))) continue;
        // What others came to is given to those that waited for them.
        builder.add(job, hasTrait(job, traits.dependent) ? yield* sizeResultsOf(job.seq) : 0);
        gates?.take(queue);
        cursor.advance();
        cursors.add(cursor);
      }
      for (const cursor of plain) {
        const update = cursor.update();
        if (update !== undefined) found.set(update.backlog.queue, update);
      }
      return exhausted;
    },
    *end() {
      yield* ledger.flush();
      const updates = budgeted.map((cursor) => cursor.update())
        .filter((update) => update !== undefined);
      return {
        updates: [...updates, ...found.values()],
        exhaustedBudgets: [...exhaustedBudgets.values()],
      };
    },
  };
}
