/**
 * The query strings of the calls on tags.
 *
 * @module
 */

import {
  invalid,
  type JobPageQuery,
  pageParams,
  type PageQuery,
  QueryError,
  readInteger,
  readLimit,
  readList,
  readMaxPayload,
  readPage,
  readParams,
} from "./query.ts";
import { parseInteger, rangeLimits, toNumber } from "./range.ts";

/** What `GET /tags` asks for. */
export interface TagsQuery {
  /** How many jobs have each tag at least. */
  readonly min: number;
  /** The last tag of the page before, and how many jobs had it. */
  readonly from: { readonly count: number; readonly tag: string } | undefined;
  readonly limit: number;
}

/** Reads the query string of `GET /tags`. Throws {@linkcode QueryError}, as the others. */
export function readTagsQuery(search: string): TagsQuery {
  const params = readParams(search, ["from", "limit", "min"]);
  const from = params.get("from");
  return {
    min: readInteger("min", params.get("min") ?? "1", rangeLimits.attempts),
    from: from === undefined ? undefined : readCursor(from),
    limit: readLimit(params),
  };
}

function readCursor(from: string): TagsQuery["from"] {
  const comma = from.indexOf(",");
  const count = parseInteger(from.slice(0, comma), rangeLimits.attempts);
  if (comma !== -1 && count !== undefined) {
    return { count: toNumber(count), tag: from.slice(comma + 1) };
  }
  throw invalid(`'from' must be a count, a comma and a tag, got ${JSON.stringify(from)}`);
}

/** A page of jobs in an order of its own; the cursor is the place of a job in it. */
export type PlacePageQuery = PageQuery<number> & Pick<JobPageQuery, "maxPayload">;

/** Reads the query string of `GET /tags/{tag}` and `GET /tracked`. */
export function readPlacePage(search: string): PlacePageQuery {
  const params = readParams(search, [...pageParams, "max_payload"]);
  const page = readPage(params, (from) => readInteger("from", from, rangeLimits.readyAt));
  return { ...page, maxPayload: readMaxPayload(params) };
}

/** Reads the query string of `DELETE /jobs/{id}/tags`. */
export function readTagsToRemove(search: string): readonly string[] {
  const tags = readList(readParams(search, ["tag"]).get("tag"));
  if (tags !== undefined) return tags;
  throw new QueryError("'tag' is missing: name the tags to remove, separated by commas");
}
