/**
 * The operations on cron groups and entries, and the alarm that fires what is due.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import { fromBatchText } from "../../protocol/batch.ts";
import type { CronEntryRequest, CronGroupPatch, CronGroupRequest } from "../../protocol/cron.ts";
import { checkBindings, fromBindingsText } from "../../protocol/binding.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { Merge } from "../../store/batch.ts";
import {
  changeGroup,
  type CronDraft,
  type CronGroup,
  type CronRefusal,
  type CronTerms,
  fireCrons,
  getGroup,
  keepEntry,
  listGroups,
  nextFiring,
  pauseEntry,
  removeEntry,
  removeGroup,
  removeGroups,
  replaceGroup,
} from "../../store/crons.ts";
import { type CronEntryRecord, findEntry } from "../../store/crons-table.ts";
import { newOf, type NewRecord } from "../../store/enqueue.ts";
import type { Store } from "../../store/store.ts";
import { type Alarm, createAlarm } from "./alarm.ts";
import { checkNewBatch } from "./expressions.ts";
import { checkExpression, checkTimezone, nextOccurrence } from "./schedule.ts";
import type { Settings } from "./settings.ts";
import { created } from "./states.ts";

/** The operations; each resolves when its change is durable. A schedule that cannot be is refused. */
export interface Crons {
  /** Looks for what is due; call once. */
  start(): Promise<void>;
  stop(): void;
  list(): Promise<readonly string[]>;
  /** Undefined when there is none, as for the others. */
  get(group: string): Promise<CronGroup | undefined>;
  replace(group: string, request: CronGroupRequest): Promise<CronGroup | CronRefusal>;
  change(group: string, patch: CronGroupPatch): Promise<CronGroup | CronRefusal | undefined>;
  /** Whether there was one. */
  remove(group: string): Promise<boolean>;
  /** How many there were. */
  removeAll(): Promise<number>;
  getEntry(group: string, entry: string): Promise<CronEntryRecord | undefined>;
  keepEntry(
    group: string,
    request: CronEntryRequest,
    mode: "create" | "replace",
  ): Promise<CronEntryRecord | CronRefusal>;
  pauseEntry(group: string, entry: string, paused: boolean): Promise<CronEntryRecord | undefined>;
  removeEntry(group: string, entry: string): Promise<boolean>;
}

/** What the operations work with. */
export interface CronsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly nextId: () => string;
  readonly merge: Merge;
  /** Told of jobs that were stored. */
  readonly follow: (jobs: Iterable<JobRecord>) => void;
}

/** Creates the operations. */
export function createCrons(
  { store, clock, settings, logger, nextId, merge, follow }: CronsOptions,
): Crons {
  const terms = (): CronTerms => {
    const now = clock.now();
    return {
      now,
      maxBudgets: settings.maxBudgets,
      merge,
      next(expression, timezone) {
        try {
          return nextOccurrence(expression, timezone, now);
        } catch (error) {
          // Checked when it came, perhaps by another version or where other time zones are known: it must not hold up
          // the others.
          logger.error("Cannot tell when a cron entry is due again", {
            expression,
            timezone,
            error,
          });
          return null;
        }
      },
    };
  };

  const fire = async (): Promise<boolean> => {
    const due = terms();
    const toJob = (entry: CronEntryRecord) => toNewRecord(entry, nextId(), due.now);
    const { stored, more } = await store.write(() => fireCrons(toJob, due));
    for (const result of stored) {
      if ("refused" in result) {
        logger.error("Cannot enqueue the job of a cron entry", { error: result.refused });
      } else follow(newOf(result));
    }
    return more;
  };

  const alarm: Alarm = createAlarm(
    {
      name: "fire cron entries",
      next: () => store.read(nextFiring()),
      async work() {
        while (await fire());
      },
    },
    clock,
    logger,
  );

  const note = (entries: Iterable<CronEntryRecord>) => {
    for (const { nextAt } of entries) if (nextAt !== null) alarm.note(nextAt);
  };

  return {
    start: () => alarm.start(),
    stop: () => alarm.stop(),
    list: () => store.read(listGroups()),
    get: (group) => store.read(getGroup(group)),
    async replace(name, { paused, timezone, entries }) {
      const problem = firstProblem(entries) ?? checkTimezone(timezone);
      if (problem !== undefined) return { refused: problem };
      const request = { paused, timezone, drafts: entries.map(toDraft) };
      const result = await store.write(() => replaceGroup(name, request, terms()));
      if ("entries" in result) note(result.entries);
      return result;
    },
    async change(name, patch) {
      const problem = checkTimezone(patch.timezone ?? null);
      if (problem !== undefined) return { refused: problem };
      const result = await store.write(() => changeGroup(name, patch, terms()));
      if (result !== undefined) note(result.entries);
      return result;
    },
    remove: (name) => store.write(() => removeGroup(name)),
    removeAll: () => store.write(removeGroups),
    getEntry: (group, entry) => store.read(findEntry(group, entry)),
    async keepEntry(group, request, mode) {
      const problem = firstProblem([request]);
      if (problem !== undefined) return { refused: problem };
      const draft = toDraft(request);
      const result = await store.write(() => keepEntry(group, draft, mode, terms()));
      if ("name" in result) note([result]);
      return result;
    },
    async pauseEntry(group, name, paused) {
      const entry = await store.write(() => pauseEntry(group, name, { paused, terms: terms() }));
      if (entry !== undefined) note([entry]);
      return entry;
    },
    removeEntry: (group, entry) => store.write(() => removeEntry(group, entry)),
  };
}

function firstProblem(entries: readonly CronEntryRequest[]): string | undefined {
  for (const { expression, timezone, job } of entries) {
    const problem = checkExpression(expression) ?? checkTimezone(timezone) ??
      checkNewBatch(job) ?? checkBindings(job.budgets);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function toDraft({ job, ...entry }: CronEntryRequest): CronDraft {
  const record = created(job, "", 0);
  return {
    ...entry,
    bindings: job.budgets,
    // A scope without a key is shown, and has no effect (section 8.2).
    template: { ...record, uniqueWhile: record.uniqueWhile ?? job.uniqueWhile },
  };
}

/** The job that an entry enqueues at `now`. */
function toNewRecord(entry: CronEntryRecord, id: string, now: number): NewRecord {
  const bindings = fromBindingsText(entry.budgets)
    .map((binding) => ({ ...binding, createWith: null, bucket: false }));
  const job = created(
    {
      type: entry.type,
      queue: entry.queue,
      payload: entry.payloadJson ?? entry.payloadPack ?? "null",
      priority: entry.priority,
      readyAt: now,
      retryLimit: entry.retryLimit,
      backoff: entry.backoff,
      retention: entry.retention,
      uniqueKey: entry.uniqueKey,
      uniqueWhile: entry.uniqueWhile,
      batch: entry.batch === null ? null : fromBatchText(entry.batch),
      budgets: bindings,
    },
    id,
    now,
  );
  return { job, bindings };
}
