/**
 * The operations on cron groups and entries, and firing what is due.
 *
 * When an expression comes round is computed here, outside of any transaction, as each may take some milliseconds. A
 * transition that needs another schedule names it, and is run again with the answer.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import {
  checkCronEntry,
  checkCronGroupName,
  checkCronInterval,
  checkDuplicateNames,
  checkEntryCount,
  type CronEntryPatch,
  type CronEntryRequest,
  type CronGroupPatch,
  type CronGroupRequest,
} from "../../protocol/cron.ts";
import type { CronEntryRecord } from "../../protocol/cron-record.ts";
import type { Rejection } from "../../protocol/rejection.ts";
import { dueTimes, isInterval, timeAfter } from "../../store/cron-intervals.ts";
import {
  type CronDraft,
  type CronSchedule,
  type Occurrences,
  toCronJob,
  toDraft,
  toPatchedEntry,
} from "../../store/cron-rules.ts";
import {
  changeEntry,
  changeGroup,
  getGroup,
  keepEntry,
  listGroups,
  type MissingSchedules,
  pauseEntry,
  removeEntry,
  removeGroup,
  removeGroups,
  replaceGroup,
  type StoredCronGroup,
} from "../../store/crons.ts";
import { findEntry } from "../../store/crons-table.ts";
import {
  type DueEntry,
  fireCron,
  type Firing,
  listDue,
  listWaiting,
  nextFiring,
} from "../../store/due-crons.ts";
import type { NewRecord } from "../../store/enqueue.ts";
import type { Expressions } from "../../store/expressions.ts";
import { markSpawned } from "../../store/spawned.ts";
import type { Store } from "../../store/store.ts";
import type { Transition } from "../../store/transition.ts";
import type { Admission } from "./admission.ts";
import { checkExpression, checkTimezone, nextOccurrence } from "./schedule.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** The operations; each resolves when its change is durable. */
export interface CronOperations {
  list(): Promise<readonly string[]>;
  /** Undefined when there is none, as for the others. */
  get(group: string): Promise<StoredCronGroup | undefined>;
  replace(group: string, request: CronGroupRequest): Promise<StoredCronGroup | Rejection>;
  change(group: string, patch: CronGroupPatch): Promise<StoredCronGroup | Rejection | undefined>;
  /** Whether there was one. */
  remove(group: string): Promise<boolean>;
  /** How many there were. */
  removeAll(): Promise<number>;
  getEntry(group: string, entry: string): Promise<CronEntryRecord | undefined>;
  /** Keeps an entry called `name`; only the name in the request is checked. */
  keepEntry(
    group: string,
    request: CronEntryRequest,
    options: { readonly name: string; readonly mode: "create" | "replace" },
  ): Promise<CronEntryRecord | Rejection>;
  changeEntry(
    group: string,
    entry: string,
    patch: CronEntryPatch,
  ): Promise<CronEntryRecord | Rejection | undefined>;
  removeEntry(group: string, entry: string): Promise<boolean>;
  /** Fires what is due. */
  readonly source: DueSource;
}

/** What the operations work with. */
export interface CronOperationsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly expressions: Expressions;
  readonly admission: Admission;
}

