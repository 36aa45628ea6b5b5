/**
 * How jobs fare minute by minute, by queue and type: gathered in memory from what commits changed. `flow-table.ts` stores it.
 *
 * | Counted        | When                                                                       | Of the queue and type  |
 * | -------------- | -------------------------------------------------------------------------- | ---------------------- |
 * | an enqueued    | a job is stored that was not before                                        | that it has            |
 * | a wait         | a job is taken: since it was ready (`readyAt`)                             | that it has            |
 * | a completed, a run | a run succeeds, also if the job goes on in another queue: since it was taken | that it had          |
 * | a retry, a failure, a cancellation | as `statistics.ts` has it                              | that it had            |
 *
 * Beside these, each minute has the greatest age of a ready job that was seen in it (`addAge`), of its queue and among all.
 *
 * Names of types come from programs, which may make up new ones without end. So only some have rows of their own:
 *
 * | A change of                                      | Counts                                             |
 * | ------------------------------------------------ | -------------------------------------------------- |
 * | any job                                          | among all: the queue `""` with the type `""`       |
 * | one of the first 1,000 queues                    | of its queue                                       |
 * | one of the first 100 types of a queue, while all queues have 1,000 together | of its type         |
 * | another type                                     | of the type `""` of its queue                      |
 * | a queue or type with a name of more than 400 characters | as if it were not among the first           |
 *
 * Who is first is decided anew every six hours. No queue or type has an empty name.
 *
 * @module
 */

import type { Change, JobsChange } from "./changes.ts";
import { Spans } from "./spans.ts";
import { type CountedKind, countedKindOf } from "./statistics.ts";

/** A width of time of which there are rows. */
export interface FlowStep {
  readonly ms: number;
  /** How many of them a chart has. */
  readonly points: number;
}

/** The widths of time, by what is looked at. The rows of each are kept for as long as a chart of them is. */
export const flowSteps: {
  readonly hour: FlowStep;
  readonly day: FlowStep;
  readonly month: FlowStep;
} = {
  hour: { ms: 60_000, points: 60 },
  day: { ms: 900_000, points: 96 },
  month: { ms: 21_600_000, points: 120 },
};

const finestMs = flowSteps.hour.ms;

/** So many queues, types of a queue, and types of all queues together have rows of their own. */
export const mostNamed = { queues: 1000, typesOfQueue: 100, types: 1000 } as const;

/** A longer name of a queue or a type has no rows: PostgreSQL keys a row by both, and has no room for more than 2,700 bytes. */
const longestName = 400;

/** What was counted. */
export interface FlowCounts {
  enqueued: number;
  completed: number;
  retries: number;
  failures: number;
  cancelled: number;
  readonly waits: Spans;
  readonly runs: Spans;
  /** How long the oldest ready job had been ready, in ms; -1 if none was seen, and for a type. */
  age: number;
}

/** What was counted of a queue and a type in a minute. */
export interface FlowCell extends FlowCounts {
  /** When the minute begins, in ms since the epoch. */
  readonly at: number;
  /** Empty for all together. */
  readonly queue: string;
  /** Empty for those of the queue that have no rows of their own. */
  readonly type: string;
}

/** Counts of nothing. */
export function createFlowCounts(): FlowCounts {
  return {
    enqueued: 0,
    completed: 0,
    retries: 0,
    failures: 0,
    cancelled: 0,
    waits: new Spans(),
    runs: new Spans(),
    age: -1,
  };
}

/** Adds counts to others. */
export function mergeFlow(into: FlowCounts, from: FlowCounts): void {
  addNumbers(into, from);
  into.waits.merge(from.waits);
  into.runs.merge(from.runs);
}

/** Adds all but the spans. */
export function addNumbers(into: FlowCounts, from: Omit<FlowCounts, "waits" | "runs">): void {
  into.enqueued += from.enqueued;
  into.completed += from.completed;
  into.retries += from.retries;
  into.failures += from.failures;
  into.cancelled += from.cancelled;
  into.age = Math.max(into.age, from.age);
}

/** The types that have rows of their own, by their queues. */
class Names {
  readonly #queues = new Map<string, Set<string>>();
  #types = 0;

  /** Whether a queue has rows of its own. */
  hasQueue(queue: string): boolean {
    return this.#typesOf(queue) !== undefined;
  }

  /** The type under which a job counts; undefined if it counts only among all. */
  nameOf(queue: string, type: string): string | undefined {
    const types = this.#typesOf(queue);
    if (types === undefined) return undefined;
    if (types.has(type)) return type;
    if (type.length > longestName) return "";
    if (types.size >= mostNamed.typesOfQueue || this.#types >= mostNamed.types) return "";
    types.add(type);
    this.#types++;
    return type;
  }

  #typesOf(queue: string): Set<string> | undefined {
    if (queue.length > longestName) return undefined;
    let types = this.#queues.get(queue);
    if (types === undefined && this.#queues.size < mostNamed.queues) {
      this.#queues.set(queue, types = new Set());
    }
    return types;
  }
}

