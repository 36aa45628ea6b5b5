/**
 * Cron groups and their entries: keeping them, and what is due.
 *
 * A schedule is not understood here: `next` tells when an expression comes round after now.
 *
 * @module
 */

import { cronEntryExists } from "../protocol/cron.ts";
import type { BindingRequest } from "../protocol/binding.ts";
import { ensureBudgets } from "./bindings.ts";
import type { CronEntryRecord, CronGroupRecord, CronTemplate } from "../protocol/cron-record.ts";
import {
  deleteEntries,
  entryColumns,
  findEntry,
  findGroup,
  listEntries,
  putEntry,
  putGroup,
} from "./crons-table.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord, type Stored } from "./enqueue.ts";
import { rows, run, type Transition } from "./transition.ts";

/** When an expression comes round after now, in ms since the epoch; null for never. */
export type Next = (expression: string, timezone: string | null) => number | null;

/** What schedules depend on. */
export interface ScheduleTerms {
  /** The instant of the change. */
  readonly now: number;
  readonly next: Next;
}

/** What keeping entries depends on. */
export interface CronTerms extends EnqueueTerms, ScheduleTerms {}

/** An entry to be kept. */
export interface CronDraft {
  readonly name: string;
  readonly expression: string;
  readonly timezone: string | null;
  /** Null leaves it as it is. */
  readonly paused: boolean | null;
  readonly template: CronTemplate;
  readonly bindings: readonly BindingRequest[];
}

/** A group with its entries. */
export interface CronGroup {
  readonly group: CronGroupRecord;
  readonly entries: readonly CronEntryRecord[];
}

/** Why something is not kept; `taken` when there is one of this name. */
export interface CronRefusal {
  readonly refused: string;
  readonly taken?: true;
}

/** The names of all groups, sorted by their bytes. */
export function* listGroups(): Transition<string[]> {
  const found = yield* rows<{ name: string }>("SELECT name FROM cron_groups ORDER BY name");
  return found.map(({ name }) => name);
}

/** A group with its entries, sorted by their names' bytes. */
export function* getGroup(name: string): Transition<CronGroup | undefined> {
  const group = yield* findGroup(name);
  return group && { group, entries: yield* listEntries(name) };
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
): Transition<CronGroup | CronRefusal> {
  const refusal = yield* ensureBudgets(drafts.map(({ bindings }) => bindings), terms);
  if (refusal !== undefined) return { refused: refusal.refused };
  const before = yield* getGroup(name);
  const group = {
    ...(before === undefined
      ? newGroup(name, paused === true ? terms.now : null)
      : paused === null
      ? before.group
      : pausedOrNot(before.group, paused, terms.now)),
    timezone,
  };
  yield* putGroup(group);
  const kept = new Set(drafts.map(({ name }) => name));
  const gone = before?.entries.filter(({ name }) => !kept.has(name)) ?? [];
  yield* deleteEntries(name, gone.map(({ name }) => name));
  const existing = new Map(before?.entries.map((entry) => [entry.name, entry]));
  const entries: CronEntryRecord[] = [];
  for (const draft of drafts) {
    const entry = toEntry(draft, existing.get(draft.name), {
      group,
      groupBefore: before?.group ?? group,
      terms,
    });
    yield* putEntry(entry);
    entries.push(entry);
  }
  return { group, entries };
}

/** Pauses or resumes a group, or gives it another time zone; undefined when there is none. */
export function* changeGroup(
  name: string,
  { paused, timezone }: {
    readonly paused?: boolean | null | undefined;
    readonly timezone?: string | null | undefined;
  },
  terms: ScheduleTerms,
): Transition<CronGroup | undefined> {
  const before = yield* getGroup(name);
  if (before === undefined) return undefined;
  const toggled = paused == null ? before.group : pausedOrNot(before.group, paused, terms.now);
  const group = { ...toggled, timezone: timezone === undefined ? toggled.timezone : timezone };
  yield* putGroup(group);
  const entries: CronEntryRecord[] = [];
  for (const entry of before.entries) {
    const nextAt = nextOf(entry, entry, { group, groupBefore: before.group, terms });
    const kept = nextAt === entry.nextAt ? entry : { ...entry, nextAt };
    if (kept !== entry) yield* putEntry(kept);
    entries.push(kept);
  }
  return { group, entries };
}

/** Keeps one entry, in a new group if there is none; `mode` says whether it may take the place of another. */
export function* keepEntry(
  groupName: string,
  draft: CronDraft,
  mode: "create" | "replace",
  terms: CronTerms,
): Transition<CronEntryRecord | CronRefusal> {
  const existing = yield* findEntry(groupName, draft.name);
  if (existing !== undefined && mode === "create") {
    return { refused: cronEntryExists(groupName, draft.name), taken: true };
  }
  const refusal = yield* ensureBudgets([draft.bindings], terms);
  if (refusal !== undefined) return { refused: refusal.refused };
  let group = yield* findGroup(groupName);
  if (group === undefined) yield* putGroup(group = newGroup(groupName, null));
  const entry = toEntry(draft, existing, { group, groupBefore: group, terms });
  yield* putEntry(entry);
  return entry;
}

/** Pauses or resumes an entry; undefined when there is none. */
export function* pauseEntry(
  groupName: string,
  name: string,
  { paused, terms }: { readonly paused: boolean; readonly terms: ScheduleTerms },
): Transition<CronEntryRecord | undefined> {
  const group = yield* findGroup(groupName);
  const before = yield* findEntry(groupName, name);
  if (group === undefined || before === undefined) return undefined;
  const nextAt = nextOf(before, before, { group, groupBefore: group, terms });
  const entry = { ...pausedOrNot(before, paused, terms.now), nextAt };
  yield* putEntry(entry);
  return entry;
}

