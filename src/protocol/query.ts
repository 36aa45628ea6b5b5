/**
 * Query strings, as the broker reads them: strictly, because a misspelt filter would match everything.
 *
 * @module
 */

import { checkJobId } from "./job-id.ts";
import { checkLeaseMs, maxPageLimit } from "./limits.ts";
import { parseInteger, parseRange, type Range, rangeLimits, toNumber } from "./range.ts";
import { isFinished, status, statuses, statusLabel, statusNames } from "./status.ts";

/** A query string that cannot be served; the message is the whole answer. */
export class QueryError extends Error {
  /** The literal name of this class. */
  override readonly name = "QueryError";
  /** The HTTP status to answer. */
  readonly status: 400 | 422;

  /** Takes the message of the answer and its status. */
  constructor(message: string, status: 400 | 422 = 400) {
    super(message);
    this.status = status;
  }
}

/** Which jobs a call is about: those that fit every member given. Lists are sorted and hold each value once. */
export interface JobQuery {
  /** Codes of statuses. */
  readonly status?: readonly number[] | undefined;
  readonly queue?: readonly string[] | undefined;
  readonly type?: readonly string[] | undefined;
  readonly id?: readonly string[] | undefined;
  readonly priority?: Range | undefined;
  readonly readyAt?: Range | undefined;
  readonly attempts?: Range | undefined;
  /** Keys of budgets, of which a job draws on one at least. */
  readonly budget?: readonly string[] | undefined;
  /** The group of failures that a dead job is in. */
  readonly failureGroup?: string | undefined;
  /** Tags, of which a job has one at least. */
  readonly tag?: readonly string[] | undefined;
  /** Whether somebody tracks it. */
  readonly tracked?: boolean | undefined;
  /** A jq expression on the payload, as it was sent. */
  readonly filter?: string | undefined;
}

