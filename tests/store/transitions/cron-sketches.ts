/**
 * Cron entries for tests: short ways to keep them, and to fire what is due.
 *
 * @module
 */

import {
  type CronDraft,
  type CronSchedule,
  type Occurrences,
  toCronJob,
  toDraft,
} from "../../../src/store/cron-rules.ts";
import type { CronEntryRecord } from "../../../src/protocol/cron-record.ts";
import type { Rejection } from "../../../src/protocol/rejection.ts";
import {
  type CronTerms,
  keepEntry,
  type MissingSchedules,
  replaceGroup,
  type StoredCronGroup,
} from "../../../src/store/crons.ts";
import { findEntry } from "../../../src/store/crons-table.ts";
import { type DueEntry, fireCron, type Firing, listDue } from "../../../src/store/due-crons.ts";
import { newJob } from "../../support/new-job.ts";
import { type JobSketch, type TestStore, toEntry } from "./test-store.ts";

/** Expressions that are numbers: of how many ms they come round; by a zone a minute later. */
export function knowing(now: number): Occurrences {
  const nextOf = ({ expression, timezone }: CronSchedule) =>
    now + Number(expression) + (timezone === null ? 0 : 60_000);
  return { now, nextOf };
}

/** Knows no schedule. */
export function ignorant(now: number): Occurrences {
  return { now, nextOf: () => undefined };
}

/** An entry to be kept, due in 10 ms unless told otherwise. */
export function draft(
  name: string,
  { job = {}, ...changes }: Partial<CronDraft> & { readonly job?: Partial<JobSketch> } = {},
): CronDraft {
  const request = { name, expression: "10", timezone: null, paused: null };
  return { ...toDraft({ ...request, job: { ...newJob, ...job } }), ...changes };
}

/** What keeping entries depends on, at the time of the clock. */
export function cronTerms(store: TestStore): CronTerms {
  return { ...store.terms(), occurrences: knowing(store.clock.now()) };
}

/** Keeps an entry in group `g`. */
export function keep(
  store: TestStore,
  entry: CronDraft,
  mode: "create" | "replace" = "replace",
): Promise<CronEntryRecord | Rejection | MissingSchedules> {
  return store.write(() => keepEntry("g", entry, mode, cronTerms(store)));
}

/** Keeps group `g` with exactly these entries. */
export function replace(
  store: TestStore,
  drafts: readonly CronDraft[],
  { paused = null }: { readonly paused?: boolean | null } = {},
): Promise<StoredCronGroup | Rejection | MissingSchedules> {
  const options = { paused, timezone: null, drafts };
  return store.write(() => replaceGroup("g", options, cronTerms(store)));
}

/** When an entry of group `g` is due next. */
export async function nextAt(store: TestStore, name = "e"): Promise<number | null> {
  return (await store.read(findEntry("g", name)))!.nextAt;
}

/** What is done for an entry that is due now, as the broker has it: what is paused only moves on. */
export function toFiring(entry: DueEntry, id: string, now: number): Firing {
  const isPaused = entry.paused === 1 || entry.groupPaused === 1;
  const jobs = isPaused ? [] : [toEntry({ ...toCronJob(entry, now), id }, now)];
  return { entry, nextAt: now + Number(entry.expression), jobs };
}

/** Fires an entry that was read as due. */
export function fire(
  store: TestStore,
  entry: DueEntry,
  id: string,
): Promise<{ readonly fired: boolean; readonly rejection?: Rejection }> {
  return store.write(() => fireCron(toFiring(entry, id, store.clock.now()), store.terms()));
}

/** Fires all that is due. */
export async function fireDue(
  store: TestStore,
  id: string,
): Promise<readonly Awaited<ReturnType<typeof fire>>[]> {
  const outcomes = [];
  for (const entry of await store.read(listDue(store.clock.now()))) {
    outcomes.push(await fire(store, entry, id));
  }
  return outcomes;
}
