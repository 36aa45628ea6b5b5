/**
 * Listings: one by one, or page by page, along the links that the server gives.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import type { ErrorRecord } from "../protocol/error-record.ts";
import type { Job } from "../protocol/job.ts";
import { readJobPage, type ReadPage } from "../protocol/page.ts";
import type { Route } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import type { Transport } from "./transport.ts";

/** What leads from a page to the pages around it. */
export interface PageTurns<Page> {
  /** Whether there is a page after this one. */
  readonly hasNext: boolean;
  /** Whether there is a page before this one. */
  readonly hasPrev: boolean;
  /** The page after this one; undefined when this is the last. */
  next(options?: CallOptions): Promise<Page | undefined>;
  /** The page before this one, which lists in the opposite order; undefined when this is the first. */
  prev(options?: CallOptions): Promise<Page | undefined>;
}

/** A page of jobs. */
export interface JobPage<Item = Job> extends PageTurns<JobPage<Item>> {
  /** The jobs, with their payloads. */
  readonly jobs: readonly Item[];
}

/** A page of the failures of a job. */
export interface ErrorPage extends PageTurns<ErrorPage> {
  /** The failures. */
  readonly errors: readonly ErrorRecord[];
}

/** A listing that fetches page after page as it is gone through. */
export interface Listing<Item, Page> extends AsyncIterable<Item> {
  /** Goes through it page by page. */
  pages(): AsyncIterable<Page>;
}

/** What makes pages of one kind. */
export interface PageSource<Item, Page> {
  /** Fetches what is at a path. */
  load(path: string, options: CallOptions | undefined): Promise<ReadPage<Item>>;
  /** Puts items and the ways to the neighbours together. */
  toPage(items: readonly Item[], turns: PageTurns<Page>): Page;
  /** Gives the items of a page. */
  itemsOf(page: Page): readonly Item[];
}

/**
 * The source of pages of jobs.
 *
 * @param call Sends calls.
 * @param route Which listing they are of.
 */
export function createJobPages(
  call: Transport["call"],
  route: Route,
): PageSource<Job, JobPage> {
  return {
    load: (path, options) => call({ route, path }, options, readJobPage),
    toPage: (jobs, turns) => ({ jobs, ...turns }),
    itemsOf: ({ jobs }) => jobs,
  };
}

/**
 * Fetches the page at a path.
 *
 * @throws {ProtocolError} If the page is none, or its links are no paths.
 */
export async function openPage<Item, Page>(
  source: PageSource<Item, Page>,
  path: string,
  options: CallOptions | undefined,
): Promise<Page> {
  return toPage(source, await source.load(path, options));
}

/** A page with nothing on it and nothing around it. */
export function emptyPage<Item, Page>(source: PageSource<Item, Page>): Page {
  return toPage(source, { items: [], links: { next: null, prev: null } });
}

function toPage<Item, Page>(
  source: PageSource<Item, Page>,
  { items, links: { next, prev } }: ReadPage<Item>,
): Page {
  const follow = (link: string | null) => async (options?: CallOptions) => {
    if (link === null) return undefined;
    if (link.startsWith("/")) return await openPage(source, link, options);
    throw new ProtocolError(`Cannot follow the link '${link}': expected a path`);
  };
  return source.toPage(items, {
    hasNext: next !== null,
    hasPrev: prev !== null,
    next: follow(next),
    prev: follow(prev),
  });
}

/** Lists from a first page on. */
export function createListing<Item, Page extends PageTurns<Page>>(
  source: PageSource<Item, Page>,
  openFirst: () => Promise<Page>,
  options: CallOptions | undefined,
): Listing<Item, Page> {
  async function* pages(): AsyncGenerator<Page> {
    for (let page: Page | undefined = await openFirst(); page; page = await page.next(options)) {
      yield page;
    }
  }
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* source.itemsOf(page);
    },
  };
}
