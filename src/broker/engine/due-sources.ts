/**
 * The work on jobs that waits for a time: promoting scheduled jobs, and deleting those past their retention.
 *
 * @module
 */

import { addSaturating } from "../../store/add-saturating.ts";
import { nextPromotion, nextReaping, promoteJobs, reapJobs } from "../../store/due-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";

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

/** Deletes finished jobs past their retention, which gather for `intervalMs` first. */
export function createReaping(store: Store, intervalMs: number): DueSource {
  let hasMore = false;
  return {
    name: "delete expired jobs",
    async nextDueAt() {
      if (hasMore) return 0; // The rest of what was due must not wait for another interval.
      const purgeAt = await store.read(nextReaping());
      return purgeAt === undefined ? undefined : addSaturating(purgeAt, intervalMs);
    },
    async run(now) {
      hasMore = false;
      hasMore = await store.write(() => reapJobs(now));
    },
  };
}