/** Which page of a listing is asked for. */
export interface PageQuery<Cursor> {
  /** Goes on behind this one, which need not exist. */
  readonly from: Cursor | undefined;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

/** The instants that jobs can be listed by. */
export type JobSort = "readyAt" | "completedAt" | "failedAt";

/** Which page of jobs is asked for, and how they are shown. */
export interface JobPageQuery extends PageQuery<string> {
  /** The instant whose order they come in; undefined for that of their ids. */
  readonly sort?: JobSort | undefined;
  /** Whether each comes with its last error record. */
  readonly lastError?: boolean | undefined;
  /** Payloads of more bytes are left out; undefined for none. */
  readonly maxPayload?: number | undefined;
}

/** What `GET /jobs` asks for. */
export interface JobListQuery {
  readonly jobs: JobQuery;
  readonly page: JobPageQuery;
}

/** What `GET /jobs/take` asks for. */
export interface TakeQuery {
  /** How many jobs may be out on the stream at a time; 0 is any number. */
  readonly prefetch: number;
  /** The queues to serve; undefined is all. */
  readonly queues: readonly string[] | undefined;
  /** How long the leases last that jobs are delivered under, in ms; undefined for jobs without leases. */
  readonly leaseMs: number | undefined;
}

/**
 * Reads the query string of `GET /jobs`. Throws {@linkcode QueryError}: for the query as a whole first, then for
 * the limit, then for the ids.
 */
export function readListQuery(search: string): JobListQuery {
  const params = readParams(search, [...filterParams, ...pageParams, ...viewParams]);
  const jobs = readJobQuery(params);
  const sort = readSort(params.get("sort"), jobs);
  const page = readPage(params, (from) => sort === undefined ? from : readPlace(from));
  const lastError = readFlag(params, "last_error");
  const maxPayload = readMaxPayload(params);
  refuseBadIds(jobs);
  return {
    jobs,
    page: {
      ...page,
      ...sort && { sort },
      ...lastError && { lastError },
      ...maxPayload !== undefined && { maxPayload },
    },
  };
}

/** Reads the query string of `GET /jobs/{id}`; other parameters are passed over. Throws {@linkcode QueryError}. */
export function readGetQuery(search: string): Pick<JobPageQuery, "lastError" | "maxPayload"> {
  const params = new URLSearchParams(search);
  return { lastError: readFlag(params, "last_error"), maxPayload: readMaxPayload(params) };
}

/** Reads how many bytes a payload has at most that is shown; undefined for any. */
export function readMaxPayload(
  params: { get(name: string): string | null | undefined },
): number | undefined {
  const most = params.get("max_payload");
  return most == null ? undefined : readInteger("max_payload", most, u32);
}

/** The instants by their names on the wire, and the status of the jobs that have each in an order. */
const sorts: ReadonlyMap<string, readonly [sort: JobSort, code: number]> = new Map([
  ["ready_at", ["readyAt", status.scheduled]],
  ["completed_at", ["completedAt", status.completed]],
  ["failed_at", ["failedAt", status.dead]],
]);

function readSort(wire: string | undefined, jobs: JobQuery): JobSort | undefined {
  if (wire === undefined) return undefined;
  const found = sorts.get(wire);
  if (found === undefined) {
    const known = [...sorts.keys()].join(", ");
    throw invalid(`'sort' must be one of ${known}, got ${quote(wire)}`);
  }
  const [sort, code] = found;
  if (jobs.status?.length === 1 && jobs.status[0] === code) return sort;
  throw invalid(`'sort' ${wire} needs 'status' ${statusNames[code]}, and no other`);
}

/** A place in the order of an instant: the instant, a point, and the id of a job. */
function readPlace(from: string): string {
  if (/^\d{1,16}\../.test(from)) return from;
  throw invalid(`'from' must be that of a link to another page, got ${quote(from)}`);
}

/** Reads true or false, which is also what is left out. */
export function readFlag(
  params: { get(name: string): string | null | undefined },
  name: string,
): boolean {
  const value = params.get(name) ?? "false";
  if (value === "true" || value === "false") return value === "true";
  throw invalid(`'${name}' must be true or false, got ${quote(value)}`);
}

/** What `DELETE /jobs` asks for. */
export interface RemovalQuery {
  readonly jobs: JobQuery;
  /** Whether the jobs that wait for those are deleted too. */
  readonly cascade: boolean;
}

/** Reads the query string of `DELETE /jobs`. Throws {@linkcode QueryError}. */
export function readRemoval(search: string): RemovalQuery {
  const params = readParams(search, [...filterParams, "cascade"]);
  const jobs = readJobQuery(params);
  const cascade = toFlag("cascade", params.get("cascade"));
  refuseBadIds(jobs);
  return { jobs, cascade };
}

/**
 * Reads whether `DELETE /jobs/{id}` deletes the jobs that wait for that one too. Other parameters are passed over, as the
 * protocol has it. Throws {@linkcode QueryError}.
 */
export function readCascade(search: string): boolean {
  return toFlag("cascade", new URLSearchParams(search).get("cascade") ?? undefined);
}

/** Reads the ids that `DELETE /jobs/{id}/dependencies` is about; undefined if it names none. Throws {@linkcode QueryError}. */
export function readIds(search: string): readonly string[] | undefined {
  const id = readList(readParams(search, ["id"]).get("id"));
  refuseBadIds({ id });
  return id;
}

function toFlag(param: string, value: string | undefined): boolean {
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  throw invalid(`'${param}' must be true or false, got ${quote(value)}`);
}

/** Reads the query string of `GET /jobs/count`. Throws {@linkcode QueryError}. */
export function readSelection(search: string): JobQuery {
  const jobs = readJobQuery(readParams(search, filterParams));
  refuseBadIds(jobs);
  return jobs;
}

/**
 * Reads the query string of `PATCH /jobs`, which cannot ask for finished jobs (422). Throws
 * {@linkcode QueryError}.
 */
export function readPatchSelection(search: string): JobQuery {
  const jobs = readJobQuery(readParams(search, filterParams));
  for (const code of jobs.status ?? []) {
    if (!isFinished(code)) continue;
    throw new QueryError(`cannot patch jobs in ${statusLabel(code)} status`, 422);
  }
  refuseBadIds(jobs);
  return jobs;
}

/** Reads the query string of `GET /jobs/{id}/errors`; the cursor is an attempt. Throws {@linkcode QueryError}. */
export function readErrorsQuery(search: string): PageQuery<number> {
  return readPage(readParams(search, pageParams), (from) => readInteger("from", from, u32));
}

/** Reads the query string of `GET /jobs/take`. Throws {@linkcode QueryError}. */
export function readTakeQuery(search: string): TakeQuery {
  const params = readParams(search, ["prefetch", "queue", "lease_ms"]);
  const prefetch = params.get("prefetch");
  const lease = params.get("lease_ms");
  const leaseMs = lease === undefined ? undefined : readInteger("lease_ms", lease, u32);
  const problem = checkLeaseMs(leaseMs);
  if (problem !== undefined) throw new QueryError(problem, 422);
  return {
    prefetch: prefetch === undefined ? 1 : readInteger("prefetch", prefetch, rangeLimits.readyAt),
    queues: readList(params.get("queue")),
    leaseMs,
  };
}

/**
 * Reads the delivery that a call without a body is about, and the token of its lease; undefined if it names none. Other
 * parameters are passed over, as the protocol has it. Throws {@linkcode QueryError}.
 */
export function readReportQuery(
  search: string,
): { readonly delivery: number | undefined; readonly token: string | undefined } {
  const params = new URLSearchParams(search);
  const delivery = params.get("delivery");
  return {
    delivery: delivery === null ? undefined : readInteger("delivery", delivery, u32),
    token: params.get("lease_token") ?? undefined,
  };
}

/** The path segment that names an attempt; undefined when it cannot be one. */
export function readAttempt(segment: string): number | undefined {
  const attempt = parseInteger(segment, u32);
  return attempt === undefined ? undefined : toNumber(attempt);
}

const u32 = rangeLimits.attempts;
const filterParams = [
  "status",
  "queue",
  "type",
  "id",
  "priority",
  "ready_at",
  "attempts",
  "budgets.key",
  "failure_group",
  "tag",
  "tracked",
  "filter",
] as const;
/** What of the jobs of a page is shown, and in which order. */
const viewParams = ["sort", "last_error", "max_payload"] as const;
/** The parameters of a page. */
export const pageParams: readonly string[] = ["from", "order", "limit"];

/** Parameters by their names, each once. */
export type Params = ReadonlyMap<string, string>;

/** Reads parameters, and refuses others than those that are known. */
export function readParams(search: string, known: readonly string[]): Params {
  const params = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(search)) {
    if (!known.includes(name)) throw invalid(`unknown parameter ${JSON.stringify(name)}`);
    if (params.has(name)) throw invalid(`'${name}' is given twice`);
    params.set(name, value);
  }
  return params;
}

