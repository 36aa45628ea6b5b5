/**
 * Trying finished jobs again.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import { type RetriedJob, retryJob, retryJobs } from "../../store/retry-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import { piecesRows, type Searching } from "./searching.ts";

/** The operations; each resolves when its change is durable. */
export interface Retrying {
  /** Tries a job again; undefined when there is no such job. */
  one(id: string): Promise<RetriedJob | undefined>;
  /** Tries the finished jobs of a selection again, piece by piece, and gives how many there were. */
  many(selection: JobSelection, matches?: PayloadFilter): Promise<number>;
}

/** Creates the operations. */
export function createRetrying(
  { store, clock, searching }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly searching: Searching;
  },
): Retrying {
  return {
    one: (id) => store.write(() => retryJob(id, clock.now())),
    async many(selection, matches) {
      let count = 0;
      for await (const piece of searching.pieces(selection, matches)) {
        count += await store.write(() => retryJobs(piece, clock.now()), piecesRows);
      }
      return count;
    },
  };
}
