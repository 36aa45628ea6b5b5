/**
 * Ready jobs that were read before anybody asked for them.
 *
 * To read few rows costs nearly as much as to read many. So jobs at the head of a queue are read in larger pieces where
 * many are taken, and the next ones are given from memory. For a database that nobody else writes to.
 *
 * What is kept is what the database would give, at each step of each transaction:
 *
 * | What happens                                               | What is done                                        |
 * | ---------------------------------------------------------- | --------------------------------------------------- |
 * | jobs are taken                                             | these are forgotten                                 |
 * | new jobs are stored, ready and before one that is kept     | what stands behind them is forgotten                |
 * | new jobs are stored elsewhere                              | nothing: what is not kept is read when it is needed |
 * | a statement deletes jobs in flight that are done           | nothing: those are not ready                        |
 * | any other statement that may change jobs                   | everything is forgotten                             |
 * | a transaction fails                                        | everything is forgotten                             |
 *
 * @module
 */

import { status } from "../protocol/status.ts";
import type { Change, ChangedJob, ReadyJob } from "./changes.ts";
import type { SqlValue } from "./database.ts";
import { inRow } from "./many-jobs.ts";
import type { JobRange, Place, ReadyRange } from "./ready-range.ts";

/** Reads rows of jobs, as `many-jobs.ts` has them. */
export type ReadRows = (range: JobRange) => SqlValue[][];

/** Rows of a queue that are read ahead, at most. */
const mostRows = 256;

/** What the payloads of the rows that are kept of a queue may take, in bytes or characters. */
const mostBytes = 256 * 1024;

/** Queues of which rows are kept. */
const mostQueues = 32;

/** The rows at the head of a queue: those that are ready, without a gap. */
interface Head {
  rows: SqlValue[][];
  /** How many are read at once: twice as many each time that all were needed. */
  size: number;
}

/** Keeps rows that were read ahead. */
export class ReadyAhead {
  readonly #heads = new Map<string, Head>();
  /** Whether a statement may change jobs, by its text. */
  readonly #mayChange = new Map<string, boolean>();

  /** Gives rows of a queue, in the order of delivery, and reads what is missing. */
  rows({ queue, behind, limit }: ReadyRange, read: ReadRows): SqlValue[][] {
    const head = this.#headOf(queue);
    const last = head.rows.at(-1);
    const isNext = last === undefined ? behind.priority < 0 : compare(last, behind) >= 0;
    if (!isNext) return read({ behind, limit }); // To keep these would leave a gap.
    let from = 0;
    while (from < head.rows.length && compare(head.rows[from]!, behind) <= 0) from++;
    const missing = from + limit - head.rows.length;
    if (missing > 0) {
      const size = Math.max(missing, head.size);
      const found = read({ behind: last === undefined ? behind : placeOf(last), limit: size });
      head.rows.push(...found);
      head.size = found.length < size ? 0 : Math.min(2 * size, mostRows);
    }
    const rows = head.rows.slice(from, from + limit);
    if (missing > 0) cutBack(head, from + limit);
    if (head.rows.length === 0) this.#heads.delete(queue);
    return rows;
  }

  /** Told before a statement is run. */
  noteStatement(sql: string): void {
    if (this.#heads.size === 0) return;
    let mayChange = this.#mayChange.get(sql);
    if (mayChange === undefined) {
      if (this.#mayChange.size === mostTexts) this.#mayChange.clear();
      this.#mayChange.set(sql, mayChange = changesJobs.test(sql));
    }
    if (mayChange) this.forget();
  }

  /** Told of each change of a transaction when it is made. */
  noteChange(change: Change): void {
    if (this.#heads.size === 0 || change.kind !== "jobs") return;
    if (change.cause === "taken") this.#leave(change.jobs);
    else if (change.from === undefined && change.to === status.ready) this.#enter(change.jobs);
  }

  /** Forgets everything. */
  forget(): void {
    this.#heads.clear();
  }

  #headOf(queue: string): Head {
    let head = this.#heads.get(queue);
    if (head === undefined) {
      if (this.#heads.size === mostQueues) this.forget();
      this.#heads.set(queue, head = { rows: [], size: 0 });
    }
    return head;
  }

  #leave(jobs: readonly ChangedJob[]): void {
    for (const { queue, seq } of jobs) {
      const head = this.#heads.get(queue);
      if (head === undefined) continue;
      if (head.rows[0]?.[inRow.seq] === seq) head.rows.shift();
      else head.rows = head.rows.filter((row) => row[inRow.seq] !== seq);
    }
  }

  #enter(jobs: readonly ReadyJob[]): void {
    for (const job of jobs) {
      const head = this.#heads.get(job.queue);
      const last = head?.rows.at(-1);
      if (head === undefined || last === undefined || compare(last, job) < 0) continue;
      head.rows = head.rows.filter((row) => compare(row, job) < 0);
      head.size = 0;
    }
  }
}

/** The texts of statements that are remembered. */
const mostTexts = 1000;

/** Whether a statement may write to the table of jobs: one that only mentions it after `FROM` counts too, but for queries. */
const changesJobs = /^(?!\s*SELECT\b)[^]*\b(?:INTO|UPDATE|FROM|TABLE) jobs\b/i;

/** Negative when a row is delivered before a position. */
function compare(row: readonly SqlValue[], { priority, seq }: Place): number {
  const own = placeOf(row);
  return own.priority - priority || own.seq - seq;
}

function placeOf(row: readonly SqlValue[]): Place {
  return { priority: row[inRow.priority] as number, seq: row[inRow.seq] as number };
}

/** Forgets rows from `least` on whose payloads take too much memory. */
function cutBack(head: Head, least: number): void {
  let bytes = 0;
  for (const [index, row] of head.rows.entries()) {
    const payload = (row[inRow.json] ?? row[inRow.pack]) as string | Uint8Array | null;
    bytes += payload?.length ?? 0;
    if (index >= least && bytes > mostBytes) {
      head.rows.length = index;
      head.size = 0;
      return;
    }
  }
}
