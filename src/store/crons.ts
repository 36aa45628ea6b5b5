/**
 * Keeping cron groups and their entries.
 *
 * @module
 */

import { checkEntryCount, cronEntryExists, type CronGroupPatch } from "../protocol/cron.ts";
import type { CronEntryRecord, CronGroupRecord } from "../protocol/cron-record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { type BindingTerms, ensureBudgets } from "./bindings.ts";
import {
  type CronDraft,
  type CronSchedule,
  type GroupChange,
  type Occurrences,
  toEntry,
  toNewGroup,
  toNextAt,
  toPaused,
} from "./cron-rules.ts";
import {
  countEntries,
  type CronLock,
  deleteEntries,
  findEntry,
  findGroup,
  insertGroup,
  listEntries,
  putEntry,
  updateGroup,
} from "./crons-table.ts";
import { lockRows } from "./dialect.ts";
import { report, rows, run, type Transition } from "./transition.ts";

/** What keeping entries depends on. */
export interface CronTerms extends BindingTerms {
  readonly occurrences: Occurrences;
}

/** Schedules whose next times are needed. Nothing was written: compute them, and run the transition again. */
export interface MissingSchedules {
  readonly missing: readonly CronSchedule[];
}

/** A group with its entries. */
export interface StoredCronGroup {
  readonly group: CronGroupRecord;
  readonly entries: readonly CronEntryRecord[];
}

/** The names of all groups, sorted by their bytes. */
export function* listGroups(): Transition<string[]> {
  const found = yield* rows<{ name: string }>("SELECT name FROM cron_groups ORDER BY name");
  return found.map(({ name }) => name);
}

/** A group with its entries, sorted by their names' bytes. */
export function* getGroup(
  name: string,
  lock: CronLock = "",
): Transition<StoredCronGroup | undefined> {
  const group = yield* findGroup(name, lock);
  return group && { group, entries: yield* listEntries(name, lock) };
}

/** Keeps a group with exactly these entries, and gives them in their order. */
export function* replaceGroup(
  name: string,
  { paused, timezone, drafts }: {
    readonly paused: boolean | null;
    readonly timezone: string | null;
    readonly drafts: readonly CronDraft[];
  },
  terms: CronTerms,
): Transition<StoredCronGroup | Rejection | MissingSchedules> {
  const { now } = terms;
  const before = yield* getGroup(name, lockRows);
  const toggled = before === undefined
    ? toNewGroup(name, paused === true ? now : null)
    : paused === null
    ? before.group
    : toPaused(before.group, paused, now);
  const group = { ...toggled, timezone };
  const existing = new Map(before?.entries.map((entry) => [entry.name, entry]));
  const change = { group, groupBefore: before?.group ?? group };
  const planned = planEntries(drafts, existing, change, terms);
  if ("missing" in planned) return planned;
  const rejection = yield* ensureBudgets(drafts.map(({ bindings }) => bindings), terms);
  if (rejection !== undefined) return rejection;
  yield* before === undefined ? insertGroup(group) : updateGroup(group);
  const kept = new Set(drafts.map(({ name }) => name));
  const gone = before?.entries.filter(({ name }) => !kept.has(name)) ?? [];
  yield* deleteEntries(name, gone.map(({ name }) => name));
  yield* putEntries(planned.entries);
  return { group, entries: planned.entries };
}

/** Pauses or resumes a group, or gives it another time zone; undefined when there is none. */
export function* changeGroup(
  name: string,
  { paused, timezone }: CronGroupPatch,
  occurrences: Occurrences,
): Transition<StoredCronGroup | MissingSchedules | undefined> {
  const before = yield* getGroup(name, lockRows);
  if (before === undefined) return undefined;
  const toggled = paused == null ? before.group : toPaused(before.group, paused, occurrences.now);
  const group = { ...toggled, timezone: timezone === undefined ? toggled.timezone : timezone };
  const change = { group, groupBefore: before.group };
  const entries: CronEntryRecord[] = [];
  const missing: CronSchedule[] = [];
  for (const entry of before.entries) {
    const nextAt = toNextAt({ ...entry, interval: entry }, entry, change, occurrences);
    if (isSchedule(nextAt)) missing.push(nextAt);
    else entries.push(nextAt === entry.nextAt ? entry : { ...entry, nextAt });
  }
  if (missing.length > 0) return { missing };
  yield* updateGroup(group);
  yield* putEntries(entries.filter((entry, at) => entry !== before.entries[at]));
  return { group, entries };
}

