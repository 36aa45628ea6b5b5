/**
 * The runs that were ended last, so that a report which is repeated, because its answer was lost, gets the outcome of
 * the first one.
 *
 * It is a memory of bounded size, and is empty after a restart. What it has forgotten does no harm: a report that names
 * its delivery ends that run or none.
 *
 * @module
 */

import type { JobRecord } from "../../protocol/record.ts";

/** How a run ended. */
export type RunEnd =
  | { readonly kind: "succeeded" }
  /** The job is now, or was before it was deleted, what its record says. */
  | { readonly kind: "failed" | "released"; readonly job: JobRecord };

/** Remembers how runs ended. */
export interface RecentEnds {
  /** A run of a job ended. */
  remember(id: string, delivery: number, end: RunEnd): void;
  /** How a run of a job ended, if it was in this way; undefined if nobody remembers. */
  find<Kind extends RunEnd["kind"]>(
    kind: Kind,
    id: string,
    delivery: number,
  ): Extract<RunEnd, { readonly kind: Kind }> | undefined;
}

/** So many runs are remembered at least, and twice as many at most. */
const fewestKept = 5000;

/** Creates an empty memory. */
export function createRecentEnds(): RecentEnds {
  type Ends = Map<string, { readonly delivery: number; readonly end: RunEnd }>;
  let young: Ends = new Map();
  let old: Ends = new Map();
  return {
    remember(id, delivery, end) {
      young.set(id, { delivery, end });
      if (young.size < fewestKept) return;
      old = young;
      young = new Map();
    },
    find(kind, id, delivery) {
      const found = young.get(id) ?? old.get(id);
      if (found?.delivery !== delivery || found.end.kind !== kind) return undefined;
      return found.end as Extract<RunEnd, { readonly kind: typeof kind }>;
    },
  };
}
