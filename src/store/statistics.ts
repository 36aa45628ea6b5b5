/**
 * How the jobs of a queue fared on a day: gathered in memory from what commits changed, and added to the rows of
 * `statistics` from time to time.
 *
 * | Counted      | When                                                             | In the queue that                |
 * | ------------ | ---------------------------------------------------------------- | -------------------------------- |
 * | a wait       | a job is taken: since it was ready (`readyAt`)                   | it was taken from                |
 * | a run        | a run succeeds, also if the job goes on in another queue: since the job was taken | it was in       |
 * | a retry      | a run fails, or its lease is lost, and the job is to run again   | it was in                        |
 * | a failure    | the same, and the job is dead                                    | it was in                        |
 * | a cancellation | a run ends because somebody cancelled the job                  | it was in                        |
 *
 * Days are those of UTC. What happens to jobs without a run is not counted. How many jobs are dead still is counted by
 * `failure_counts`, so that it is right at any time.
 *
 * @module
 */

import { status } from "../protocol/status.ts";
import type { Change, JobsChange } from "./changes.ts";
import { lockRows } from "./dialect.ts";
import { Distribution } from "./distribution.ts";
import { dayOf } from "./failures-table.ts";
import { rows, run, StaleReadError, type Transition } from "./transition.ts";

/** What was gathered of a queue and a day, or is stored of it. */
export interface Tally {
  readonly queue: string;
  /** Counted from the epoch. */
  readonly day: number;
  readonly waits: Distribution;
  readonly runs: Distribution;
  retries: number;
  failures: number;
  cancelled: number;
}

function createTally(queue: string, day: number): Tally {
  return {
    queue,
    day,
    waits: new Distribution(),
    runs: new Distribution(),
    retries: 0,
    failures: 0,
    cancelled: 0,
  };
}

function mergeTally(into: Tally, from: Tally): void {
  into.waits.merge(from.waits);
  into.runs.merge(from.runs);
  into.retries += from.retries;
  into.failures += from.failures;
  into.cancelled += from.cancelled;
}

/** What a change counts as; a wait and a run besides measure a span. */
export type CountedKind = "enqueued" | "wait" | "run" | "retries" | "failures" | "cancelled";

/** Says what a change counts as; undefined if it is not counted. */
export function countedKindOf({ cause, from, to }: JobsChange): CountedKind | undefined {
  if (from === undefined) return to === undefined ? undefined : "enqueued";
  if (cause === "taken") return "wait";
  if (from !== status.inFlight) return undefined;
  switch (cause) {
    case "succeeded":
    case "advanced":
      return "run";
    case "cancelled":
      return "cancelled";
    case "failed":
    case "lease-lost":
      if (to === status.inFlight) return undefined;
      return to === status.dead || to === undefined ? "failures" : "retries";
    default:
      return undefined;
  }
}

/** Gathers what changes say. */
export class Tallies {
  readonly #tallies = new Map<string, Tally>();
  /** Jobs that follow each other are mostly of the same queue. */
  #last: Tally | undefined;

  /** Of how many queues and days something was gathered. */
  get size(): number {
    return this.#tallies.size;
  }

  /** Adds what a commit changed by `now`, in ms since the epoch. */
  add(changes: readonly Change[], now: number): void {
    for (const change of changes) if (change.kind === "jobs") this.#addJobs(change, now);
  }

