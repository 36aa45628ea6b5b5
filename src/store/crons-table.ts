/**
 * The statements on cron groups and entries that several transitions share.
 *
 * @module
 */

import type { CronEntryRecord, CronGroupRecord } from "../protocol/cron-record.ts";
import { fieldsWith, type NamesWith } from "../protocol/job-fields.ts";
import type { SqlValue } from "./database.ts";
import type { lockRows } from "./dialect.ts";
import { type KeyedRow, toBytes, withTextKeys } from "./text-bytes.ts";
import { rows, run, runEach, StaleReadError, type Transition } from "./transition.ts";

/** The column behind each member of an entry. */
const columnOf: Readonly<Record<keyof CronEntryRecord, string>> = {
  group: "cron_group",
  name: "name",
  expression: "expression",
  everyMs: "every_ms",
  startAt: "start_at",
  catchUp: "catch_up",
  backlog: "backlog",
  count: "spawned",
  lastJobId: "last_job_id",
  timezone: "timezone",
  paused: "paused",
  pausedAt: "paused_at",
  resumedAt: "resumed_at",
  nextAt: "next_enqueue_at",
  lastAt: "last_enqueue_at",
  ...Object.fromEntries(fieldsWith("cron").map(({ name, wire }) => [name, wire])) as Record<
    NamesWith<"cron">,
    string
  >,
  tags: "tags",
  meta: "meta",
  payloadJson: "payload_json",
  payloadPack: "payload_pack",
};

const members = Object.keys(columnOf) as (keyof CronEntryRecord)[];

/** The select list of an entry. */
export const entryColumns: string = members.map((member) => `${columnOf[member]} AS "${member}"`)
  .join(", ");

const putEntrySql = `INSERT INTO cron_entries (${Object.values(columnOf).join(", ")})
  VALUES (${members.map(() => "?").join(", ")})
  ON CONFLICT (cron_group, name) DO UPDATE SET ${
  Object.values(columnOf).slice(2).map((column) => `${column} = excluded.${column}`).join(", ")
}`;

/** Writes an entry whole, new or not. */
export function* putEntry(entry: CronEntryRecord): Transition<void> {
  const values = members.map((member) =>
    member === "uniqueKey" ? toBytes(entry.uniqueKey) : entry[member] ?? null
  );
  yield* run(putEntrySql, values);
}

/** Reads entries: the select list of the statement begins with {@linkcode entryColumns}. */
export function* entryRows<Entry extends CronEntryRecord = CronEntryRecord>(
  sql: string,
  params: readonly SqlValue[],
): Transition<Entry[]> {
  return withTextKeys<Entry>(yield* rows<KeyedRow>(sql, params));
}

/** How rows are read: `lockRows` by who writes them later in the transaction, nothing by who only reads. */
export type CronLock = typeof lockRows | "";

/** One entry. */
export function* findEntry(
  group: string,
  name: string,
  lock: CronLock = "",
): Transition<CronEntryRecord | undefined> {
  return (yield* entryRows(
    `SELECT ${entryColumns} FROM cron_entries WHERE cron_group = ? AND name = ? ${lock}`,
    [group, name],
  ))[0];
}

/** The entries of a group, sorted by their names' bytes. */
export function* listEntries(group: string, lock: CronLock = ""): Transition<CronEntryRecord[]> {
  return yield* entryRows(
    `SELECT ${entryColumns} FROM cron_entries WHERE cron_group = ? ORDER BY name ${lock}`,
    [group],
  );
}

/** How many entries a group has. */
export function* countEntries(group: string): Transition<number> {
  const [row] = yield* rows<{ count: number }>(
    "SELECT count(*) AS count FROM cron_entries WHERE cron_group = ?",
    [group],
  );
  return row!.count;
}

/** Deletes entries. */
export function* deleteEntries(group: string, names: readonly string[]): Transition<void> {
  yield* runEach(
    "DELETE FROM cron_entries WHERE cron_group = ? AND name = ?",
    names.map((name) => [group, name]),
  );
}

/** One group. */
export function* findGroup(
  name: string,
  lock: CronLock = "",
): Transition<CronGroupRecord | undefined> {
  return (yield* rows<CronGroupRecord>(
    `SELECT name, timezone, paused, paused_at AS "pausedAt", resumed_at AS "resumedAt"
     FROM cron_groups WHERE name = ? ${lock}`,
    [name],
  ))[0];
}

/**
 * Writes a new group.
 *
 * @throws {StaleReadError} If there is one of its name by now.
 */
export function* insertGroup(group: CronGroupRecord): Transition<void> {
  const inserted = yield* run(
    `INSERT INTO cron_groups (name, timezone, paused, paused_at, resumed_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO NOTHING`,
    [group.name, group.timezone, group.paused, group.pausedAt, group.resumedAt],
  );
  if (inserted === 0) throw new StaleReadError(`Cron group '${group.name}' was made meanwhile`);
}

/** Writes a group that is there. */
export function* updateGroup(group: CronGroupRecord): Transition<void> {
  yield* run(
    "UPDATE cron_groups SET timezone = ?, paused = ?, paused_at = ?, resumed_at = ? WHERE name = ?",
    [group.timezone, group.paused, group.pausedAt, group.resumedAt, group.name],
  );
}
