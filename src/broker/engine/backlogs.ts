/**
 * Which backlogs of jobs with budgets a take has to read.
 *
 * Nothing here decides which jobs are paid for: the transaction of a take does that, on the rows of the budgets. This
 * memory only lets a take skip backlogs whose budgets are exhausted, so that waiting jobs cost nothing. It may hold too
 * much (a backlog that is empty, a head that is in fact later), but never too little:
 *
 * | Event                                  | Backlog                              | Budget                            |
 * | -------------------------------------- | ------------------------------------ | --------------------------------- |
 * | a job becomes ready                    | known, from its position on at least | open, if it goes before who waits |
 * | a take read it                         | known from its head on, or forgotten | –                                 |
 * | the head of a backlog cannot be paid for | –                                  | exhausted until it can            |
 * | that time has come                     | –                                    | open                              |
 * | tokens came back, the policy changed, a waiting job is gone | –               | open                              |
 *
 * A backlog is read when none of its budgets is exhausted. What happens while a take is under way is replayed after
 * it, because the take has not seen it.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import {
  type Backlog,
  type BacklogUpdate,
  comparePositions,
  front,
  type Position,
} from "../../store/backlog.ts";
import { budgetsOfSet, toBudgetSet } from "../../store/budget-set.ts";
import { budgetsOf } from "../../protocol/binding.ts";
import { status } from "../../protocol/status.ts";
import type { Change, ReadyJob } from "../../store/changes.ts";
import type { ClaimSources, QueueFronts } from "../../store/claim-builder.ts";
import { createQueueHeads } from "../../store/queue-heads.ts";
import { anyNumber } from "./members.ts";
import type { ExhaustedBudget } from "../../store/claim-merged.ts";

/** What is asked of a job that is ready: where it waits. */
export type PlacedJob = Pick<ReadyJob, "queue" | "budgets" | "priority" | "seq">;

/** The backlogs of a broker. */
export interface Backlogs {
  /** Jobs became ready. Gives how many a take may find now, by their queues. */
  addReady(jobs: readonly PlacedJob[]): ReadonlyMap<string, number>;
  /** Opens budgets. Gives the queues of backlogs that draw on one that was exhausted. */
  reopen(keys: Iterable<string>): Set<string>;
  /** Jobs that drew on these budgets left flight: opens those that wait for that, as {@linkcode reopen}. */
  refund(keys: Iterable<string>): Set<string>;
  /** Opens what is due at `now`, as {@linkcode reopen}. */
  reopenDue(now: number): Set<string>;
  /** Replaces all known backlogs with these, and opens every budget. */
  replace(backlogs: readonly Backlog[]): void;
  /** Other brokers made jobs without budgets ready in a queue, the first of them here; undefined if nobody knows where. */
  addHeard(queue: string, first: Position | undefined): void;
  /** Others may have done what was not heard of: the next take of each queue begins at its front. */
  doubt(): void;
  /** Where to take from; until `endTake` or `abortTake`, a take is under way. */
  beginTake(): ClaimSources;
  /** What the take that was under way found. Gives the queues of backlogs that opened again meanwhile. */
  endTake(updates: readonly BacklogUpdate[], exhausted: readonly ExhaustedBudget[]): Set<string>;
  /** The take that was under way failed. */
  abortTake(): void;
  /**
   * Where to take from in the transaction of these changes, when no job that draws on budgets may be ready. What it finds
   * goes to `endTake` before the changes go to `addReady`, or `abortTake` forgets it.
   */
  sourcesAlongside(changes: readonly Change[]): ClaimSources;
  /** Whether no job that draws on budgets may be ready. */
  isEmpty(): boolean;
  /** When the next budget opens by itself, in ms since the epoch; Infinity when none does. */
  nextOpening(): number;
}

interface KnownBacklog {
  readonly queue: string;
  readonly budgetSet: string;
  readonly budgets: readonly string[];
  from: Position;
}

/**
 * How long the head of a queue is believed where others store jobs too, in ms: then a take looks from the front again. Where it
 * begins matters, as PostgreSQL goes over what was taken before until that is vacuumed.
 */
const trustMs = 5000;

/** Of so many queues it is known when they were last looked at. */
const mostLookedAt = 10_000;

/**
 * Knows of no backlog at first.
 *
 * @param knowsAll Whether it is told of every job that becomes ready. Where other brokers store jobs too, it is not.
 * @param clock Says how old what is known is.
 */
