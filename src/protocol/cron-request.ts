/**
 * Cron groups as a user asks for them, and as the wire spells that (docs/protocol.md, sections 7.1 to 7.3).
 *
 * @module
 */

import { type EnqueueRequest, toEnqueueWire } from "./enqueue.ts";

/** A schedule and the job that it enqueues, again and again. */
export interface CronEntrySettings {
  /** Its name in the group; the same rules as for queues. */
  readonly name: string;
  /**
   * When it enqueues: minutes, hours, days of the month, months and days of the week. A sixth field, in front, is
   * seconds; a seventh, at the end, is years. Or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
   */
  readonly expression: string;
  /** The IANA time zone of the expression. Left out, it is the group's, or else that of the broker's machine. */
  readonly timezone?: string | undefined;
  /** Whether it is paused. Left out, a new one is not, and one that exists stays as it is. */
  readonly paused?: boolean | undefined;
  /** The job, put together by hand or by the `toRequest(…)` of a definition; without `readyAt`, as the schedule says when. */
  readonly job: EnqueueRequest | Promise<EnqueueRequest>;
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
export async function toCronGroupBody(
  { timezone, paused, entries }: CronGroupSettings,
): Promise<object> {
  return { timezone, paused, entries: await Promise.all(entries.map(toCronEntryBody)) };
}

/**
 * Writes the body that makes an entry. Rejects also with what the promise of the job rejects with.
 *
 * @throws {RangeError} If a number cannot be sent.
 * @throws {TypeError} If the job has a `readyAt` or a `delayMs`.
 */
export async function toCronEntryBody(
  { name, expression, timezone, paused, job }: CronEntrySettings,
): Promise<object> {
  const request = await job;
  const { readyAt, delayMs } = request;
  if (readyAt !== undefined || delayMs !== undefined) {
    const what = readyAt === undefined ? `'delayMs' ${delayMs}` : `'readyAt' ${readyAt}`;
    throw new TypeError(
      `Cannot use a job with ${what} in cron entry '${name}': expected none, also no 'delay', as the schedule says when`,
    );
  }
  return { name, expression, timezone, paused, job: toEnqueueWire(request, 0) };
}
