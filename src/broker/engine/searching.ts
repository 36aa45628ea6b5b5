/**
 * Calls with a payload filter: a search in pieces of some milliseconds, between which everybody else has a turn.
 *
 * So such a call does not see the jobs as they were at one instant. What it changes it changes piece by piece, each in a
 * transaction of its own that meets only jobs which still fit all but the filter; a payload changes only by being
 * folded.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { type Search, searchJobs } from "../../store/search.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import type { PayloadFilter } from "./expressions.ts";

/** How long a piece may hold the event loop, in ms. */
const turnMs = 10;

/** Searches by payload. */
export interface Searching {
  /** A page of what fits. */
  list(
    selection: JobSelection,
    page: PageQuery<string>,
    fits: PayloadFilter,
  ): Promise<readonly JobRecord[]>;
  /** How many jobs fit. */
  count(selection: JobSelection, fits: PayloadFilter): Promise<number>;
  /** Selects what fits, piece by piece, also what is past its retention. */
  pieces(selection: JobSelection, fits: PayloadFilter): AsyncIterable<JobSelection>;
}

/** Creates searches in a store. */
export function createSearching(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Searching {
  async function* search(
    query: Omit<Search, "isOver">,
  ): AsyncGenerator<readonly JobRecord[], void> {
    let { from, limit } = query;
    while (true) {
      const startedAt = clock.now();
      const isOver = () => clock.now() - startedAt >= turnMs;
      const found = await store.read(searchJobs({ ...query, from, limit, isOver }));
      if (found.jobs.length > 0) yield found.jobs;
      limit -= found.jobs.length;
      if (found.next === undefined || limit === 0) return;
      from = found.next;
      await new Promise<void>((resolve) => clock.defer(resolve));
    }
  }

  const everything = { order: "asc", from: undefined, limit: Infinity } as const;

  return {
    async list(selection, page, fits) {
      const jobs: JobRecord[] = [];
      for await (const piece of search({ selection, fits, ...page, now: clock.now() })) {
        jobs.push(...piece);
      }
      return jobs;
    },
    async count(selection, fits) {
      let count = 0;
      const query = { selection, fits, ...everything, now: clock.now() };
      for await (const piece of search(query)) count += piece.length;
      return count;
    },
    async *pieces(selection, fits) {
      for await (const piece of search({ selection, fits, ...everything, now: undefined })) {
        yield { ...selection, id: piece.map(({ id }) => id) };
      }
    },
  };
}
