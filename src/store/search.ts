/**
 * Searching jobs in pieces, so that other work is done between two pieces.
 *
 * A piece goes through the jobs by their keys, window by window: first the jobs of a window are selected by their
 * columns, then their payloads are read and looked at, a few at a time.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { PayloadFilter } from "./expressions.ts";
import { isOneOf } from "./dialect.ts";
import { createManyJobsReader, payloadSize, withLargePayloads } from "./many-jobs.ts";
import { rowValues, type Transition } from "./transition.ts";
import { isVisible, type JobSelection, whereMatches } from "./where.ts";

/** How many jobs the first window has; later ones have more while they take little time. */
const firstWindow = 256;
const largestWindow = 16_384;

/** A window that takes less than this is followed by a larger one, in ms. */
const quickMs = 2;

/** Jobs whose payloads are read with one statement. */
const readSize = 50;

/** Payloads that are in memory at a time, in bytes, unless a single one is larger. */
const readBytes = 1 << 20;

/** A search: its position, and what it looks for. */
export interface Search {
  readonly selection: JobSelection;
  /** What the payload has to be like; undefined for any. */
  readonly matches: PayloadFilter | undefined;
  readonly order: "asc" | "desc";
  /** The key that the search goes on behind; undefined at the start. */
  readonly from: number | undefined;
  /** How many jobs it is to find at most. */
  readonly limit: number;
  /** Jobs whose retention ended by then are not seen; undefined sees all. */
  readonly now: number | undefined;
  readonly clock: Clock;
  /** When the piece ends, in ms since the epoch. */
  readonly until: number;
}

/** A piece of a search. */
export interface Found {
  /** The keys of the jobs that were found. */
  readonly seqs: readonly number[];
  /** Where to go on; undefined at the end. */
  readonly next: number | undefined;
}

/** Searches until it has found enough, has come to the end, or it is time. */
export function* searchJobs(search: Search): Transition<Found> {
  const { matches, limit, clock, until } = search;
  const seqs: number[] = [];
  let at = search.from;
  let size = firstWindow;
  for (;;) {
    const startedAt = clock.now();
    const { found, end } = yield* readWindow(search, at, size);
    if (matches === undefined) {
      for (const seq of found) {
        seqs.push(seq);
        if (seqs.length === limit) return { seqs, next: seq };
      }
    } else {
      let done = 0;
      while (done < found.length) {
        const part = found.slice(done, done + readSize);
        const read = yield* matching(part, { ...search, matches });
        for (const seq of read.seqs) {
          seqs.push(seq);
          if (seqs.length === limit) return { seqs, next: seq };
        }
        done += read.count;
        if (clock.now() >= until) return { seqs, next: found[done - 1] };
      }
    }
    if (end === undefined) return { seqs, next: undefined };
    at = end;
    if (clock.now() >= until) return { seqs, next: at };
    if (clock.now() - startedAt < quickMs) size = Math.min(size * 2, largestWindow);
  }
}

/**
 * Selects jobs of a window by their columns.
 *
 * @returns Their keys, and the last key of the window; undefined when it was the last one.
 */
function* readWindow(
  { selection, order, now }: Search,
  from: number | undefined,
  size: number,
): Transition<{ readonly found: number[]; readonly end: number | undefined }> {
  const { sql, params } = whereMatches(selection);
  const visible = now === undefined ? "1 = 1" : isVisible;
  const seen = now === undefined ? [] : [now];
  const behind = from === undefined ? "1 = 1" : `seq ${order === "asc" ? ">" : "<"} ?`;
  const start = from === undefined ? [] : [from];
  if (selection.id !== undefined || selection.seq !== undefined) {
    // These are a window of their own.
    const found = yield* rowValues(
      `SELECT seq FROM jobs WHERE ${behind} AND ${visible} AND ${sql} ORDER BY seq ${order}`,
      [...start, ...seen, ...params],
    );
    return { found: found.map(([seq]) => seq as number), end: undefined };
  }
  // In its case no index but the key serves: another one would lead through all of a queue for each window.
  const window = yield* rowValues(
    `SELECT seq, CASE WHEN ${visible} AND ${sql} THEN 1 ELSE 0 END AS fits FROM jobs
     WHERE ${behind} ORDER BY seq ${order} LIMIT ?`,
    [...seen, ...params, ...start, size],
  );
  const found = window.filter(([, fits]) => fits === 1).map(([seq]) => seq as number);
  const end = window.length < size ? undefined : window.at(-1)![0] as number;
  return { found, end };
}

const reader = createManyJobsReader();

/**
 * Reads payloads of jobs, and gives the keys of those that match, and how many were looked at: at least one, and no more
 * when it is time, as a filter may take long for each.
 */
function* matching(
  seqs: readonly number[],
  { matches, order, clock, until }: Search & { readonly matches: PayloadFilter },
): Transition<{ readonly seqs: number[]; readonly count: number }> {
  const jobs = yield* reader.read(
    `FROM jobs WHERE ${isOneOf("seq", "integers")} ORDER BY seq ${order}`,
    [JSON.stringify(seqs)],
  );
  const found: number[] = [];
  let bytes = 0;
  let last: JobRecord | undefined;
  for (const job of jobs) {
    bytes += payloadSize(job);
    if (last !== undefined && (bytes > readBytes || clock.now() >= until)) {
      return { seqs: found, count: seqs.indexOf(last.seq) + 1 };
    }
    const [whole] = yield* withLargePayloads([job]);
    if (matches(whole!)) found.push(job.seq);
    last = job;
  }
  return { seqs: found, count: seqs.length };
}
