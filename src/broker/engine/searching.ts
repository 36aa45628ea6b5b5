/**
 * Calls on jobs that no index leads to: a search in pieces of some milliseconds, with other work done between them.
 *
 * So such a call does not see the jobs as they were at one instant. What it changes it changes piece by piece, each in a
 * transaction of its own that meets only jobs which still match all but the filter; a payload changes only by being
 * folded.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause, turnMs } from "../../async/turns.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { sumCounts } from "../../store/counts.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import { type Found, type Search, searchKeys, searchRecords } from "../../store/search.ts";
import type { Store } from "../../store/store.ts";
import { keysTagged } from "../../store/tags.ts";
import { keysTracked } from "../../store/tracking.ts";
import type { Transition } from "../../store/transition.ts";
import type { JobSelection } from "../../store/where.ts";
import { createTurnstile } from "./turnstile.ts";

/** Jobs that one transaction changes at most. */
const pieceSize = 500;

/** Rows that a transaction which changes a piece writes, about: so many that no other call shares it. */
export const piecesRows = 2000;

/** A selection of so many jobs is read without a search: that takes no longer than a piece of one. */
const fewJobs = 10_000;

/** Where a search begins, and where it ends. */
export interface SearchRange {
  /** The key that the search begins behind; undefined at the start. */
  readonly behind: number | undefined;
  readonly order: "asc" | "desc";
  /** How many jobs to find at most. */
  readonly limit: number;
}

/** Searches. */
export interface Searching {
  /** Whether the jobs of a selection can be read with one statement, as an index leads to them or there are few at all. */
  isSmall(selection: JobSelection): Promise<boolean>;
  /**
   * What matches, piece by piece; large payloads may be left out. As all searches, it ends when its signal is aborted.
   */
  find(
    selection: JobSelection,
    range: SearchRange,
    matches: PayloadFilter | undefined,
    signal?: AbortSignal,
  ): AsyncIterable<readonly JobRecord[]>;
  /** How many jobs match. */
  count(
    selection: JobSelection,
    matches: PayloadFilter | undefined,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Selects what matches, piece by piece, also what is past its retention. */
  pieces(
    selection: JobSelection,
    matches: PayloadFilter | undefined,
    signal?: AbortSignal,
  ): AsyncIterable<JobSelection>;
}

/** Creates searches in a store. */
export function createSearching(
  { store, clock, maxSearches }: {
    readonly store: Store;
    readonly clock: Clock;
    /** How many searches may be under way. */
    readonly maxSearches: number;
  },
): Searching {
  const turnstile = createTurnstile({ clock, maxSearches });

  async function* search<Item>(
    runPiece: (search: Search) => Transition<Found<Item>>,
    query: Omit<Search, "clock" | "until">,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Item[], void> {
    let { from, limit } = query;
    if (limit === 0) return;
    const leave = turnstile.enter();
    try {
      for (;;) {
        const found = await turnstile.pass(() => {
          signal?.throwIfAborted();
          const until = clock.monotonic() + turnMs;
          return store.read(runPiece({ ...query, from, limit, clock, until }));
        });
        if (found.items.length > 0) yield found.items;
        limit -= found.items.length;
        if (found.next === undefined || limit === 0) return;
        from = found.next;
      }
    } finally {
      leave();
    }
  }

  /** How many jobs the kept counts say that there are at most: when so many are found, the search is over. */
  const countAtMost = async ({ status, queue, type }: JobSelection): Promise<number> => {
    const { count, next } = await store.read(sumCounts({ status, queue, type }));
    return next === undefined ? count : Infinity;
  };

  /** Names the rows of jobs with a tag that few have, or of the tracked ones: they are looked up and not searched for. */
  const toNarrow = async (selection: JobSelection): Promise<JobSelection> => {
    const { id, seq, tag, tracked } = selection;
    if (id !== undefined || seq !== undefined) return selection;
    const keys = tag !== undefined
      ? await store.read(keysTagged(tag, fewJobs))
      : tracked === true
      ? await store.read(keysTracked(fewJobs))
      : undefined;
    return keys === undefined ? selection : { ...selection, seq: keys };
  };

  const everything = { order: "asc", from: undefined } as const;

  return {
    async isSmall(selection) {
      if (selection.id !== undefined) return true;
      const conditions = Object.values(selection);
      // Without a condition, each job that is read is one that is asked for.
      if (conditions.every((condition) => condition === undefined)) return true;
      return await countAtMost({}) <= fewJobs;
    },
    async *find(given, { behind, order, limit }, matches, signal) {
      const selection = await toNarrow(given);
      const query = { selection, matches, order, now: clock.now() };
      let from = behind;
      let found = 0;
      let most = behind === undefined ? await countAtMost(selection) : Infinity;
      for (;;) {
        const wanted = Math.min(limit, most) - found;
        for await (const jobs of search(searchRecords, { ...query, from, limit: wanted }, signal)) {
          yield jobs;
          found += jobs.length;
          from = jobs.at(-1)!.seq;
        }
        if (found === limit || found < most) return;
        // One of these may have come after they were counted.
        const counted = await countAtMost(selection);
        if (counted <= most) return;
        most = counted;
      }
    },
    async count(given, matches, signal) {
      const selection = await toNarrow(given);
      let count = 0;
      const limit = await countAtMost(selection);
      const query = { selection, matches, ...everything, limit, now: clock.now() };
      for await (const piece of search(searchKeys, query, signal)) count += piece.length;
      return count;
    },
    async *pieces(selection, matches, signal) {
      const limit = await countAtMost(selection);
      const narrow = await toNarrow(selection);
      const query = { selection: narrow, matches, ...everything, limit, now: undefined };
      for await (const found of search(searchKeys, query, signal)) {
        for (let at = 0; at < found.length; at += pieceSize) {
          if (at > 0) await pause(clock);
          yield { ...selection, seq: found.slice(at, at + pieceSize) };
        }
      }
    },
  };
}
