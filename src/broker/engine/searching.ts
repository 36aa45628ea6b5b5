/**
 * Calls with a payload filter: a search in pieces of some milliseconds, with other work done between them.
 *
 * So such a call does not see the jobs as they were at one instant. What it changes it changes piece by piece, each in a
 * transaction of its own that meets only jobs which still match all but the filter; a payload changes only by being
 * folded.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import { type Search, searchJobs } from "../../store/search.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";

/** How long a piece may hold the event loop, in ms. */
const turnMs = 10;

/** Searches by payload. */
export interface Searching {
  /** A page of what matches. */
  list(
    selection: JobSelection,
    page: PageQuery<string>,
    matches: PayloadFilter,
  ): Promise<readonly JobRecord[]>;
  /** How many jobs match. */
  count(selection: JobSelection, matches: PayloadFilter): Promise<number>;
  /** Selects what matches, piece by piece, also what is past its retention. */
  pieces(selection: JobSelection, matches: PayloadFilter): AsyncIterable<JobSelection>;
}

/** Creates searches in a store. */
export function createSearching(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Searching {
  async function* search(
    query: Omit<Search, "clock" | "until">,
  ): AsyncGenerator<readonly JobRecord[], void> {
    let { from, limit } = query;
    while (true) {
      const until = clock.now() + turnMs;
      const found = await store.read(searchJobs({ ...query, from, limit, clock, until }));
      if (found.jobs.length > 0) yield found.jobs;
      limit -= found.jobs.length;
      if (found.next === undefined || limit === 0) return;
      from = found.next;
      await new Promise<void>((resolve) => clock.defer(resolve));
    }
  }

  const everything = { order: "asc", from: undefined, limit: Infinity } as const;

  return {
    async list(selection, page, matches) {
      const jobs: JobRecord[] = [];
      for await (const piece of search({ selection, matches, ...page, now: clock.now() })) {
        jobs.push(...piece);
      }
      return jobs;
    },
    async count(selection, matches) {
      let count = 0;
      const query = { selection, matches, ...everything, now: clock.now() };
      for await (const piece of search(query)) count += piece.length;
      return count;
    },
    async *pieces(selection, matches) {
      for await (const piece of search({ selection, matches, ...everything, now: undefined })) {
        yield { ...selection, id: piece.map(({ id }) => id) };
      }
    },
  };
}
