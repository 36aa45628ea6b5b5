/**
 * Pages of jobs, bounded in bytes, and read piece by piece.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createLimiter } from "../../async/limiter.ts";
import { createTurns } from "../../async/turns.ts";
import type { JobPageQuery, JobSort, PageQuery } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import { payloadSize, withLargePayloads, withMaxPayload } from "../../store/many-jobs.ts";
import { errorSize, findLastError, withLastError } from "../../store/error-records.ts";
import { keyBehind, listJobs } from "../../store/read.ts";
import { nextReadSize, readSize } from "../../store/search.ts";
import { listSorted, type SortedPlace } from "../../store/sorted.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import { readExtras } from "./reading-extras.ts";
import type { Searching } from "./searching.ts";

/**
 * Pages that are read at once, those aside that are searched for: each may hold as much as a page may have. Where the database
 * answers at once, more gain nothing; else they wait for its answers.
 */
const pagesAtOnce = { inProcess: 1, shared: 4 };

/** A page. */
export interface FoundPage {
  readonly jobs: readonly JobRecord[];
  /** Whether there are more behind it. */
  readonly more: boolean;
}

/** What pages are read from. */
export interface ListingOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly searching: Searching;
  /** Bytes of payloads after which a page ends, unless it has no job yet. */
  readonly maxPageBytes: number;
}

/** Gives pages. */
export interface Listing {
  /** A page of a selection: as many jobs as are asked for, or fewer if their payloads are large. */
  list(
    selection: JobSelection,
    page: JobPageQuery,
    matches: PayloadFilter | undefined,
    signal?: AbortSignal,
  ): Promise<FoundPage>;
  /**
   * A page of the jobs of these rows, in their order, bounded in the same way. Rows without a visible job are passed over.
   *
   * @param rows One more than the limit, if there are more.
   */
  listPlaced(
    rows: readonly PlacedRow[],
    page: Pick<JobPageQuery, "limit" | "maxPayload">,
  ): Promise<PlacedPage>;
}

/** A job that has a place in some order. */
export interface PlacedRow {
  readonly seq: number;
  readonly place: number;
}

/** A page in an order of its own. */
export interface PlacedPage extends FoundPage {
  /** The places of the first and the last job of the page; undefined if it is empty. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}

/** Creates a listing. */
export function createListing(
  { store, clock, searching, maxPageBytes }: ListingOptions,
): Listing {
  const limited = createLimiter(clock, pagesAtOnce[store.isShared ? "shared" : "inProcess"]);

  /** Gives pieces of what is asked for, in its order. */
  async function* pieces(
    selection: JobSelection,
    page: PageQuery<string>,
    matches: PayloadFilter | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly JobRecord[], void> {
    const { from, order } = page;
    const now = clock.now();
    let behind = from === undefined ? undefined : await store.read(keyBehind(from, order));
    const limit = page.limit + 1;
    if (matches === undefined && await searching.isSmall(selection)) {
      let size = readSize;
      for (let unread = limit; unread > 0;) {
        const most = Math.min(size, unread);
        const jobs = await store.read(listJobs(selection, { behind, order, limit: most }, now));
        yield jobs;
        if (jobs.length < most) return;
        unread -= most;
        behind = jobs.at(-1)!.seq;
        size = nextReadSize(size, jobs);
      }
      return;
    }
    yield* searching.find(selection, { behind, order, limit }, matches, signal);
  }

  /** The same in the order of an instant. A filter is evaluated here, as no search goes that way. */
  async function* sortedPieces(
    selection: JobSelection,
    { from, order, sort }: JobPageQuery & { readonly sort: JobSort },
    matches: PayloadFilter | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly JobRecord[], void> {
    const now = clock.now();
    const turns = createTurns(clock);
    let behind = from === undefined ? undefined : await findPlace(from, order);
    for (;;) {
      signal?.throwIfAborted();
      const piece = await store.read(listSorted(selection, { sort, order, behind }, now));
      if (matches === undefined) yield piece.jobs;
      else {
        for (const job of piece.jobs) {
          const [whole] = await store.read(withLargePayloads([job]));
          if (matches(whole!)) yield [whole!];
          if (turns.isOver()) await turns.pause();
        }
      }
      if (piece.next === undefined) return;
      behind = piece.next;
      if (turns.isOver()) await turns.pause();
    }
  }

  const findPlace = async (from: string, order: "asc" | "desc"): Promise<SortedPlace> => {
    const point = from.indexOf(".");
    return {
      at: Number(from.slice(0, point)),
      seq: await store.read(keyBehind(from.slice(point + 1), order)),
    };
  };

  async function* piecesOfRows(
    seqs: readonly number[],
  ): AsyncGenerator<readonly JobRecord[], void> {
    const now = clock.now();
    for (let at = 0; at < seqs.length; at += readSize) {
      const seq = seqs.slice(at, at + readSize);
      const page = { behind: undefined, order: "asc", limit: readSize } as const;
      const jobs = new Map<number, JobRecord>();
      for (const job of await store.read(listJobs({ seq }, page, now))) jobs.set(job.seq, job);
      yield seq.map((key) => jobs.get(key)).filter((job) => job !== undefined);
    }
  }

  const toPage = async (jobs: readonly JobRecord[], more: boolean): Promise<FoundPage> => {
    return { jobs: await readExtras(jobs, { store, clock }), more };
  };

  const fill = async (
    pieces: AsyncIterable<readonly JobRecord[]>,
    { limit, lastError = false, maxPayload = Infinity }: Pick<
      JobPageQuery,
      "limit" | "lastError" | "maxPayload"
    >,
  ): Promise<FoundPage> => {
    const jobs: JobRecord[] = [];
    let bytes = 0;
    const turns = createTurns(clock);
    for await (const piece of pieces) {
      for (const job of piece) {
        const error = lastError ? await store.read(findLastError(job)) : undefined;
        const cut = withMaxPayload(job, maxPayload);
        const size = (cut === job ? payloadSize(job) : 0) + errorSize(error);
        const isFull = jobs.length === limit || (jobs.length > 0 && bytes + size > maxPageBytes);
        if (isFull) return await toPage(jobs, true);
        const [whole] = cut !== job || job.largeBytes == null
          ? [cut]
          : await store.read(withLargePayloads([job]));
        jobs.push(error === undefined ? whole! : withLastError(whole!, error));
        bytes += size;
      }
      if (turns.isOver()) await turns.pause();
    }
    return await toPage(jobs, false);
  };

  return {
    list(selection, page, matches, signal) {
      const { sort } = page;
      const found = sort === undefined
        ? pieces(selection, page, matches, signal)
        : sortedPieces(selection, { ...page, sort }, matches, signal);
      // A search takes its turns with others, and may be long.
      return matches === undefined ? limited(() => fill(found, page)) : fill(found, page);
    },
    async listPlaced(found, page) {
      const { limit } = page;
      const rows = found.slice(0, limit);
      const seqs = rows.map(({ seq }) => seq);
      const { jobs, more } = await limited(() => fill(piecesOfRows(seqs), page));
      const places = new Map(rows.map(({ seq, place }) => [seq, place]));
      const placeOf = (at: number) => places.get(jobs.at(at)?.seq ?? -1);
      // Where the last ones are past their retention, the next page goes on behind them.
      const last = more ? placeOf(-1) : rows.at(-1)?.place;
      return {
        jobs,
        more: more || found.length > limit,
        first: placeOf(0) ?? rows[0]?.place,
        last,
      };
    },
  };
}
