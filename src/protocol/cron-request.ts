/**
 * Cron groups as a user asks for them, and as the wire spells that (docs/protocol.md, sections 7.1 to 7.3).
 *
 * @module
 */

import { type Duration, spanMs } from "../async/duration.ts";
import { checkOptions, demandObject, type Names, show } from "../options.ts";
import { type EnqueueRequest, toEnqueueWire } from "./enqueue.ts";
import { checkInteger, max32, maxExact } from "./integer.ts";

/** A schedule and the job that it enqueues, again and again. */
export type CronEntrySettings =
  | CronExpressionSettings
  | CronIntervalSettings
  | CronEverySettings;

/** What each entry has, whatever says when it enqueues. */
export interface CronEntryBasics {
  /** Its name in the group; the same rules as for queues. */
  readonly name: string;
  /** The IANA time zone of the expression. Left out, it is the group's, or else that of the broker's machine. */
  readonly timezone?: string | undefined;
  /** Whether it is paused. Left out, a new one is not, and one that exists stays as it is. */
  readonly paused?: boolean | undefined;
  /** The job, put together by hand or by the `toRequest(…)` of a definition; without `readyAt`, as the schedule says when. */
  readonly job: EnqueueRequest | Promise<EnqueueRequest>;
}

/** An entry that enqueues when an expression says. */
export interface CronExpressionSettings extends CronEntryBasics {
  /**
   * When it enqueues: minutes, hours, days of the month, months and days of the week. A sixth field, in front, is
   * seconds; a seventh, at the end, is years. Or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
   */
  readonly expression: string;
  /** None. */
  readonly everyMs?: undefined;
  /** None. */
  readonly every?: undefined;
}

/** When an entry enqueues that comes round at an interval. */
export interface CronInterval {
  /** The interval in ms, from 100. */
  readonly everyMs: number;
  /**
   * When it enqueues first, in ms since the epoch; the other times follow from that. Left out, a new entry begins now, and
   * one that exists goes on.
   */
  readonly startAt?: number | undefined;
  /**
   * Whether each time that was missed while the broker was down is made up for, oldest first. If not, all of them are made
   * up for once.
   *
   * @default {false}
   */
  readonly catchUp?: boolean | undefined;
  /**
   * How many of the last intervals are made up for at most, with `catchUp`; 0 is any number.
   *
   * @default {0}
   */
  readonly backlog?: number | undefined;
}

/** An entry that enqueues at an interval. Only this broker knows such entries. */
export interface CronIntervalSettings extends CronEntryBasics, CronInterval {
  /** None. */
  readonly expression?: undefined;
  /** None. */
  readonly every?: undefined;
}

/** The same, with the interval as a person writes it. */
export interface CronEverySettings extends CronEntryBasics, Omit<CronInterval, "everyMs"> {
  /** The interval, in ms or as text (`"15m"`), from 100 ms. */
  readonly every: Duration;
  /** None. */
  readonly everyMs?: undefined;
  /** None. */
  readonly expression?: undefined;
}

/** What to change of an entry. What is left out stays, also how many jobs came from it. */
export interface CronEntryChange extends Partial<CronInterval> {
  /** The interval, in ms or as text; in the place of `everyMs`. */
  readonly every?: Duration | undefined;
  /** Whether it is paused. */
  readonly paused?: boolean | undefined;
  /** When it enqueues, in the place of an interval. */
  readonly expression?: string | undefined;
  /** The IANA time zone of the expression; null is the group's, or else that of the broker's machine. */
  readonly timezone?: string | null | undefined;
  /** Fields of the jobs that it will enqueue. */
  readonly job?: Partial<EnqueueRequest> | undefined;
}

/** Entries that are put, paused and deleted together. */
export interface CronGroupSettings {
  /** The IANA time zone of entries that have none. Left out, it is that of the broker's machine. */
  readonly timezone?: string | undefined;
  /** Whether all of its entries are paused. Left out, a new group is not, and one that exists stays as it is. */
  readonly paused?: boolean | undefined;
  /** All of its entries. Those that it has besides are deleted. */
  readonly entries: readonly CronEntrySettings[];
}

/** What to change of a group. What is left out stays. */
export interface CronGroupChange {
  /** Whether all of its entries are paused. */
  readonly paused?: boolean | undefined;
  /** The IANA time zone of entries that have none; null is that of the broker's machine. */
  readonly timezone?: string | null | undefined;
}

/** Writes the body of `PUT /crons/{group}`. Throws as {@linkcode toCronEntryBody} does. */
export async function toCronGroupBody(settings: CronGroupSettings): Promise<object> {
  checkOptions("group", settings, { timezone: 1, paused: 1, entries: 1 });
  const { timezone, paused, entries } = settings;
  if (!Array.isArray(entries)) {
    throw new TypeError(`Cannot use 'entries' ${show(entries)}: expected a list`);
  }
  return { timezone, paused, entries: await Promise.all(entries.map(toCronEntryBody)) };
}

/**
 * Writes the body that makes an entry. Rejects also with what the promise of the job rejects with.
 *
 * @throws {RangeError} If a number cannot be sent.
 * @throws {TypeError} If the job has a `readyAt` or a `delayMs`.
 */
export async function toCronEntryBody(settings: CronEntrySettings): Promise<object> {
  checkOptions<CronEntrySettings & CronInterval>("entry", settings as never, entryNames);
  const { name, expression, timezone, paused, job, ...interval } = settings;
  demandObject("entry", job, "'job'");
  const request = await job;
  refuseTime(name, request);
  const when = { expression, ...toIntervalWire(interval) };
  return { name, ...when, timezone, paused, job: toEnqueueWire(request, 0) };
}

/**
 * Writes the body that changes an entry.
 *
 * @throws {RangeError} If a number cannot be sent.
 * @throws {TypeError} If the job has a `readyAt` or a `delayMs`.
 */
export function toCronEntryChangeWire(
  name: string,
  { expression, timezone, paused, job, ...interval }: CronEntryChange,
): object {
  if (job !== undefined) refuseTime(name, job);
  const { type, queue, payload } = job ?? {};
  const fields = job && { ...toEnqueueWire(job as EnqueueRequest, 0), type, queue, payload };
  return { expression, ...toIntervalWire(interval), timezone, paused, job: fields };
}

const entryNames: Names<
  CronEntryBasics & CronInterval & { readonly expression?: string; readonly every?: Duration }
> = {
  name: 1,
  timezone: 1,
  paused: 1,
  job: 1,
  expression: 1,
  every: 1,
  everyMs: 1,
  startAt: 1,
  catchUp: 1,
  backlog: 1,
};

function toIntervalWire(
  { every, everyMs, startAt, catchUp, backlog }:
    & { readonly [Name in keyof CronInterval]?: CronInterval[Name] | undefined }
    & { readonly every?: Duration | undefined },
): object {
  return {
    every_ms: checkInteger("everyMs", spanMs("every", every, everyMs), maxExact),
    start_at: checkInteger("startAt", startAt, maxExact),
    catch_up: catchUp,
    backlog: checkInteger("backlog", backlog, max32),
  };
}

/** The schedule says when a job is ready. */
function refuseTime(name: string, request: Partial<EnqueueRequest>): void {
  const { readyAt, delayMs } = request;
  if (readyAt !== undefined || delayMs !== undefined) {
    const what = readyAt === undefined ? `'delayMs' ${delayMs}` : `'readyAt' ${readyAt}`;
    throw new TypeError(
      `Cannot use a job with ${what} in cron entry '${name}': expected none, also no 'delay', as the schedule says when`,
    );
  }
}