  /** Adds a tally. */
  merge(tally: Tally): void {
    mergeTally(this.#of(tally.queue, tally.day), tally);
  }

  /** Takes out all, in one order for all brokers, so that they do not wait for each other crosswise. */
  takeAll(): Tally[] {
    const all = [...this.#tallies.values()];
    this.#tallies.clear();
    this.#last = undefined;
    return all.sort((a, b) => a.day - b.day || (a.queue < b.queue ? -1 : 1));
  }

  #addJobs(change: JobsChange, now: number): void {
    const kind = countedKindOf(change);
    if (kind === undefined || kind === "enqueued") return;
    const { fromQueue, jobs } = change;
    const day = dayOf(now);
    for (const { queue, readyAt, dequeuedAt } of jobs) {
      const tally = this.#of(fromQueue ?? queue, day);
      if (kind === "wait") {
        const taken = dequeuedAt ?? now;
        tally.waits.add(taken - (readyAt ?? taken));
      } else if (kind === "run") tally.runs.add(now - (dequeuedAt ?? now));
      else tally[kind]++;
    }
  }

  #of(queue: string, day: number): Tally {
    const last = this.#last;
    if (last !== undefined && last.queue === queue && last.day === day) return last;
    const key = `${day} ${queue}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) this.#tallies.set(key, tally = createTally(queue, day));
    return this.#last = tally;
  }
}

const insertTally = `INSERT INTO statistics (waits, runs, retries, failures, cancelled, queue, day)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (queue, day) DO NOTHING`;

const updateTally =
  `UPDATE statistics SET waits = ?, runs = ?, retries = ?, failures = ?, cancelled = ?
  WHERE queue = ? AND day = ?`;

/**
 * Adds tallies to what is stored.
 *
 * @throws {StaleReadError} If another broker stored the first one of a queue and a day meanwhile: no row could be locked then.
 */
export function* addTallies(tallies: readonly Tally[]): Transition<void> {
  for (const tally of tallies) {
    const { queue, day } = tally;
    const stored = yield* readTally(queue, day, lockRows);
    const total = stored ?? createTally(queue, day);
    mergeTally(total, tally);
    const { waits, runs, retries, failures, cancelled } = total;
    const changed = yield* run(
      stored === undefined ? insertTally : updateTally,
      [waits.toText(), runs.toText(), retries, failures, cancelled, queue, day],
    );
    if (changed === 0) throw new StaleReadError(`Statistics of '${queue}' were written meanwhile`);
  }
}

function* readTally(
  queue: string,
  day: number,
  lock: typeof lockRows | "" = "",
): Transition<Tally | undefined> {
  const [row] = yield* rows<
    {
      readonly waits: string;
      readonly runs: string;
      readonly retries: number;
      readonly failures: number;
      readonly cancelled: number;
    }
  >(
    `SELECT waits, runs, retries, failures, cancelled FROM statistics WHERE queue = ? AND day = ? ${lock}`,
    [queue, day],
  );
  if (row === undefined) return undefined;
  const { waits, runs, retries, failures, cancelled } = row;
  return {
    queue,
    day,
    waits: Distribution.fromText(waits),
    runs: Distribution.fromText(runs),
    retries,
    failures,
    cancelled,
  };
}

/** What is stored of a queue and a day, and how many jobs that died there then are dead still. */
export interface DayTally extends Tally {
  readonly failed: number;
}

/** Reads the statistics of a queue and a day; those of a day without any are all 0. */
export function* readDay(queue: string, day: number): Transition<DayTally> {
  const tally = (yield* readTally(queue, day)) ?? createTally(queue, day);
  const [row] = yield* rows<{ failed: number | null }>(
    "SELECT sum(jobs) AS failed FROM failure_counts WHERE queue = ? AND day = ?",
    [queue, day],
  );
  return { ...tally, failed: Number(row?.failed ?? 0) };
}

/** Rows that one piece of forgetting deletes. */
const pieceSize = 500;

/**
 * Deletes some of the statistics of days before `day`.
 *
 * @returns Whether there may be more.
 */
export function* forgetDays(day: number): Transition<boolean> {
  const old = yield* rows<{ queue: string; day: number }>(
    "SELECT queue, day FROM statistics WHERE day < ? ORDER BY day LIMIT ?",
    [day, pieceSize],
  );
  for (const { queue, day } of old) {
    yield* run("DELETE FROM statistics WHERE queue = ? AND day = ?", [queue, day]);
  }
  return old.length === pieceSize;
}

/** The first day of which there are statistics; undefined when there are none. */
export function* firstDay(): Transition<number | undefined> {
  const [row] = yield* rows<{ day: number | null }>("SELECT min(day) AS day FROM statistics");
  return row?.day ?? undefined;
}

/** Deletes all statistics. */
export function* removeStatistics(): Transition<void> {
  yield* run("DELETE FROM statistics");
}
