/**
 * The query strings of the calls that tell how jobs, queues and workers fare.
 *
 * @module
 */

import {
  invalid,
  pageParams,
  type PageQuery,
  quote,
  readFlag,
  readInteger,
  readLimit,
  readMaxPayload,
  readPage,
  readParams,
} from "./query.ts";

/** Reads the query string of `GET /failures`. Throws `QueryError`, as all others do. */
export function readGroupsQuery(search: string): PageQuery<string> {
  return readPage(readParams(search, pageParams), (from) => from);
}

/** Reads the query string of `GET /jobs/{id}/history`. */
export function readHistoryQuery(search: string): PageQuery<number> {
  const mostExact = BigInt(Number.MAX_SAFE_INTEGER);
  return readPage(readParams(search, pageParams), (from) => readInteger("from", from, mostExact));
}

/** A place in the list of workers. */
export interface WorkerPlace {
  /** When the worker was seen, in ms since the epoch. */
  readonly seenAt: number;
  readonly id: string;
}

/** Reads the query string of `GET /workers`, which begins with those that were seen last. */
export function readWorkersQuery(search: string): PageQuery<WorkerPlace> {
  const params = new Map([["order", "desc"], ...readParams(search, pageParams)]);
  return readPage(params, (from) => {
    const [, seenAt, id] = /^(\d{1,16})\.(.+)$/s.exec(from) ?? [];
    if (seenAt !== undefined && id !== undefined) return { seenAt: Number(seenAt), id };
    throw invalid(`'from' must be that of a link to another page, got ${quote(from)}`);
  });
}

/** What `GET /queues?detail=true` asks for. */
export interface QueuesQuery extends Omit<PageQuery<string>, "order"> {
  /** Whether each comes with the instant since when its oldest ready job has been ready. */
  readonly age: boolean;
}

/** Reads whether `GET /queues/{queue}` asks for that; other parameters are passed over. */
export function readAge(search: string): boolean {
  return readFlag(new URLSearchParams(search), "age");
}

/** Reads the query string of `GET /queues`; undefined unless it asks for details. */
export function readQueuesQuery(search: string): QueuesQuery | undefined {
  // Without details, parameters are passed over, as the protocol has it.
  if (!new URLSearchParams(search).has("detail")) return undefined;
  const params = readParams(search, ["detail", "from", "limit", "age"]);
  return readFlag(params, "detail")
    ? { from: params.get("from"), limit: readLimit(params), age: readFlag(params, "age") }
    : undefined;
}

/** What `GET /queues/{queue}/next` asks for. */
export interface NextJobsQuery {
  /** How many jobs. */
  readonly limit: number;
  /** Payloads of more bytes are left out. */
  readonly maxPayload: number;
}

/** Reads the query string of `GET /queues/{queue}/serving`: the type of jobs that it asks about, if any. */
export function readServingQuery(search: string): string | undefined {
  return readParams(search, ["type"]).get("type");
}

/** Reads the query string of `GET /queues/{queue}/next`. */
export function readNextQuery(search: string): NextJobsQuery {
  const params = readParams(search, ["limit", "max_payload"]);
  return { limit: readLimit(params), maxPayload: readMaxPayload(params) ?? Infinity };
}

/** A day of UTC, in ms. */
export const dayMs = 86_400_000;

/** Reads the query string of `GET /queues/{queue}/stats`: a day of UTC, counted from the epoch; undefined for today. */
export function readStatsQuery(search: string): number | undefined {
  const day = readParams(search, ["day"]).get("day");
  if (day === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  // A day that its month does not have is read as one of the next.
  if (showDay(at / dayMs) === day) return at / dayMs;
  throw invalid(`'day' must be a day such as 2026-01-31, got ${quote(day)}`);
}

/** A day of UTC, counted from the epoch, as `YYYY-MM-DD`; undefined if it is none. */
export function showDay(day: number): string | undefined {
  const date = new Date(day * dayMs);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);
}
