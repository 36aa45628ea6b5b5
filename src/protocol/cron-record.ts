/**
 * Cron groups and entries on the broker's side: flat, as the store keeps them and as they are written to the wire.
 *
 * @module
 */

import type { NamesWith } from "./job-fields.ts";
import type { JobRecord, PayloadField } from "./record.ts";

/** A group as the store keeps it. Null means absent; instants are ms since the epoch. */
export interface CronGroupRecord {
  readonly name: string;
  readonly timezone: string | null;
  /** 0 or 1. */
  readonly paused: number;
  readonly pausedAt: number | null;
  readonly resumedAt: number | null;
}

/** What an entry enqueues, as a job record has it. */
export interface CronTemplate extends Pick<JobRecord, NamesWith<"cron"> | PayloadField> {
  /** The JSON text of its tags; null for none. */
  readonly tags: string | null;
  /** The JSON text of what goes with its jobs; null for nothing. */
  readonly meta: string | null;
}

/** An entry as the store keeps it. */
export interface CronEntryRecord extends CronTemplate, CronGroupRecord {
  readonly group: string;
  /** Empty for an entry with an interval. */
  readonly expression: string;
  /** The interval in ms; null for an entry with an expression. */
  readonly everyMs: number | null;
  /** The first time of an interval, if it was given. */
  readonly startAt: number | null;
  /** 0 or 1: whether each time that was missed is made up for. */
  readonly catchUp: number;
  /** How many intervals before now are made up for at most; 0 for any number. */
  readonly backlog: number;
  /** How many jobs came from it, if it has an interval. */
  readonly count: number;
  /** The last job that came from it, if it has an interval. */
  readonly lastJobId: string | null;
  /** When it fires next, null for never again. */
  readonly nextAt: number | null;
  /** When it fired last. */
  readonly lastAt: number | null;
}