/** Creates the operations. */
export function createCronOperations(
  { store, clock, settings, logger, expressions, admission }: CronOperationsOptions,
): CronOperations {
  const find = ({ expression, timezone }: CronSchedule, now: number): number | null => {
    try {
      return nextOccurrence(expression, timezone, now);
    } catch (error) {
      // It was checked when it was put, but perhaps by another version or with other time zones. It must not delay others.
      logger.error("Cannot tell when a cron entry is due again", { expression, timezone, error });
      return null;
    }
  };

  /** Visits items until one gives something. A large call is seconds of work, so other work is done in between. */
  const inTurns = async <Item, Result>(
    items: Iterable<Item>,
    visit: (item: Item) => Result | undefined,
  ): Promise<Result | undefined> => {
    const turns = createTurns(clock);
    for (const item of items) {
      if (turns.isOver()) await turns.pause();
      const result = visit(item);
      if (result !== undefined) return result;
    }
    return undefined;
  };

  /** Keeps when schedules come round after one instant. */
  const createOccurrenceCache = () => {
    const now = clock.now();
    const found = new Map<string, number | null>();
    const keyOf = ({ expression, timezone }: CronSchedule) => `${timezone} ${expression}`;
    const occurrences: Occurrences = { now, nextOf: (schedule) => found.get(keyOf(schedule)) };
    const fill = (schedules: Iterable<CronSchedule>) =>
      inTurns(schedules, (schedule) => {
        const key = keyOf(schedule);
        if (!found.has(key)) found.set(key, find(schedule, now));
      });
    return { now, occurrences, fill };
  };

  type OccurrenceCache = ReturnType<typeof createOccurrenceCache>;
  const termsOf = ({ now, occurrences }: OccurrenceCache) => ({
    now,
    occurrences,
    maxBudgets: settings.maxBudgets,
  });

  /** Runs a transition, and runs it again while it lacks schedules. */
  const writeWithOccurrences = async <Result>(
    cache: OccurrenceCache,
    transition: () => Transition<Result | MissingSchedules>,
  ): Promise<Result> => {
    while (true) {
      const result = await store.write<Result | MissingSchedules>(transition);
      if (!isMissing(result)) return result;
      await cache.fill(result.missing);
    }
  };

  const invalid = (message: string | undefined): Rejection | undefined =>
    message === undefined ? undefined : { kind: "invalid", message };

  const checkSchedule = (entry: CronEntryRequest): string | undefined =>
    checkCronInterval(entry, clock.now()) ??
      (entry.interval?.everyMs == null ? checkExpression(entry.expression) : undefined) ??
      checkTimezone(entry.timezone);

  const checkEntry = (entry: CronEntryRequest): string | undefined =>
    checkSchedule(entry) ?? admission.checkRequirements(entry.job);

  const checkWhole = (entry: CronEntryRequest): string | undefined =>
    checkCronEntry(entry) ?? checkEntry(entry);

  /** What is to be done for an entry that is due, with so many jobs at most. */
  const toFiring = (
    entry: DueEntry,
    { now, occurrences }: OccurrenceCache,
    most: number,
  ): Firing => {
    const isPaused = entry.paused === 1 || entry.groupPaused === 1;
    if (isInterval(entry)) {
      const { nextAt, everyMs } = entry;
      if (isPaused) return { entry, nextAt: timeAfter(nextAt, everyMs, now), jobs: [] };
      const due = dueTimes(entry, now, most);
      return { entry, nextAt: due.nextAt, jobs: toRecords(entry, due.times, now) };
    }
    const nextAt = occurrences.nextOf(scheduleOf(entry)) ?? null;
    return { entry, nextAt, jobs: isPaused ? [] : toRecords(entry, [now], now) };
  };

  /** The jobs of an entry, one for each time; none if they would be refused. */
  const toRecords = (entry: DueEntry, times: readonly number[], now: number): NewRecord[] => {
    const jobs = times.map((time) => toCronJob(entry, time));
    const rejection = admission.check(jobs.slice(0, 1)); // They differ in their times only.
    if (rejection !== undefined) {
      logRejection(entry, rejection);
      return [];
    }
    return jobs.map((job) => {
      const record = admission.toRecord(job, now);
      return entry.everyMs === null ? record : { ...record, job: markSpawned(record.job) };
    });
  };

  const logRejection = ({ group, name }: DueEntry, { message }: Rejection) => {
    logger.error("Cannot enqueue the job of a cron entry", { group, entry: name, error: message });
  };

  const source: DueSource = {
    name: "fire cron entries",
    nextDueAt: () => store.read(nextFiring()),
    async run(now) {
      const due = await store.read(listDue(now));
      const cache = createOccurrenceCache();
      await cache.fill(due.filter(({ everyMs }) => everyMs === null).map(scheduleOf));
      const most = Math.max(1, Math.floor(jobsOfFiring / due.length));
      const firings = due.map((entry) => toFiring(entry, cache, most));
      const terms = { ...termsOf(cache), expressions };
      const fired = await store.write(function* () {
        const results: { firing: Firing; rejection: Rejection }[] = [];
        for (const firing of firings) {
          const { rejection } = yield* fireCron(firing, terms);
          if (rejection !== undefined) results.push({ firing, rejection });
        }
        return results;
      });
      for (const { firing, rejection } of fired) logRejection(firing.entry, rejection);
    },
    async clockSetBack(now, after) {
      let count = 0;
      let entries = await store.read(listWaiting(after));
      while (entries.length > 0) {
        const earlier: Firing[] = [];
        await inTurns(entries, (entry) => {
          const nextAt = earlierFiring(entry, now);
          if (nextAt !== undefined) earlier.push({ entry, nextAt, jobs: [] });
        });
        await move(earlier, now);
        count += earlier.length;
        entries = await store.read(listWaiting(after, entries.at(-1)));
      }
      const isStart = after > now; // Else it was told already that the clock was set back.
      if (isStart && count > 0) {
        logger.warn("Cron entries were due later than their schedules say", { count });
      }
    },
  };

  /**
   * When an entry is due after `now` instead, if it would leave out more than one time until it is due. It leaves out the one
   * that it was done at before the clock was set back.
   */
  const earlierFiring = (entry: DueEntry, now: number): number | undefined => {
    if (isInterval(entry)) {
      const { everyMs, nextAt, lastAt } = entry;
      // One that never fired waits for its start.
      const isLate = lastAt !== null && nextAt - now > 2 * everyMs;
      return isLate ? timeAfter(nextAt, everyMs, now) : undefined;
    }
    const first = find(scheduleOf(entry), now);
    const second = first === null ? null : find(scheduleOf(entry), first);
    return second !== null && second < entry.nextAt! ? first! : undefined;
  };

  const move = async (firings: readonly Firing[], now: number) => {
    if (firings.length === 0) return;
    const { maxBudgets } = settings;
    const terms = { now, expressions, maxBudgets };
    await store.write(function* () {
      for (const firing of firings) yield* fireCron(firing, terms);
    });
  };

  return {
    list: () => store.read(listGroups()),
    get: (group) => store.read(getGroup(group)),
    async replace(name, { paused, timezone, entries }) {
      const problem = checkCronGroupName(name) ?? checkEntryCount(entries.length) ??
        checkDuplicateNames(entries) ??
        await inTurns(entries, checkCronEntry) ?? await inTurns(entries, checkEntry) ??
        checkTimezone(timezone);
      if (problem !== undefined) return invalid(problem)!;
      const cache = createOccurrenceCache();
      const byExpression = entries.filter(({ interval }) => interval?.everyMs == null);
      await cache.fill(byExpression.map((entry) => {
        return { expression: entry.expression, timezone: entry.timezone ?? timezone };
      }));
      const request = { paused, timezone, drafts: entries.map(toDraft) };
      return await writeWithOccurrences(cache, () => replaceGroup(name, request, termsOf(cache)));
    },
    async change(name, patch) {
      const problem = checkTimezone(patch.timezone ?? null);
      if (problem !== undefined) return invalid(problem);
      const cache = createOccurrenceCache();
      return await writeWithOccurrences(cache, () => changeGroup(name, patch, cache.occurrences));
    },
    remove: (name) => store.write(() => removeGroup(name)),
    removeAll: () => store.write(removeGroups),
    getEntry: (group, entry) => store.read(findEntry(group, entry)),
    async keepEntry(group, request, { name, mode }) {
      const problem = checkCronGroupName(group) ?? checkWhole(request);
      if (problem !== undefined) return invalid(problem)!;
      const cache = createOccurrenceCache();
      const draft = { ...toDraft(request), name };
      return await writeWithOccurrences(cache, () => keepEntry(group, draft, mode, termsOf(cache)));
    },
    async changeEntry(group, name, patch) {
      const cache = createOccurrenceCache();
      const { occurrences } = cache;
      if (isPause(patch)) {
        const { paused } = patch;
        return await writeWithOccurrences(
          cache,
          () => pauseEntry(group, name, paused, occurrences),
        );
      }
      const toChanged = (entry: CronEntryRecord): CronDraft | Rejection => {
        const request = toPatchedEntry(entry, patch);
        const problem = checkWhole(request);
        return problem === undefined ? toDraft(request) : invalid(problem)!;
      };
      return await writeWithOccurrences(
        cache,
        () => changeEntry(group, name, toChanged, termsOf(cache)),
      );
    },
    removeEntry: (group, entry) => store.write(() => removeEntry(group, entry)),
    source,
  };
}

/** Jobs of one piece of firing, about: more are left for the next. */
const jobsOfFiring = 500;

/** Whether a patch does nothing but to pause or resume. */
function isPause(patch: CronEntryPatch): patch is CronEntryPatch & { readonly paused: boolean } {
  const { paused, interval, ...rest } = patch;
  return paused !== undefined &&
    [...Object.values(rest), ...Object.values(interval)].every((value) => value === undefined);
}

/** The schedule of an entry, in the time zone of its group if it has none. */
function scheduleOf({ expression, timezone, groupZone }: DueEntry): CronSchedule {
  return { expression, timezone: timezone ?? groupZone };
}

function isMissing<Result>(result: Result | MissingSchedules): result is MissingSchedules {
  return typeof result === "object" && result !== null && "missing" in result;
}