/** The cells of a minute, by their queues and types. */
type Minute = Map<string, Map<string, FlowCell>>;

/** Gathers what changes say. */
export class Flow {
  readonly #minutes = new Map<number, Minute>();
  #size = 0;
  /** What could not be stored. */
  #returned: readonly FlowCell[] = [];
  #names = new Names();
  /** Of which six hours the names are. */
  #namedAt = 0;
  /** The minute that it is, and its cells. */
  #at = -1;
  #now: Minute = new Map();
  /** Jobs that follow each other are mostly of one queue and type. */
  #last: FlowCell | undefined;

  /** Of how many queues, types and minutes something was gathered. */
  get size(): number {
    return this.#size + this.#returned.length;
  }

  /** Adds what a commit changed by `now`, in ms since the epoch. */
  add(changes: readonly Change[], now: number): void {
    for (const change of changes) {
      if (change.kind !== "jobs") continue;
      const kind = countedKindOf(change);
      if (kind !== undefined) this.#addJobs(change, kind, now);
    }
  }

  /** A job of a queue that is ready by `now` has been so for `ageMs`, as far as is known the longest. */
  addAge(queue: string, ageMs: number, now: number): void {
    const at = now - now % finestMs;
    if (at !== this.#at) this.#turnTo(at);
    const isNamed = this.#names.hasQueue(queue);
    const cell = isNamed ? this.#cellOf(queue, "") : this.#cellOf("", "");
    cell.age = Math.max(cell.age, ageMs);
  }

  /** Takes back what could not be stored. */
  giveBack(cells: readonly FlowCell[]): void {
    this.#returned = [...this.#returned, ...cells];
  }

  /**
   * Takes out all, in one order for all brokers, so that they do not wait for each other crosswise. What was given back stands
   * beside what was gathered since.
   */
  takeAll(): FlowCell[] {
    const cells = [...this.#returned];
    for (const [at, queues] of this.#minutes) {
      // Those of queues that have no rows of their own are there already.
      const all = queues.get("")?.get("") ?? { at, queue: "", type: "", ...createFlowCounts() };
      queues.delete("");
      cells.push(all);
      for (const types of queues.values()) {
        for (const cell of types.values()) {
          mergeFlow(all, cell);
          cells.push(cell);
        }
      }
    }
    this.#returned = [];
    this.#minutes.clear();
    this.#size = 0;
    this.#at = -1;
    return cells.sort((a, b) =>
      a.at - b.at || compare(a.queue, b.queue) || compare(a.type, b.type)
    );
  }

  #addJobs({ fromQueue, fromType, jobs }: JobsChange, kind: CountedKind, now: number): void {
    const at = now - now % finestMs;
    if (at !== this.#at) this.#turnTo(at);
    for (const { queue, type, readyAt, dequeuedAt } of jobs) {
      const cell = this.#find(fromQueue ?? queue, fromType ?? type);
      if (kind === "wait") {
        const taken = dequeuedAt ?? now;
        cell.waits.add(taken - (readyAt ?? taken));
      } else if (kind === "run") {
        cell.completed++;
        cell.runs.add(now - (dequeuedAt ?? now));
      } else cell[kind]++;
    }
  }

  /** Begins a minute, or goes on with one. */
  #turnTo(at: number): void {
    this.#at = at;
    this.#last = undefined;
    this.#now = this.#minutes.get(at) ?? new Map<string, Map<string, FlowCell>>();
    this.#minutes.set(at, this.#now);
    const namedAt = at - at % flowSteps.month.ms;
    if (namedAt === this.#namedAt) return;
    this.#namedAt = namedAt;
    this.#names = new Names();
  }

  /** The cell that a job counts in. */
  #find(queue: string, type: string): FlowCell {
    const last = this.#last;
    if (last !== undefined && last.type === type && last.queue === queue) return last;
    const found = this.#now.get(queue)?.get(type);
    if (found !== undefined) return this.#last = found;
    const name = this.#names.nameOf(queue, type);
    return this.#last = name === undefined ? this.#cellOf("", "") : this.#cellOf(queue, name);
  }

  #cellOf(queue: string, type: string): FlowCell {
    let types = this.#now.get(queue);
    if (types === undefined) this.#now.set(queue, types = new Map());
    let cell = types.get(type);
    if (cell === undefined) {
      types.set(type, cell = { at: this.#at, queue, type, ...createFlowCounts() });
      this.#size++;
    }
    return cell;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
