/**
 * The links from one page of a listing to its neighbours.
 *
 * @module
 */

import * as v from "valibot";
import { jobListSchema } from "./enqueue.ts";
import { type ErrorRecord, errorRecordSchema } from "./error-record.ts";
import type { Job } from "./job.ts";
import { maxPageLimit } from "./limits.ts";
import { toWireName } from "./job-fields.ts";
import { readJob } from "./job-read.ts";
import type { JobPageQuery, JobQuery, PageQuery } from "./query.ts";
import { type Range, rangeLimits, showRange } from "./range.ts";
import { readAs, text } from "./schema.ts";
import { statusNames } from "./status.ts";

/** Paths with query strings, relative to the server. */
export interface PageLinks {
  /** This page, with all defaults filled in. */
  readonly self: string;
  /** The page after this; null when this is the last. */
  readonly next: string | null;
  /** The page before this, in the opposite order; null when this is the first. */
  readonly prev: string | null;
}

/** What of a page its links depend on. */
export interface PageBounds<Cursor> {
  /** The first of the page; undefined when it is empty. */
  readonly first: Cursor | undefined;
  /** The last of the page. */
  readonly last: Cursor | undefined;
  /** Whether at least one more comes after it. */
  readonly more: boolean;
}

/**
 * The links of a page of `path`.
 *
 * @param filter The filter as {@linkcode toFilterQuery} writes it, if the listing has one.
 */
export function toPageLinks<Cursor extends string | number>(
  path: string,
  query: PageQuery<Cursor>,
  { first, last, more }: PageBounds<Cursor>,
  filter: string = "",
): PageLinks {
  const link = (from: Cursor | undefined, order: "asc" | "desc") => {
    const cursor = from === undefined ? "" : `from=${encode(`${from}`)}&`;
    return `${path}?${cursor}order=${order}&limit=${query.limit}${filter}`;
  };
  return {
    self: link(query.from, query.order),
    next: more ? link(last, query.order) : null,
    prev: query.from === undefined || first === undefined
      ? null
      : link(first, query.order === "asc" ? "desc" : "asc"),
  };
}

/** The links of a page of `GET /queues?detail=true`, which goes forward only. */
export function toDetailLinks(
  { from, limit, age }: Pick<PageQuery<string>, "from" | "limit"> & { readonly age?: boolean },
  { last, more }: Pick<PageBounds<string>, "last" | "more">,
): PageLinks {
  const link = (from: string | undefined) =>
    `/queues?detail=true${from === undefined ? "" : `&from=${encode(from)}`}&limit=${limit}` +
    (age ? "&age=true" : "");
  return { self: link(from), next: more ? link(last) : null, prev: null };
}

/** The filter of a query for its links, each parameter led by `&`. */
export function toFilterQuery(query: JobQuery): string {
  return [
    list("status", query.status?.map((status) => statusNames[status]!)),
    list("queue", query.queue),
    list("type", query.type),
    list("id", query.id),
    range("priority", query.priority, rangeLimits.priority),
    range("ready_at", query.readyAt, rangeLimits.readyAt),
    range("attempts", query.attempts, rangeLimits.attempts),
    list("budgets.key", query.budget),
    query.failureGroup === undefined ? "" : `&failure_group=${encode(query.failureGroup)}`,
    list("tag", query.tag),
    query.tracked === undefined ? "" : `&tracked=${query.tracked}`,
    query.filter === undefined ? "" : `&filter=${encode(query.filter)}`,
  ].join("");
}

/** How the jobs of a page come, for its links, each parameter led by `&`. */
export function toViewQuery(
  { sort, lastError, maxPayload }: Pick<JobPageQuery, "sort" | "lastError" | "maxPayload">,
): string {
  return (sort === undefined ? "" : `&sort=${toWireName(sort)}`) +
    (lastError ? "&last_error=true" : "") +
    (maxPayload === undefined ? "" : `&max_payload=${maxPayload}`);
}

/** Which page of a listing a user asks for. */
export interface PageRequest<Cursor = string> {
  /** The page begins behind this one, which need not exist. Left out, it is the first page. */
  readonly from?: Cursor | undefined;
  /**
   * `asc` is oldest first, `desc` newest first.
   *
   * @default {"asc"}
   */
  readonly order?: "asc" | "desc" | undefined;
  /**
   * How many are on a page, from 1 to 2000.
   *
   * @default {50}
   */
  readonly limit?: number | undefined;
}

/**
 * Writes the page as parameters of a query string, ready to be joined by `&`.
 *
 * @throws {RangeError} If `limit` is out of range.
 */
export function toPageParams({ from, order, limit }: PageRequest<string | number>): string[] {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= maxPageLimit)) {
    throw new RangeError(
      `Cannot list with 'limit' ${limit}: expected an integer from 1 to ${maxPageLimit}`,
    );
  }
  return [
    ...(from === undefined ? [] : [`from=${encode(`${from}`)}`]),
    ...(order === undefined ? [] : [`order=${order}`]),
    ...(limit === undefined ? [] : [`limit=${limit}`]),
  ];
}

/** A page of anything, as it was read. */
export interface ReadPage<Item> {
  /** What is on the page. */
  readonly items: readonly Item[];
  /** The links to its neighbours. */
  readonly links: Pick<PageLinks, "next" | "prev">;
}

/** Reads the answer to `GET /jobs`. */
export function readJobPage(value: unknown): ReadPage<Job> {
  return { items: readJobs(value), links: readAs(linksSchema, value).pages };
}

/** Reads the answer to `GET /queues/{queue}/next`. */
export function readJobs(value: unknown): Job[] {
  return readAs(jobListSchema, value).jobs.map(readJob);
}

/** Reads the answer to `GET /jobs/{id}/errors`. */
export function readErrorPage(value: unknown): ReadPage<ErrorRecord> {
  const { errors: items } = readAs(errorListSchema, value);
  return { items, links: readAs(linksSchema, value).pages };
}

const errorListSchema: v.GenericSchema<unknown, { readonly errors: ErrorRecord[] }> = v.object(
  { errors: v.array(errorRecordSchema, "a list") },
  "an object",
);

/** Reads the links of any page. */
export const linksSchema: v.GenericSchema<
  unknown,
  { readonly pages: Pick<PageLinks, "next" | "prev"> }
> = v.object({
  pages: v.object({ next: v.nullish(text, null), prev: v.nullish(text, null) }, "an object"),
}, "an object");

function list(param: string, values: readonly string[] | undefined): string {
  return values === undefined ? "" : `&${param}=${values.map(encode).join(",")}`;
}

function range(param: string, bounds: Range | undefined, limit: bigint): string {
  return bounds === undefined ? "" : `&${param}=${showRange(bounds, limit)}`;
}

/** Percent-encodes all but the unreserved characters, of which `encodeURIComponent` knows five too many. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
