/**
 * Which lines of jobs with budgets are worth a look.
 *
 * Nothing here decides who is paid for: that is done in the transaction of a take, on the budgets' own rows. What is
 * kept here only spares it the lines that cannot go on, so that parked jobs cost nothing. It may know too much (a
 * line that is empty, a head that stands further back) and never too little:
 *
 * | Event                                  | Line                              | Budget                           |
 * | -------------------------------------- | --------------------------------- | -------------------------------- |
 * | a job becomes ready                    | known, from its place on at least | open, if it goes before who waits |
 * | a take looked                          | known from its head on, or forgotten | –                             |
 * | the head of a line cannot be paid for  | –                                 | shut until it can                |
 * | that time has come                     | –                                 | open                             |
 * | tokens came back, the policy changed, a waiting job is gone | –            | open                             |
 *
 * A line is looked at when none of its budgets is shut. What happens while a take is on its way happens again after
 * it, because the take has not seen it.
 *
 * @module
 */

import type { ReadyJob } from "../../store/due.ts";
import { budgetsOfLane, laneOf } from "../../store/lane.ts";
import {
  comparePlaces,
  front,
  type Line,
  type LineNews,
  type Place,
} from "../../store/line-cursor.ts";
import type { Shut } from "../../store/take-in-line.ts";

/** The lines of a broker. */
export interface Lines {
  /** Jobs became ready. Gives the queues where a take may find something now. */
  ready(jobs: Iterable<ReadyJob>): Set<string>;
  /** Opens budgets, all of them when undefined. Gives the queues of lines that draw on one that was shut. */
  reopen(keys?: readonly string[]): Set<string>;
  /** Jobs that drew on these budgets left flight: opens those that wait for it, as {@linkcode reopen}. */
  release(keys: ReadonlySet<string>): Set<string>;
  /** Opens what is due at `now`, as {@linkcode reopen}. */
  reopenDue(now: number): Set<string>;
  /** Takes these for all lines there are, and every budget for open. */
  replace(lines: readonly Omit<Line, "from">[]): void;
  /** The lines to look at; until `learn` or `forget`, a take is on its way. */
  look(): readonly Line[];
  /** What the take that is on its way found. Gives the queues of lines that opened again meanwhile. */
  learn(news: readonly LineNews[], shut: readonly Shut[]): Set<string>;
  /** The take that was on its way failed. */
  forget(): void;
  /** When the next budget opens by itself, in ms since the epoch; Infinity when none does. */
  nextOpening(): number;
}

interface KnownLine {
  readonly queue: string;
  readonly lane: string;
  readonly budgets: readonly string[];
  from: Place;
}

/** Knows of no line at first. */
export function createLines(): Lines {
  const lines = new Map<string, KnownLine>();
  const shut = new Map<string, Shut>();
  /** Set while a take is on its way. */
  let missed: (() => Set<string>)[] | undefined;

  const isOpen = ({ budgets }: KnownLine) => !budgets.some((key) => shut.has(key));

  const add = (queue: string, lane: string, at: Place): KnownLine => {
    const name = nameOf(queue, lane);
    let line = lines.get(name);
    if (line === undefined) {
      lines.set(name, line = { queue, lane, budgets: budgetsOfLane(lane), from: at });
    } else if (comparePlaces(at, line.from) < 0) line.from = at;
    return line;
  };

  const join = ({ queue, priority, id, budgets }: ReadyJob): KnownLine => {
    const place = { priority, id };
    const line = add(queue, laneOf(budgets), place);
    for (const key of line.budgets) {
      const first = shut.get(key);
      if (first !== undefined && comparePlaces(place, first.at) < 0) shut.delete(key);
    }
    return line;
  };

  const open = (keys: Iterable<string>): Set<string> => {
    const queues = new Set<string>();
    const opened = new Set([...keys].filter((key) => shut.delete(key)));
    if (opened.size === 0) return queues;
    for (const { queue, budgets } of lines.values()) {
      if (budgets.some((key) => opened.has(key))) queues.add(queue);
    }
    return queues;
  };

  return {
    ready(jobs) {
      const queues = new Set<string>();
      for (const job of jobs) {
        if (job.budgets === null) queues.add(job.queue);
        else {
          missed?.push(() => join(job) && nowhere);
          if (isOpen(join(job))) queues.add(job.queue);
        }
      }
      return queues;
    },
    reopen(keys) {
      const happen = () => open(keys ?? [...shut.keys()]);
      missed?.push(happen);
      return happen();
    },
    release(keys) {
      const happen = () => open([...keys].filter((key) => shut.get(key)?.until === Infinity));
      missed?.push(happen);
      return happen();
    },
    reopenDue(now) {
      return open([...shut.values()].filter(({ until }) => until <= now).map(({ key }) => key));
    },
    replace(all) {
      const known = () => {
        lines.clear();
        shut.clear();
        for (const { queue, lane } of all) add(queue, lane, front);
      };
      missed?.push(() => known() ?? nowhere);
      known();
    },
    look() {
      if (lines.size === 0) return [];
      missed = [];
      return [...lines.values()].filter(isOpen);
    },
    learn(news, shortages) {
      const again = missed;
      missed = undefined;
      for (const { line, from } of news) {
        const known = lines.get(nameOf(line.queue, line.lane));
        if (known === undefined) continue;
        if (from === undefined) lines.delete(nameOf(line.queue, line.lane));
        else known.from = from;
      }
      for (const shortage of shortages) shut.set(shortage.key, shortage);
      return new Set(again?.flatMap((happen) => [...happen()]));
    },
    forget() {
      missed = undefined;
    },
    nextOpening: () => shut.values().reduce((first, { until }) => Math.min(first, until), Infinity),
  };
}

/** Who had to be woken was woken when it happened first. */
const nowhere: Set<string> = new Set();

function nameOf(queue: string, lane: string): string {
  return `${queue}\0${lane}`;
}
