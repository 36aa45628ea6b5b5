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

import {
  type Backlog,
  type BacklogUpdate,
  comparePositions,
  front,
  type Position,
} from "../../store/backlog.ts";
import { budgetsOfSet, toBudgetSet } from "../../store/budget-set.ts";
import { budgetsOf } from "../../protocol/binding.ts";
import type { ReadyJob } from "../../store/changes.ts";
import type { ExhaustedBudget } from "../../store/claim-merged.ts";

/** The backlogs of a broker. */
export interface Backlogs {
  /** Jobs became ready. Gives the queues where a take may find something now. */
  addReady(jobs: Iterable<ReadyJob>): Set<string>;
  /** Opens budgets. Gives the queues of backlogs that draw on one that was exhausted. */
  reopen(keys: Iterable<string>): Set<string>;
  /** Jobs that drew on these budgets left flight: opens those that wait for that, as {@linkcode reopen}. */
  refund(keys: Iterable<string>): Set<string>;
  /** Opens what is due at `now`, as {@linkcode reopen}. */
  reopenDue(now: number): Set<string>;
  /** Replaces all known backlogs with these, and opens every budget. */
  replace(backlogs: readonly Omit<Backlog, "from">[]): void;
  /** The backlogs to read; until `endTake` or `abortTake`, a take is under way. */
  beginTake(): readonly Backlog[];
  /** What the take that was under way found. Gives the queues of backlogs that opened again meanwhile. */
  endTake(updates: readonly BacklogUpdate[], exhausted: readonly ExhaustedBudget[]): Set<string>;
  /** The take that was under way failed. */
  abortTake(): void;
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

/** Knows of no backlog at first. */
export function createBacklogs(): Backlogs {
  const backlogs = new Map<string, KnownBacklog>();
  const exhausted = new Map<string, ExhaustedBudget>();
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
  const join = ({ queue, priority, id, budgets }: ReadyJob): Set<string> => {
    const position = { priority, id };
    const backlog = add(queue, toBudgetSet(budgets), position);
    return open(backlog.budgets.filter((key) => {
      const first = exhausted.get(key);
      return first !== undefined && comparePositions(position, first.at) < 0;
    }));
  };

  return {
    addReady(jobs) {
      const queues = new Set<string>();
      for (const job of jobs) {
        if (job.budgets === null) queues.add(job.queue);
        else {
          replay?.push(() => join(job));
          for (const queue of join(job)) queues.add(queue);
          if (isOpen(budgetsOf(job))) queues.add(job.queue);
        }
      }
      return queues;
    },
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
        for (const { queue, budgetSet } of all) add(queue, budgetSet, front);
        return noQueues;
      };
      replay?.push(apply);
      apply();
    },
    beginTake() {
      if (backlogs.size === 0) return [];
      replay = [];
      return [...backlogs.values()].filter(({ budgets }) => isOpen(budgets));
    },
    endTake(updates, shortages) {
      const again = replay;
      replay = undefined;
      for (const { backlog, from } of updates) {
        const known = backlogs.get(nameOf(backlog.queue, backlog.budgetSet));
        if (known === undefined) continue;
        if (from === undefined) backlogs.delete(nameOf(backlog.queue, backlog.budgetSet));
        else known.from = from;
      }
      for (const shortage of shortages) exhausted.set(shortage.key, shortage);
      return new Set(again?.flatMap((apply) => [...apply()]));
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