/** Deletes an entry and tells whether there was one; its group stays. */
export function* removeEntry(group: string, name: string): Transition<boolean> {
  const sql = "DELETE FROM cron_entries WHERE cron_group = ? AND name = ?";
  return (yield* run(sql, [group, name])) > 0;
}

/** Deletes a group with its entries and tells whether there was one. */
export function* removeGroup(name: string): Transition<boolean> {
  yield* run("DELETE FROM cron_entries WHERE cron_group = ?", [name]);
  return (yield* run("DELETE FROM cron_groups WHERE name = ?", [name])) > 0;
}

/** Deletes all groups and gives their number. */
export function* removeGroups(): Transition<number> {
  yield* run("DELETE FROM cron_entries");
  return yield* run("DELETE FROM cron_groups");
}

/** When an entry is due next. */
export function* nextFiring(): Transition<number | undefined> {
  const [row] = yield* rows<{ at: number | null }>(
    "SELECT min(next_enqueue_at) AS at FROM cron_entries WHERE next_enqueue_at IS NOT NULL",
  );
  return row?.at ?? undefined;
}

/** Entries of one firing; the rest follow in the next transaction, so that others get a turn. */
const firingSize = 100;

/** What a firing did. */
export interface Fired {
  readonly stored: readonly Stored[];
  /** Whether there may be more. */
  readonly more: boolean;
}

/**
 * Fires what is due: stores each job and moves its schedule on in one piece, so that no crash makes it fire twice or
 * not at all. What was missed is made up for once. What is paused only moves on.
 */
export function* fireCrons(
  toJob: (entry: CronEntryRecord) => NewRecord,
  terms: CronTerms,
): Transition<Fired> {
  const due = yield* rows<CronEntryRecord & { groupPaused: number; groupZone: string | null }>(
    `SELECT ${entryColumns},
       (SELECT paused FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupPaused",
       (SELECT timezone FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupZone"
     FROM cron_entries WHERE next_enqueue_at <= ? ORDER BY next_enqueue_at LIMIT ?`,
    [terms.now, firingSize],
  );
  const { now, next } = terms;
  const stored: Stored[] = [];
  for (const entry of due) {
    const isActive = entry.paused === 0 && entry.groupPaused === 0;
    const moved = yield* run(
      `UPDATE cron_entries SET next_enqueue_at = ?, last_enqueue_at = ?
       WHERE cron_group = ? AND name = ? AND next_enqueue_at = ?`,
      [
        next(entry.expression, entry.timezone ?? entry.groupZone),
        isActive ? now : entry.lastAt,
        entry.group,
        entry.name,
        entry.nextAt,
      ],
    );
    if (moved === 1 && isActive) {
      stored.push(yield* enqueueJobs([toJob(entry)], terms));
    }
  }
  return { stored, more: due.length === firingSize };
}

function newGroup(name: string, pausedAt: number | null): CronGroupRecord {
  const paused = pausedAt === null ? 0 : 1;
  return { name, timezone: null, paused, pausedAt, resumedAt: null };
}

/** The instant is noted only when something changes. */
function pausedOrNot<Item extends CronGroupRecord>(item: Item, paused: boolean, now: number): Item {
  if ((item.paused === 1) === paused) return item;
  return paused ? { ...item, paused: 1, pausedAt: now } : { ...item, paused: 0, resumedAt: now };
}

/** What becomes of a group while an entry of it changes. */
interface Around {
  readonly group: CronGroupRecord;
  readonly groupBefore: CronGroupRecord;
  readonly terms: ScheduleTerms;
}

/** The entry that a draft leads to. */
function toEntry(
  { name, expression, timezone, paused, template }: CronDraft,
  existing: CronEntryRecord | undefined,
  around: Around,
): CronEntryRecord {
  const { now } = around.terms;
  const entry = {
    ...template,
    group: around.group.name,
    name,
    expression,
    timezone,
    nextAt: nextOf({ expression, timezone }, existing, around),
    lastAt: existing?.lastAt ?? null,
  };
  if (existing === undefined) {
    // Unlike a group, an entry that is born paused has no instant of it (section 8.3).
    return { ...entry, paused: paused === true ? 1 : 0, pausedAt: null, resumedAt: null };
  }
  const { pausedAt, resumedAt } = existing;
  const before = { ...entry, paused: existing.paused, pausedAt, resumedAt };
  return paused === null ? before : pausedOrNot(before, paused, now);
}

/**
 * When an entry is due next. What has the same schedule goes on where it was, so that a deploy may repeat what it says;
 * the schedule is the expression and the zone that it is read in. Only what became due in a pause is left behind, also
 * when the pause ends before anybody looked.
 */
function nextOf(
  { expression, timezone }: Pick<CronEntryRecord, "expression" | "timezone">,
  existing: CronEntryRecord | undefined,
  { group, groupBefore, terms }: Around,
): number | null {
  const zone = timezone ?? group.timezone;
  if (existing !== undefined) {
    const isSame = existing.expression === expression &&
      (existing.timezone ?? groupBefore.timezone) === zone;
    const wasPaused = existing.paused === 1 || groupBefore.paused === 1;
    const isMissed = wasPaused && existing.nextAt !== null && existing.nextAt <= terms.now;
    if (isSame && !isMissed) return existing.nextAt;
  }
  return terms.next(expression, zone);
}
