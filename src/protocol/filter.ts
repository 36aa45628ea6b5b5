/**
 * Which jobs are meant, as a user says it and as a query string spells it.
 *
 * @module
 */

import { checkOptions, type Names } from "../options.ts";
import { type JobStatus, jobStatuses } from "./job.ts";
import { checkJobId } from "./job-id.ts";
import { checkName } from "./names.ts";
import { type Range, rangeLimits, showRange } from "./range.ts";
import { checkInteger, checkLeaseSpan, max32, maxExact } from "./integer.ts";

/** Which jobs are meant: those that match every member given. No job matches an empty list. */
export interface JobFilter {
  /** In this status, or in any of these. */
  readonly status?: JobStatus | readonly JobStatus[] | undefined;
  /** In this queue, or in any of these. */
  readonly queue?: string | readonly string[] | undefined;
  /** Of this type, or of any of these. */
  readonly type?: string | readonly string[] | undefined;
  /** The job with this id, or those with these. */
  readonly id?: string | readonly string[] | undefined;
  /** Of this priority, or within these bounds. */
  readonly priority?: number | Range | undefined;
  /** Ready at this instant, or within these bounds, in ms since the epoch. */
  readonly readyAt?: number | Range | undefined;
  /** Has failed this often, or within these bounds. */
  readonly attempts?: number | Range | undefined;
  /** Draws on this budget, or on any of these. */
  readonly budget?: string | readonly string[] | undefined;
  /** Dead, and in this group of failures; only a Millrace broker knows groups. */
  readonly failureGroup?: string | undefined;
  /** Has this tag, or any of these; only a Millrace broker knows tags. */
  readonly tag?: string | readonly string[] | undefined;
  /** Whether somebody tracks it; only a Millrace broker knows. */
  readonly tracked?: boolean | undefined;
  /** A jq expression; the payload is its input. A job matches if the first output is neither false nor null. */
  readonly filter?: string | undefined;
}

/** Tells whether the filter has an empty list, which no job matches. The wire cannot say it, so nothing may be sent. */
export function matchesNothing(filter: JobFilter): boolean {
  const lists = [filter.status, filter.queue, filter.type, filter.id, filter.budget, filter.tag];
  return lists.some((values) => typeof values === "object" && values.length === 0);
}

/** Tells whether the filter has no member, so that every job matches. */
export function matchesAll(filter: JobFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

/**
 * Writes the filter as parameters of a query string, ready to be joined by `&`.
 *
 * @throws {TypeError} If a name or an id cannot be one.
 * @throws {RangeError} If a bound cannot be sent, or a range begins behind its end.
 */
export function toFilterParams(filter: JobFilter): string[] {
  checkOptions("filter", filter, {
    status: 1,
    queue: 1,
    type: 1,
    id: 1,
    priority: 1,
    readyAt: 1,
    attempts: 1,
    budget: 1,
    failureGroup: 1,
    tag: 1,
    tracked: 1,
    filter: 1,
  });
  return [
    ...listParam("status", filter.status, checkStatus),
    ...listParam("queue", filter.queue, (name) => checkName("queue", name)),
    ...listParam("type", filter.type, (name) => checkName("type", name)),
    ...listParam("id", filter.id, checkJobId),
    ...rangeParam("priority", "priority", filter.priority),
    ...rangeParam("ready_at", "readyAt", filter.readyAt),
    ...rangeParam("attempts", "attempts", filter.attempts),
    ...listParam("budgets.key", filter.budget, (name) => checkName("budget key", name)),
    ...(filter.failureGroup === undefined
      ? []
      : [`failure_group=${encodeURIComponent(filter.failureGroup)}`]),
    ...listParam("tag", filter.tag, (name) => checkName("tag", name)),
    ...(filter.tracked === undefined ? [] : [`tracked=${filter.tracked}`]),
    ...(filter.filter === undefined ? [] : [`filter=${encodeURIComponent(filter.filter)}`]),
  ];
}

/** What a worker asks a take stream for. */
export interface TakeRequest {
  /** The queues to serve. Left out, all are. */
  readonly queues?: readonly string[] | undefined;
  /**
   * How many jobs may be in flight on the stream at a time; 0 is any number.
   *
   * @default {1}
   */
  readonly prefetch?: number | undefined;
  /**
   * How long the leases last that jobs are delivered under, in ms, from 1. Such a job is the worker's until its lease ends,
   * whatever becomes of the stream; heartbeats renew it. Only a Millrace broker knows leases.
   *
   * @default {none: the jobs are the worker's as long as the stream is open}
   */
  readonly leaseMs?: number | undefined;
}

/** Also what is for the call. */
const takeNames: Names<TakeRequest> & Readonly<Record<string, unknown>> = {
  queues: 1,
  prefetch: 1,
  leaseMs: 1,
  workerId: 1,
  run: 1,
  signal: 1,
  timeoutMs: 1,
};

/**
 * Writes what to take as parameters of a query string.
 *
 * @throws {TypeError} If a name cannot be that of a queue, or `queues` is empty.
 * @throws {RangeError} If `prefetch` or `leaseMs` is out of range.
 */
export function toTakeParams(request: TakeRequest): string[] {
  checkOptions("take", request, takeNames);
  const { queues, prefetch, leaseMs } = request;
  if (queues?.length === 0) {
    throw new TypeError(
      "Cannot take with an empty 'queues': name some, or leave it out to take from all",
    );
  }
  return [
    ...listParam("queue", queues, (name) => checkName("queue", name)),
    ...(prefetch === undefined ? [] : [`prefetch=${checkInteger("prefetch", prefetch, max32)}`]),
    ...(leaseMs === undefined ? [] : [`lease_ms=${checkLeaseSpan(leaseMs)}`]),
  ];
}

function checkStatus(status: string): string | undefined {
  if ((jobStatuses as readonly string[]).includes(status)) return undefined;
  return `status must be one of ${jobStatuses.join(", ")}`;
}

/** Values are joined by commas, which is why a value with a comma in it must never get here. */
function listParam(
  param: string,
  values: string | readonly string[] | undefined,
  check: (value: string) => string | undefined,
): string[] {
  if (values === undefined) return [];
  const list = typeof values === "string" ? [values] : values;
  for (const value of list) {
    const complaint = check(value);
    if (complaint !== undefined) {
      throw new TypeError(`Cannot filter by '${param}' ${JSON.stringify(value)}: ${complaint}`);
    }
  }
  return [`${param}=${list.map(encodeURIComponent).join(",")}`];
}

function rangeParam(
  param: string,
  field: keyof typeof rangeLimits,
  range: number | Range | undefined,
): string[] {
  if (range === undefined) return [];
  const { min, max } = typeof range === "number" ? { min: range, max: range } : range;
  const limit = Math.min(Number(rangeLimits[field]), maxExact);
  checkInteger(field, min, limit);
  checkInteger(field, max, limit);
  if (min !== undefined && max !== undefined && min > max) {
    throw new RangeError(`Cannot filter by '${field}' ${min}..${max}: 'min' must not exceed 'max'`);
  }
  return [`${param}=${showRange({ min, max }, rangeLimits[field])}`];
}
