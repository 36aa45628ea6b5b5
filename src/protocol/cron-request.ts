/**
 * Cron groups as a user asks for them, and as the wire spells that (docs/protocol.md, sections 7.1 to 7.3).
 *
 * @module
 */

import { type EnqueueRequest, toEnqueueWire } from "./enqueue.ts";

/** A schedule and the job that it enqueues, again and again. */
export interface CronEntrySettings {
  /** What it is called in its group; same rules as for queues. */
  readonly name: string;
  /**
   * When: minutes, hours, days of the month, months and days of the week; with seconds before them and years after
   * them, if there are six or seven fields. Or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
   */
  readonly expression: string;
  /** The IANA time zone that it is read in; default the group's, or else that of the broker's machine. */
  readonly timezone?: string | undefined;
  /** Whether it rests; left out, it does not when it is new, and what it did when it is not. */
  readonly paused?: boolean | undefined;
  /** The job: put together by hand, or the `toRequest(…)` of a definition. Without `readyAt`: the schedule says when. */
  readonly job: EnqueueRequest | Promise<EnqueueRequest>;
}

/** Entries that are put, paused and deleted together. */
export interface CronGroupSettings {
  /** The time zone of the entries that have none; default that of the broker's machine. */
  readonly timezone?: string | undefined;
  /** Whether all of it rests; left out, it does not when it is new, and what it did when it is not. */
  readonly paused?: boolean | undefined;
  /** All of its entries: what it has besides is deleted. */
  readonly entries: readonly CronEntrySettings[];
}

/** What to change of a group; what is left out stays. */
export interface CronGroupChange {
  /** Whether all of it rests. */
  readonly paused?: boolean | undefined;
  /** The time zone of the entries that have none; null is that of the broker's machine. */
  readonly timezone?: string | null | undefined;
}

/** The body of `PUT /crons/{group}`. Throws as {@linkcode toCronEntryBody}. */
export async function toCronGroupBody(
  { timezone, paused, entries }: CronGroupSettings,
): Promise<object> {
  return { timezone, paused, entries: await Promise.all(entries.map(toCronEntryBody)) };
}

/**
 * The body that makes an entry. Throws `RangeError` for numbers that cannot be sent, `TypeError` for a job that says
 * when, and what a definition throws.
 */
export async function toCronEntryBody(
  { name, expression, timezone, paused, job }: CronEntrySettings,
): Promise<object> {
  const request = await job;
  if (request.readyAt !== undefined) {
    throw new TypeError(
      `Cannot use a job with 'readyAt' ${request.readyAt} in cron entry '${name}': expected none, also no 'delay', as the schedule says when`,
    );
  }
  return { name, expression, timezone, paused, job: toEnqueueWire(request) };
}
