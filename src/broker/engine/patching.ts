/**
 * Changing jobs: one, or all of a selection.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { JobPatch } from "../../protocol/patch.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import { patchJob, patchJobs } from "../../store/patch-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import { piecesRows, type Searching } from "./searching.ts";

/** Changes jobs. */
export interface Patching {
  /** Undefined when there is no such job; a finished one comes back unchanged. */
  patch(id: string, patch: JobPatch): Promise<JobRecord | undefined>;
  /** Gives how many were changed. */
  patchMany(
    selection: JobSelection,
    patch: JobPatch,
    matches?: PayloadFilter,
    signal?: AbortSignal,
  ): Promise<number>;
}

/** Creates it. */
export function createPatching(
  { store, clock, searching }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly searching: Searching;
  },
): Patching {
  return {
    patch(id, patch) {
      const now = clock.now();
      return store.write(() => patchJob(id, patch, now));
    },
    async patchMany(selection, patch, matches, signal) {
      const now = clock.now();
      let count = 0;
      for await (const piece of searching.pieces(selection, matches, signal)) {
        count += await store.write(() => patchJobs(piece, patch, now), piecesRows);
      }
      return count;
    },
  };
}
