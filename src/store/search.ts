/**
 * Searching jobs in pieces, so that other work is done between two pieces.
 *
 * A piece goes through the jobs by their keys, window by window: so a statement looks at a bounded number of jobs,
 * however few of them it finds.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { PayloadFilter } from "./expressions.ts";
import { createManyJobsReader, payloadSize, payloadSizes, withLargePayloads } from "./many-jobs.ts";
import { rowValues, type Transition } from "./transition.ts";
import {
  all,
  type Condition,
  isBetween,
  isVisibleAt,
  type JobSelection,
  whereMatches,
} from "./where.ts";

/** How many jobs the first window has; later ones have more while they take little time. */
const firstWindow = 256;
const largestWindow = 16_384;

/** A window that takes less than this is followed by a larger one, in ms. */
const quickMs = 2;

/** Jobs that are read with the first statement: their payloads are in memory before they are counted. */
export const readSize = 100;

/** The most jobs that are read with one statement: each costs a third less than where few are read. */
const largestRead = 500;

/** Behind jobs whose payloads take no more on average, in bytes or characters, more are read at once. */
const smallPayload = 1024;

/** How many jobs are read next, after up to `size` were read. */
export function nextReadSize(size: number, jobs: readonly JobRecord[]): number {
  const isSmall = payloadSizes(jobs) <= smallPayload * jobs.length;
  return isSmall ? Math.min(2 * size, largestRead) : readSize;
}

/** A piece ends when the payloads of its jobs take more, in bytes. */
const readBytes = 1 << 20;

/** A search: its position, and what it looks for. */
export interface Search {
  readonly selection: JobSelection;
  /** What the payload has to be like; undefined for any. */
  readonly matches: PayloadFilter | undefined;
  readonly order: "asc" | "desc";
  /** The key that the search goes on behind; undefined at the start. */
  readonly from: number | undefined;
  /** How many jobs it is to find at most; may be Infinity. */
  readonly limit: number;
  /** Jobs whose retention ended by then are not seen; undefined sees all. */
  readonly now: number | undefined;
  readonly clock: Clock;
  /** When the piece ends, by the monotonic clock in ms. */
  readonly until: number;
}

/** A piece of a search. */
export interface Found<Item> {
  readonly items: readonly Item[];
  /** The key to go on behind; undefined at the end. */
  readonly next: number | undefined;
}

/** Searches for the keys of jobs until it has found enough, has come to the end, or it is time. */
export function* searchKeys(search: Search): Transition<Found<number>> {
  if (search.matches === undefined) return yield* searchWindows(search, readKeys);
  const { items, next } = yield* searchWindows(search, readMatching(search.matches));
  return { items: items.map(({ seq }) => seq), next };
}

/**
 * Searches for jobs in the same way, and also ends when their payloads take much memory. Without a filter, large payloads
 * are left out.
 */
export function searchRecords(search: Search): Transition<Found<JobRecord>> {
  const { matches } = search;
  return searchWindows(search, matches === undefined ? readMore() : readMatching(matches));
}

/** What one statement is to read. */
interface Reading extends Pick<Search, "order" | "clock" | "until"> {
  /** What the jobs have to meet. */
  readonly condition: Condition;
  /** How many at most. */
  readonly limit: number;
}

/** What one statement read. */
interface Part<Item> extends Found<Item> {
  /** How much memory the payloads take, about. */
  readonly bytes: number;
}

/** Reads jobs; `next` is undefined when there are no more that meet the condition. */
type Reader<Item> = (reading: Reading) => Transition<Part<Item>>;

function* searchWindows<Item>(search: Search, read: Reader<Item>): Transition<Found<Item>> {
  const { order, limit, clock, until } = search;
  const fits = conditionOf(search);
  const items: Item[] = [];
  let bytes = 0;
  let behind = search.from;
  let size = firstWindow;
  for (;;) {
    const startedAt = clock.monotonic();
    const end = yield* windowEnd(search, behind, size);
    for (;;) {
      const condition = all([...isBetween(order, behind, end), fits]);
      const wanted = limit - items.length;
      const part = yield* read({ order, clock, until, condition, limit: wanted });
      for (const item of part.items) items.push(item);
      bytes += part.bytes;
      const next = part.next ?? end;
      const isOver = items.length === limit || bytes > readBytes || clock.monotonic() >= until;
      if (next === undefined || isOver) return { items, next };
      behind = next;
      if (part.next === undefined) break;
    }
    if (clock.monotonic() - startedAt < quickMs) size = Math.min(size * 2, largestWindow);
  }
}

function isLookup({ id, seq }: JobSelection): boolean {
  return id !== undefined || seq !== undefined;
}

/** The condition on the columns of a job. */
function conditionOf({ selection, now }: Search): Condition {
  const fits = whereMatches(selection);
  const condition = now === undefined ? fits : all([isVisibleAt(now), fits]);
  if (isLookup(selection)) return condition;
  // No index but the key serves here: another one would lead through all of a queue for each window. This hides them.
  return { sql: `CASE WHEN ${condition.sql} THEN 1 ELSE 0 END = 1`, params: condition.params };
}

/** The last key of the `size` jobs behind a key; undefined when they are the last ones, or are looked up at once. */
function* windowEnd(
  { selection, order }: Search,
  behind: number | undefined,
  size: number,
): Transition<number | undefined> {
  if (isLookup(selection)) return undefined;
  const { sql, params } = all(isBetween(order, behind));
  const [row] = yield* rowValues(
    `SELECT seq FROM jobs WHERE ${sql} ORDER BY seq ${order} LIMIT 1 OFFSET ?`,
    [...params, size - 1],
  );
  return row?.[0] as number | undefined;
}

function* readKeys({ condition, order, limit }: Reading): Transition<Part<number>> {
  const most = Math.min(limit, largestWindow);
  const found = yield* rowValues(
    `SELECT seq FROM jobs WHERE ${condition.sql} ORDER BY seq ${order} LIMIT ?`,
    [...condition.params, most],
  );
  const items = found.map(([seq]) => seq as number);
  return { items, next: items.length < most ? undefined : items.at(-1), bytes: 0 };
}

const reader = createManyJobsReader();

/** Reads more at once where payloads are small. */
function readMore(): Reader<JobRecord> {
  let size = readSize;
  return function* (reading) {
    const part = yield* readRecords({ ...reading, limit: Math.min(reading.limit, size) });
    size = nextReadSize(size, part.items);
    return part;
  };
}

function* readRecords({ condition, order, limit: most }: Reading): Transition<Part<JobRecord>> {
  const items = yield* reader.read(
    `FROM jobs WHERE ${condition.sql} ORDER BY seq ${order} LIMIT ?`,
    [...condition.params, most],
  );
  const next = items.length < most ? undefined : items.at(-1)!.seq;
  return { items, next, bytes: payloadSizes(items) };
}

/** Reads jobs whose payloads match: stops when it is time, as a filter may take long for each job. */
function readMatching(matches: PayloadFilter): Reader<JobRecord> {
  return function* (reading) {
    const { limit, clock, until } = reading;
    const { items: jobs, next } = yield* readRecords({ ...reading, limit: readSize });
    const items: JobRecord[] = [];
    let bytes = 0;
    for (const [at, job] of jobs.entries()) {
      const [whole] = yield* withLargePayloads([job]);
      bytes += payloadSize(job);
      if (matches(whole!)) items.push(whole!);
      const isLast = at === jobs.length - 1;
      const isOver = items.length === limit || bytes > readBytes || clock.monotonic() >= until;
      if (isOver && !isLast) return { items, next: job.seq, bytes };
    }
    return { items, next, bytes };
  };
}
