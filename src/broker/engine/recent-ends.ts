/**
 * The runs that were ended last, so that a report which is repeated, because its answer was lost, gets the outcome of
 * the first one.
 *
 * It is a memory of bounded size, and is empty after a restart. What it has forgotten does no harm: a report that names
 * its delivery ends that run or none.
 *
 * @module
 */

import type { JobRun } from "../../protocol/ack.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { StoredJob } from "../../store/enqueue.ts";

/** How a run ended, if more is told of it than that it ended well. */
export interface RunEnd {
  readonly kind: "failed" | "released" | "succeeded" | "advanced" | "enqueued";
  /** What the job is now, or was before it was deleted. */
  readonly job: JobRecord;
  /** The jobs that were stored with it, if it was that. */
  readonly stored?: readonly StoredJob[];
}

/** Remembers how runs ended, of reports that name their delivery. */
export interface RecentEnds {
  succeeded(run: JobRun): void;
  hasSucceeded(run: JobRun): boolean;
  ended(run: JobRun, end: RunEnd): void;
  /** How a run ended, if it did in this way; undefined if nobody remembers. */
  find(kind: RunEnd["kind"], run: JobRun): RunEnd | undefined;
}

/** So many jobs of runs that did not end well are remembered at least, and twice as many at most; and of the last call. */
const fewestKept = 5000;

/** Creates an empty memory. */
export function createRecentEnds(): RecentEnds {
  const successes = createRecentMarks();
  const others = createRecent<RunEnd>(({ stored = [] }) => 1 + stored.length);
  return {
    succeeded({ id, delivery }) {
      if (delivery !== undefined) successes.add(id, delivery);
    },
    hasSucceeded: ({ id, delivery }) => delivery !== undefined && successes.has(id, delivery),
    ended({ id, delivery }, end) {
      if (delivery !== undefined) others.add(`${id} ${delivery}`, end);
    },
    find(kind, { id, delivery }) {
      const end = delivery === undefined ? undefined : others.get(`${id} ${delivery}`);
      return end?.kind === kind ? end : undefined;
    },
  };
}

/** A power of two: of the last 10,000 runs that were added, nearly nine in ten are found. */
const places = 2 ** 16;

/**
 * Which runs were added last. Nearly every run ends here, so each is one number in an array: in a map of texts it took a
 * twentieth of what the broker does for a job. A run whose number is that of another is taken for it; that happens once in
 * 10^15 times.
 */
function createRecentMarks() {
  const marks = new Float64Array(places);
  return {
    add(id: string, delivery: number) {
      const mark = markOf(id, delivery);
      marks[placeOf(mark)] = mark;
    },
    has(id: string, delivery: number) {
      const mark = markOf(id, delivery);
      return marks[placeOf(mark)] === mark;
    },
  };
}

/** 53 bits of a run, of two hashes in the manner of FNV-1a. */
function markOf(id: string, delivery: number): number {
  let one = 0x811c9dc5 ^ delivery;
  let two = 0x9747b28c ^ delivery;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x85ebca6b);
  }
  return (one >>> 0) * 2 ** 21 + (two >>> 11);
}

/** Where a mark is kept: by its first hash. */
function placeOf(mark: number): number {
  const one = mark / 2 ** 21 >>> 0;
  return (one ^ one >>> 15) & (places - 1);
}

/** The values that were added last, by their keys. */
function createRecent<Value>(sizeOf: (value: Value) => number) {
  let young = new Map<string, Value>();
  let old = young;
  let size = 0;
  return {
    add(key: string, value: Value) {
      young.set(key, value);
      size += sizeOf(value);
      if (size < fewestKept) return;
      size = 0;
      old = young;
      young = new Map();
    },
    get: (key: string) => young.get(key) ?? old.get(key),
  };
}
