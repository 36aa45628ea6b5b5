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
import type { RunReference } from "../../store/finish.ts";

/** How a run ended, other than well. */
export interface RunEnd {
  readonly kind: "failed" | "released";
  /** What the job is now, or was before it was deleted. */
  readonly job: JobRecord;
}

/** Remembers how runs ended, of reports that name their delivery. */
export interface RecentEnds {
  succeeded(run: RunReference): void;
  hasSucceeded(run: RunReference): boolean;
  ended(run: RunReference, end: RunEnd): void;
  /** The job after its run ended in this way; undefined if nobody remembers. */
  find(kind: RunEnd["kind"], run: RunReference): JobRecord | undefined;
}

/** So many runs of either sort are remembered at least, and twice as many at most. */
const fewestKept = 5000;

/** Creates an empty memory. */
export function createRecentEnds(): RecentEnds {
  const successes = createRecent<number>();
  const others = createRecent<RunEnd>();
  return {
    succeeded({ id, delivery }) {
      if (delivery !== undefined) successes.add(id, delivery);
    },
    hasSucceeded: ({ id, delivery }) => delivery !== undefined && successes.get(id) === delivery,
    ended({ id, delivery }, end) {
      if (delivery !== undefined) others.add(`${id} ${delivery}`, end);
    },
    find(kind, { id, delivery }) {
      const end = delivery === undefined ? undefined : others.get(`${id} ${delivery}`);
      return end?.kind === kind ? end.job : undefined;
    },
  };
}

/** The values that were added last, by their keys. A job succeeds once, but may fail often. */
function createRecent<Value>() {
  let young = new Map<string, Value>();
  let old = young;
  return {
    add(key: string, value: Value) {
      young.set(key, value);
      if (young.size < fewestKept) return;
      old = young;
      young = new Map();
    },
    get: (key: string) => young.get(key) ?? old.get(key),
  };
}
