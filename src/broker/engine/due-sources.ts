/**
 * The work on jobs that waits for a time: promoting scheduled jobs, and deleting those past their retention.
 *
 * @module
 */

import { addSaturating } from "../../store/add-saturating.ts";
import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import { correctRefills } from "../../store/budgets.ts";
import { countCompleted } from "../../store/counts.ts";
import {
  nextPromotion,
  nextReaping,
  promoteJobs,
  reapJobs,
  trimCompleted,
} from "../../store/due-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** Makes scheduled jobs ready when their time has come. */
export function createPromotion(store: Store): DueSource {
  return {
    name: "promote scheduled jobs",
    nextDueAt: () => store.read(nextPromotion()),
    async run(now) {
      await store.write(() => promoteJobs(now));
    },
  };
}

/** Deletes finished jobs past their retention, which gather for `reaperIntervalMs` first. */
export function createReaping(
  store: Store,
  settings: Pick<Settings, "reaperIntervalMs">,
): DueSource {
  let hasMore = false;
  return {
    name: "delete expired jobs",
    async nextDueAt() {
      if (hasMore) return 0; // The rest of what was due must not wait for another interval.
      const purgeAt = await store.read(nextReaping());
      return purgeAt === undefined ? undefined : addSaturating(purgeAt, settings.reaperIntervalMs);
    },
    async run(now) {
      hasMore = false;
      hasMore = await store.write(() => reapJobs(now));
    },
  };
}

/** Work that is due some time after something happened. */
export interface DelayedSource extends DueSource {
  /** When it is due after something that happens at `now`, in ms since the epoch. */
  dueAfter(now: number): number;
}

/**
 * Deletes completed jobs beyond `completedLimit`, the oldest first; they gather for `reaperIntervalMs` at most. Without a
 * limit nobody counts.
 */
export function createTrimming(
  { store, clock, settings }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Pick<Settings, "reaperIntervalMs" | "completedLimit">;
  },
): DelayedSource {
  const countSurplus = async () =>
    settings.completedLimit === 0
      ? 0
      : Math.max(0, await store.read(countCompleted()) - settings.completedLimit);
  /** What is left of a run, and is due at once. */
  let rest = 0;
  let isStarted = false;
  return {
    name: "delete completed jobs beyond their limit",
    dueAfter: (now) => addSaturating(now, settings.reaperIntervalMs),
    async nextDueAt() {
      // Only at the start: else who completes jobs tells when it is due.
      if (!isStarted) rest = await countSurplus();
      isStarted = true;
      return rest > 0 ? clock.now() : undefined;
    },
    async run() {
      const limit = settings.completedLimit;
      rest = await countSurplus() === 0 ? 0 : await store.write(() => trimCompleted(limit));
    },
  };
}

/** Opens budgets when they have tokens again. */
export function createBudgetOpening(
  { store, logger, dispatcher }: {
    readonly store: Store;
    readonly logger: Logger;
    readonly dispatcher: Pick<Dispatcher, "nextOpening" | "openDue">;
  },
): DueSource {
  return {
    name: "open budgets that have tokens again",
    nextDueAt: () => dispatcher.nextOpening(),
    run: (now) => dispatcher.openDue(now),
    async clockSetBack(now, after) {
      const count = await store.write(() => correctRefills(now, after));
      const isStart = after > now; // Else it was told already that the clock was set back.
      if (isStart && count > 0) logger.warn("Budgets were refilled in the future", { count });
      dispatcher.openDue(Infinity); // What is still closed says anew when it opens.
    },
  };
}