function readJobQuery(params: Params): JobQuery {
  const codes = readList(params.get("status"))?.map((name) => {
    const code = statuses.codeOf(name);
    if (code !== undefined) return code;
    throw invalid(`'status' must be of ${statuses.wireNames.join(", ")}, got ${quote(name)}`);
  });
  return {
    status: codes?.sort(),
    queue: readList(params.get("queue")),
    type: readList(params.get("type")),
    id: readList(params.get("id")),
    priority: readRange(params, "priority", rangeLimits.priority),
    readyAt: readRange(params, "ready_at", rangeLimits.readyAt),
    attempts: readRange(params, "attempts", rangeLimits.attempts),
    budget: readList(params.get("budgets.key")),
    // One name, and no list: it may have a comma in it.
    failureGroup: params.get("failure_group") || undefined,
    tag: readList(params.get("tag")),
    tracked: params.get("tracked") ? readFlag(params, "tracked") : undefined,
    filter: params.get("filter"),
  };
}

/** Reads which page is asked for. */
export function readPage<Cursor>(
  params: Params,
  toCursor: (from: string) => Cursor,
): PageQuery<Cursor> {
  const from = params.get("from");
  const order = params.get("order") ?? "asc";
  if (order !== "asc" && order !== "desc") {
    throw invalid(`'order' must be asc or desc, got ${quote(order)}`);
  }
  const limit = readInteger("limit", params.get("limit") ?? "50", rangeLimits.priority);
  const cursor = from === undefined ? undefined : toCursor(from);
  return { from: cursor, order, limit: toLimit(limit) };
}

/** Reads how many fit on a page. */
export function readLimit(params: Params): number {
  return toLimit(readInteger("limit", params.get("limit") ?? "50", rangeLimits.priority));
}

function toLimit(limit: number): number {
  if (limit >= 1 && limit <= maxPageLimit) return limit;
  throw new QueryError(`limit must be between 1 and ${maxPageLimit}`);
}

/** A list without its empty parts; an empty list says nothing. */
export function readList(value: string | undefined): string[] | undefined {
  const parts = new Set(value?.split(","));
  parts.delete("");
  return parts.size === 0 ? undefined : [...parts].sort();
}

function readRange(params: Params, param: string, limit: bigint): Range | undefined {
  const value = params.get(param);
  if (!value) return undefined;
  const range = parseRange(value, limit);
  if (range) return range;
  throw invalid(
    `'${param}' must be an integer up to ${limit} or a range such as 1..5, got ${quote(value)}`,
  );
}

/** Reads an integer from 0 to a limit. */
export function readInteger(param: string, value: string, limit: bigint): number {
  const integer = parseInteger(value, limit);
  if (integer !== undefined) return toNumber(integer);
  throw invalid(`'${param}' must be an integer from 0 to ${limit}, got ${quote(value)}`);
}

function refuseBadIds(jobs: JobQuery): void {
  for (const id of jobs.id ?? []) {
    const complaint = checkJobId(id);
    if (complaint !== undefined) throw new QueryError(complaint);
  }
}

/** The error of a query string that cannot be read. */
export function invalid(detail: string): QueryError {
  return new QueryError(`invalid query parameters: ${detail}`);
}

/** A value as messages show it. */
export function quote(value: string): string {
  return JSON.stringify(value);
}
