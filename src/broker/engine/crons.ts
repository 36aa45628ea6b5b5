/**
 * The operations on cron groups and entries, and the alarm that fires what is due.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { CronEntryRequest, CronGroupPatch, CronGroupRequest } from "../../protocol/cron.ts";
import type { JobRecord } from "../../protocol/record.ts";
import {
  changeGroup,
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
import type { CronEntryRecord } from "../../protocol/cron-record.ts";
import { findEntry } from "../../store/crons-table.ts";
import { newOf } from "../../store/enqueue.ts";
import type { Store } from "../../store/store.ts";
import { type Alarm, createAlarm } from "./alarm.ts";
import { checkEntry, toDraft, toNewRecord } from "./cron-entry.ts";
import type { Expressions } from "./expressions.ts";
import { checkTimezone, nextOccurrence } from "./schedule.ts";
import type { Settings } from "./settings.ts";

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
  readonly expressions: Expressions;
  /** Told of jobs that were stored. */
  readonly follow: (jobs: Iterable<JobRecord>) => void;
}

/** How long others wait at most while the entries of one call are looked at, in ms. */
const turnMs = 10;

/** Creates the operations. */
export function createCrons(
  { store, clock, settings, logger, nextId, expressions, follow }: CronsOptions,
): Crons {
  const find = (expression: string, timezone: string | null, now: number): number | null => {
    try {
      return nextOccurrence(expression, timezone, now);
    } catch (error) {
      // Checked when it came, perhaps by another version or where other time zones are known: it must not hold up the
      // others.
      logger.error("Cannot tell when a cron entry is due again", { expression, timezone, error });
      return null;
    }
  };

  const createTerms = (): CronTerms => {
    const now = clock.now();
    const found = new Map<string, number | null>();
    return {
      now,
      maxBudgets: settings.maxBudgets,
      merge: expressions.merge,
      next(expression, timezone) {
        const schedule = `${timezone} ${expression}`;
        let at = found.get(schedule);
        if (at === undefined) found.set(schedule, at = find(expression, timezone, now));
        return at;
      },
    };
  };

  /** Visits items until one gives something. All of a large call is seconds of work: others get their turn between. */
  const inTurns = async <Item, Result>(
    items: readonly Item[],
    visit: (item: Item) => Result | undefined,
  ): Promise<Result | undefined> => {
    let turnEnds = clock.now() + turnMs;
    for (const item of items) {
      if (clock.now() >= turnEnds) {
        await new Promise<void>((resolve) => clock.defer(resolve));
        turnEnds = clock.now() + turnMs;
      }
      const result = visit(item);
      if (result !== undefined) return result;
    }
    return undefined;
  };

  const fire = async (): Promise<boolean> => {
    const due = createTerms();
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
      const problem = await inTurns(entries, (entry) => checkEntry(entry, expressions)) ??
        checkTimezone(timezone);
      if (problem !== undefined) return { refused: problem };
      const terms = createTerms();
      await inTurns(entries, (entry) => {
        terms.next(entry.expression, entry.timezone ?? timezone);
      });
      const request = { paused, timezone, drafts: entries.map(toDraft) };
      const result = await store.write(() => replaceGroup(name, request, terms));
      if ("entries" in result) note(result.entries);
      return result;
    },
    async change(name, patch) {
      const { timezone } = patch;
      const problem = checkTimezone(timezone ?? null);
      if (problem !== undefined) return { refused: problem };
      const terms = createTerms();
      if (timezone !== undefined) {
        const { entries } = await store.read(getGroup(name)) ?? { entries: [] };
        await inTurns(entries, (entry) => {
          if (entry.timezone === null) terms.next(entry.expression, timezone);
        });
      }
      const result = await store.write(() => changeGroup(name, patch, terms));
      if (result !== undefined) note(result.entries);
      return result;
    },
    remove: (name) => store.write(() => removeGroup(name)),
    removeAll: () => store.write(removeGroups),
    getEntry: (group, entry) => store.read(findEntry(group, entry)),
    async keepEntry(group, request, mode) {
      const problem = checkEntry(request, expressions);
      if (problem !== undefined) return { refused: problem };
      const draft = toDraft(request);
      const result = await store.write(() => keepEntry(group, draft, mode, createTerms()));
      if ("name" in result) note([result]);
      return result;
    },
    async pauseEntry(group, name, paused) {
      const entry = await store.write(() =>
        pauseEntry(group, name, { paused, terms: createTerms() })
      );
      if (entry !== undefined) note([entry]);
      return entry;
    },
    removeEntry: (group, entry) => store.write(() => removeEntry(group, entry)),
  };
}