/** Keeps one entry, in a new group if there is none; `mode` says whether it may replace another. */
export function* keepEntry(
  groupName: string,
  draft: CronDraft,
  mode: "create" | "replace",
  terms: CronTerms,
): Transition<CronEntryRecord | Rejection | MissingSchedules> {
  const found = yield* findGroup(groupName, lockRows);
  const existing = yield* findEntry(groupName, draft.name, lockRows);
  if (existing !== undefined && mode === "create") {
    return { kind: "conflict", message: cronEntryExists(groupName, draft.name) };
  }
  const isOneMore = existing === undefined && found !== undefined;
  const problem = isOneMore ? checkEntryCount(1 + (yield* countEntries(groupName))) : undefined;
  if (problem !== undefined) return { kind: "invalid", message: problem };
  const group = found ?? toNewGroup(groupName, null);
  const known = new Map(existing && [[draft.name, existing]]);
  const planned = planEntries([draft], known, { group, groupBefore: group }, terms);
  if ("missing" in planned) return planned;
  const rejection = yield* ensureBudgets([draft.bindings], terms);
  if (rejection !== undefined) return rejection;
  if (found === undefined) yield* insertGroup(group);
  yield* putEntries(planned.entries);
  return planned.entries[0]!;
}

/** Pauses or resumes an entry; undefined when there is none. */
export function* pauseEntry(
  groupName: string,
  name: string,
  paused: boolean,
  occurrences: Occurrences,
): Transition<CronEntryRecord | MissingSchedules | undefined> {
  const group = yield* findGroup(groupName, lockRows);
  const before = yield* findEntry(groupName, name, lockRows);
  if (group === undefined || before === undefined) return undefined;
  const change = { group, groupBefore: group };
  const nextAt = toNextAt({ ...before, interval: before }, before, change, occurrences);
  if (isSchedule(nextAt)) return { missing: [nextAt] };
  const entry = { ...toPaused(before, paused, occurrences.now), nextAt };
  yield* putEntries([entry]);
  return entry;
}

/**
 * Changes an entry; undefined when there is none.
 *
 * @param toChanged What it is to be, made of what it is; or why that cannot be.
 */
export function* changeEntry(
  groupName: string,
  name: string,
  toChanged: (entry: CronEntryRecord) => CronDraft | Rejection,
  terms: CronTerms,
): Transition<CronEntryRecord | Rejection | MissingSchedules | undefined> {
  const existing = yield* findEntry(groupName, name, lockRows);
  if (existing === undefined) return undefined;
  const draft = toChanged(existing);
  if (isRejection(draft)) return draft;
  return yield* keepEntry(groupName, draft, "replace", terms);
}

/** Deletes an entry and tells whether there was one; its group stays. */
export function* removeEntry(group: string, name: string): Transition<boolean> {
  const sql = "DELETE FROM cron_entries WHERE cron_group = ? AND name = ?";
  return (yield* run(sql, [group, name])) > 0;
}

/** Deletes a group with its entries and tells whether there was one. */
export function* removeGroup(name: string): Transition<boolean> {
  // The group first: who adds an entry has it locked, and is waited for.
  const removed = yield* run("DELETE FROM cron_groups WHERE name = ?", [name]);
  yield* run("DELETE FROM cron_entries WHERE cron_group = ?", [name]);
  return removed > 0;
}

/** Deletes all groups and gives their number. */
export function* removeGroups(): Transition<number> {
  const count = yield* run("DELETE FROM cron_groups");
  yield* run("DELETE FROM cron_entries");
  return count;
}

/** The entries of drafts, or the schedules whose next times have to be computed first. */
function planEntries(
  drafts: readonly CronDraft[],
  existing: ReadonlyMap<string, CronEntryRecord>,
  change: GroupChange,
  { now, occurrences }: CronTerms,
): { readonly entries: readonly CronEntryRecord[] } | MissingSchedules {
  const entries: CronEntryRecord[] = [];
  const missing: CronSchedule[] = [];
  for (const draft of drafts) {
    const before = existing.get(draft.name);
    const nextAt = toNextAt(draft, before, change, occurrences);
    if (isSchedule(nextAt)) missing.push(nextAt);
    else entries.push({ ...toEntry(draft, before, { group: change.group, now }), nextAt });
  }
  return missing.length > 0 ? { missing } : { entries };
}

function isSchedule(nextAt: number | null | CronSchedule): nextAt is CronSchedule {
  return typeof nextAt === "object" && nextAt !== null;
}

function* putEntries(entries: readonly CronEntryRecord[]): Transition<void> {
  let first = Infinity;
  for (const entry of entries) {
    yield* putEntry(entry);
    if (entry.nextAt !== null) first = Math.min(first, entry.nextAt);
  }
  if (first < Infinity) yield report({ kind: "crons", nextAt: first });
}
