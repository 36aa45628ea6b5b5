/**
 * The operations on the history of a job.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { HistoryEntry, OwnEntry } from "../../protocol/history.ts";
import type { PageQuery } from "../../protocol/query.ts";
import { addEntry, listHistory, type PlacedEntry } from "../../store/history.ts";
import { getMetadata } from "../../store/read.ts";
import type { Store } from "../../store/store.ts";
import type { Settings } from "./settings.ts";

/** The operations. Each gives undefined when there is no such job. */
export interface HistoryOperations {
  list(id: string, page: PageQuery<number>): Promise<readonly PlacedEntry[] | undefined>;
  /** Resolves when the entry is durable. */
  add(id: string, entry: OwnEntry): Promise<HistoryEntry | undefined>;
}

/** Creates the operations. */
export function createHistoryOperations(
  { store, clock, settings }: {
    readonly store: Store;
    readonly clock: Clock;
    /** How many entries a job has at most. */
    readonly settings: Pick<Settings, "historyLimit">;
  },
): HistoryOperations {
  return {
    async list(id, page) {
      const job = await store.read(getMetadata(id, clock.now()));
      return job && await store.read(listHistory(job.seq, page));
    },
    add(id, entry) {
      const terms = { now: clock.now(), historyLimit: settings.historyLimit };
      return store.write(() => addEntry(id, entry, terms));
    },
  };
}
