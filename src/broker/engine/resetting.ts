/**
 * Deleting all that a broker keeps.
 *
 * @module
 */

import { removeBudgets } from "../../store/budgets.ts";
import { removeKeys } from "../../store/idempotency.ts";
import { removeQueueSettings } from "../../store/queue-settings.ts";
import type { Store } from "../../store/store.ts";
import { forgetExpired } from "../../store/tracking.ts";
import type { Removing } from "./removing.ts";

/** What keeps something of its own. */
interface Removable {
  removeAll(): Promise<unknown>;
}

/**
 * Gives what deletes all cron groups, jobs, budgets, keys of calls, settings of queues, and what others keep.
 *
 * @param others They come after the jobs.
 */
export function createReset(
  { store, crons, removing, others }: {
    readonly store: Store;
    readonly crons: Removable;
    readonly removing: Pick<Removing, "all">;
    readonly others: readonly Removable[];
  },
): () => Promise<void> {
  return async () => {
    await crons.removeAll();
    await removing.all();
    for (const remove of [removeBudgets, removeKeys, removeQueueSettings]) {
      await store.write<unknown>(remove);
    }
    for (const other of others) await other.removeAll();
    await store.write(forgetExpired);
  };
}
