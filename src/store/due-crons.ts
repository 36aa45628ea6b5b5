/**
 * Cron entries that are due.
 *
 * @module
 */

import type { CronEntryRecord } from "../protocol/cron-record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { entryColumns, entryRows } from "./crons-table.ts";
import { lockRows } from "./dialect.ts";
import { type DueAt, earliest } from "./due-jobs.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord, type StoredJob } from "./enqueue.ts";
import { keepOrigin } from "./spawned.ts";
import { report, run, type Transition } from "./transition.ts";

/** When an entry is due next. */
export function* nextFiring(): Transition<DueAt> {
  return yield* earliest(
    "SELECT min(next_enqueue_at) AS at FROM cron_entries WHERE next_enqueue_at IS NOT NULL",
  );
}

/** Entries of one firing; the rest follow in the next transaction, so that others get a turn. */
const firingSize = 100;

/** An entry that is due, with what its group says. */
export interface DueEntry extends CronEntryRecord {
  /** 0 or 1. */
  readonly groupPaused: number;
  readonly groupZone: string | null;
}

const dueColumns = `${entryColumns},
  (SELECT paused FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupPaused",
  (SELECT timezone FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupZone"`;

/** The first entries that are due at `now`, in ms since the epoch. */
export function* listDue(now: number): Transition<DueEntry[]> {
  return yield* entryRows<DueEntry>(
    `SELECT ${dueColumns} FROM cron_entries WHERE next_enqueue_at <= ?
     ORDER BY next_enqueue_at LIMIT ?`,
    [now, firingSize],
  );
}

/** Entries that are due after `now`, by their groups and names: the first ones behind an entry. */
export function* listWaiting(now: number, behind?: DueEntry): Transition<DueEntry[]> {
  return yield* entryRows<DueEntry>(
    `SELECT ${dueColumns} FROM cron_entries WHERE next_enqueue_at > ? AND (cron_group, name) > (?, ?)
     ORDER BY cron_group, name LIMIT ?`,
    [now, behind?.group ?? "", behind?.name ?? "", firingSize],
  );
}

/** What to do for an entry that is due. */
export interface Firing {
  /** The entry as it was read. */
  readonly entry: DueEntry;
  /** When it is due again, in ms since the epoch; null for never. */
  readonly nextAt: number | null;
  /** The jobs to store; none when the entry only moves on. */
  readonly jobs: readonly NewRecord[];
}

/**
 * Stores the jobs of an entry and sets when it is due next, in one transaction, so that no crash makes it fire twice or not
 * at all. An entry that has changed since it was read stays as it is.
 *
 * @returns Whether the entry fired or moved on, and why its job was not stored, if it was rejected.
 */
export function* fireCron(
  { entry, nextAt, jobs }: Firing,
  terms: EnqueueTerms,
): Transition<{ readonly fired: boolean; readonly rejection?: Rejection }> {
  const [current] = yield* entryRows<DueEntry>(
    `SELECT ${dueColumns} FROM cron_entries WHERE cron_group = ? AND name = ? ${lockRows}`,
    [entry.group, entry.name],
  );
  if (current === undefined || !isSame(current, entry)) return { fired: false };
  const moved = yield* run(
    `UPDATE cron_entries SET next_enqueue_at = ?, last_enqueue_at = ?
     WHERE cron_group = ? AND name = ? AND next_enqueue_at = ?`,
    [
      nextAt,
      jobs.length === 0 ? entry.lastAt : terms.now,
      entry.group,
      entry.name,
      entry.nextAt,
    ],
  );
  if (moved === 0) return { fired: false };
  if (nextAt !== null) yield report({ kind: "crons", nextAt });
  if (jobs.length === 0) return { fired: true };
  const stored = yield* enqueueJobs(jobs, terms);
  if (isRejection(stored)) return { fired: true, rejection: stored };
  if (entry.everyMs !== null) yield* keepLineage(entry, stored);
  return { fired: true };
}

/** Keeps which jobs came from an entry, and how many there were. */
function* keepLineage(
  { group, name }: DueEntry,
  stored: readonly StoredJob[],
): Transition<void> {
  const jobs = stored.filter(({ duplicate, folded }) => !duplicate && !folded)
    .map(({ job }) => job);
  const last = jobs.at(-1);
  if (last === undefined) return;
  yield* keepOrigin(jobs, `${group}/${name}`);
  yield* run(
    "UPDATE cron_entries SET spawned = spawned + ?, last_job_id = ? WHERE cron_group = ? AND name = ?",
    [jobs.length, last.id, group, name],
  );
}

/** Whether two readings of an entry are the same. */
function isSame(a: DueEntry, b: DueEntry): boolean {
  return (Object.keys(a) as (keyof DueEntry)[]).every((member) => {
    const [left, right] = [a[member], b[member]];
    if (!(left instanceof Uint8Array && right instanceof Uint8Array)) return left === right;
    return left.length === right.length && left.every((byte, at) => byte === right[at]);
  });
}