export function createBacklogs(
  knowsAll: boolean,
  clock: Pick<Clock, "monotonic"> = { monotonic: () => 0 },
): Backlogs {
  const backlogs = new Map<string, KnownBacklog>();
  const exhausted = new Map<string, ExhaustedBudget>();
  const heads = createQueueHeads();
  /** When a take last began at the front of each queue. */
  const lookedAt = new Map<string, number>();
  const fronts: QueueFronts = {
    of(queue) {
      const now = clock.monotonic();
      const known = heads.of(queue);
      if (known !== undefined && now - (lookedAt.get(queue) ?? -Infinity) < trustMs) return known;
      if (lookedAt.size >= mostLookedAt) lookedAt.clear();
      lookedAt.set(queue, now);
      return front;
    },
  };
  /** What happened since a take began; undefined when none is under way. */
  let replay: (() => Set<string>)[] | undefined;

  const isOpen = (budgets: readonly string[]) => !budgets.some((key) => exhausted.has(key));

  const add = (queue: string, budgetSet: string, at: Position): KnownBacklog => {
    const name = nameOf(queue, budgetSet);
    let backlog = backlogs.get(name);
    if (backlog === undefined) {
      backlog = { queue, budgetSet, budgets: budgetsOfSet(budgetSet), from: at };
      backlogs.set(name, backlog);
    } else if (comparePositions(at, backlog.from) < 0) backlog.from = at;
    return backlog;
  };

  const open = (keys: Iterable<string>): Set<string> => {
    const queues = new Set<string>();
    const opened = new Set([...keys].filter((key) => exhausted.delete(key)));
    if (opened.size === 0) return queues;
    for (const { queue, budgets } of backlogs.values()) {
      if (budgets.some((key) => opened.has(key))) queues.add(queue);
    }
    return queues;
  };

  /** Gives the queues of backlogs that can be looked at again, as the job goes before the one that waits. */
  const join = (job: PlacedJob): Set<string> => {
    const backlog = add(job.queue, toBudgetSet(job.budgets), job);
    return open(backlog.budgets.filter((key) => {
      const first = exhausted.get(key);
      return first !== undefined && comparePositions(job, first.at) < 0;
    }));
  };

  const addHeads = (jobs: readonly PlacedJob[]) => {
    for (const job of jobs) {
      if (job.budgets === null) heads.add(job.queue, { priority: job.priority, seq: job.seq });
    }
  };

  const applyUpdates = (updates: readonly BacklogUpdate[]) => {
    for (const { backlog: { queue, budgetSet }, from } of updates) {
      if (budgetSet === "") {
        heads.set(queue, from);
        continue;
      }
      const name = nameOf(queue, budgetSet);
      const known = backlogs.get(name);
      if (known === undefined) continue;
      if (from === undefined) backlogs.delete(name);
      else known.from = from;
    }
  };

  const addTo = (counts: Map<string, number>, queue: string, count: number) => {
    counts.set(queue, (counts.get(queue) ?? 0) + count);
  };

  return {
    addReady(jobs) {
      const counts = new Map<string, number>();
      addHeads(jobs);
      replay?.push(() => {
        addHeads(jobs);
        return noQueues;
      });
      for (const job of jobs) {
        if (job.budgets === null) addTo(counts, job.queue, 1);
        else {
          replay?.push(() => join(job));
          for (const queue of join(job)) addTo(counts, queue, anyNumber);
          if (isOpen(budgetsOf(job))) addTo(counts, job.queue, 1);
        }
      }
      return counts;
    },
    addHeard(queue, first = front) {
      const apply = () => {
        heads.add(queue, first);
        return noQueues;
      };
      replay?.push(apply);
      apply();
    },
    doubt: () => lookedAt.clear(),
    reopen(keys) {
      const apply = () => open(keys);
      replay?.push(apply);
      return apply();
    },
    refund(keys) {
      const apply = () => open([...keys].filter((key) => exhausted.get(key)?.until === Infinity));
      replay?.push(apply);
      return apply();
    },
    reopenDue(now) {
      return open(
        [...exhausted.values()].filter(({ until }) => until <= now).map(({ key }) => key),
      );
    },
    replace(all) {
      const apply = () => {
        backlogs.clear();
        exhausted.clear();
        heads.clear();
        for (const { queue, budgetSet, from } of all) {
          if (budgetSet === "") heads.add(queue, from);
          else add(queue, budgetSet, from);
        }
        return noQueues;
      };
      replay?.push(apply);
      apply();
    },
    beginTake() {
      replay = [];
      const open = backlogs.size === 0
        ? []
        : [...backlogs.values()].filter(({ budgets }) => isOpen(budgets));
      return knowsAll ? { backlogs: open, heads } : { backlogs: open, heads: undefined, fronts };
    },
    endTake(updates, shortages) {
      const again = replay;
      replay = undefined;
      applyUpdates(updates);
      for (const shortage of shortages) exhausted.set(shortage.key, shortage);
      return again === undefined || again.length === 0
        ? noQueues
        : new Set(again.flatMap((apply) => [...apply()]));
    },
    sourcesAlongside(changes) {
      const added = knowsAll ? undefined : new Set<string>();
      replay = [];
      for (const change of changes) {
        if (change.kind !== "jobs" || change.to !== status.ready) continue;
        addHeads(change.jobs);
        if (added !== undefined) { for (const { queue } of change.jobs) added.add(queue); }
      }
      return added === undefined
        ? { backlogs: [], heads }
        : { backlogs: [], heads: undefined, added, fronts };
    },
    abortTake() {
      replay = undefined;
    },
    isEmpty: () => backlogs.size === 0,
    nextOpening: () =>
      exhausted.values().reduce((first, { until }) => Math.min(first, until), Infinity),
  };
}

/** For changes that are applied again: their subscribers were woken the first time. */
const noQueues: Set<string> = new Set();

function nameOf(queue: string, budgetSet: string): string {
  return `${queue}\0${budgetSet}`;
}

/** Whether a change brings ready jobs that draw on budgets: no backlog is known of them before it is applied. */
export function addsBudgeted(change: Change): boolean {
  return change.kind === "jobs" && change.to === status.ready &&
    change.jobs.some(({ budgets }) => budgets !== null);
}
