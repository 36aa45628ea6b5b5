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
}

/** An entry as the store keeps it. */
export interface CronEntryRecord extends CronTemplate, CronGroupRecord {
  readonly group: string;
  readonly expression: string;
  /** When it fires next, null for never again. */
  readonly nextAt: number | null;
  /** When it fired last. */
  readonly lastAt: number | null;
}
