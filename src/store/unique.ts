/**
 * Unique keys: at most one job holds a key, over all queues and types (section 6 of the protocol).
 *
 * A job holds its key from the moment it is stored. An enqueue is a duplicate of the holder while that stands where
 * the scope *of the enqueue* looks; otherwise the new job takes the key over. When the key is let go depends on the
 * scope *of the holder*:
 *
 * | The holder is           | queued              | active  | exists  |
 * | ----------------------- | ------------------- | ------- | ------- |
 * | taken                   | lets go             | holds   | holds   |
 * | failed, with a retry    | takes it if free    | holds   | holds   |
 * | handed back             | takes it if free    | holds   | holds   |
 * | completed, retained     | (has let go)        | lets go | holds   |
 * | dead, retained          | (has let go)        | lets go | holds   |
 * | deleted                 | lets go             | lets go | lets go |
 *
 * The holder is marked in its own row, so that what deletes a job, for whatever reason, frees its key.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { metadataColumns } from "./jobs-table.ts";
import { each, rows, type Transition } from "./transition.ts";

/** In which status the holder makes an enqueue of that scope a duplicate. */
const conflicts: Readonly<Record<string, (status: number) => boolean>> = {
  queued: (at) => at <= status.ready,
  active: (at) => at <= status.inFlight,
  exists: () => true,
};

/** What new jobs meet. */
export interface KeyPlan {
  /** The job that is there, for each new one that is not to be stored. */
  readonly duplicates: ReadonlyMap<JobRecord, JobRecord>;
  /** Holders that have to make room. */
  readonly freed: readonly string[];
}

/** Looks which of the new jobs, in their order, are duplicates of stored ones or of each other. */
export function* planKeys(jobs: readonly JobRecord[]): Transition<KeyPlan> {
  const duplicates = new Map<JobRecord, JobRecord>();
  const freed: string[] = [];
  const holders = new Map<string, JobRecord>();
  for (const job of jobs) {
    if (job.uniqueKey === null) continue;
    // A holder of this call waits, and so conflicts with every scope.
    const holder = holders.get(job.uniqueKey) ?? (yield* findHolder(job.uniqueKey));
    if (holder !== undefined && conflicts[job.uniqueWhile!]!(holder.status)) {
      duplicates.set(job, holder);
      holders.set(job.uniqueKey, holder);
    } else {
      if (holder !== undefined) freed.push(holder.id);
      holders.set(job.uniqueKey, job);
    }
  }
  return { duplicates, freed };
}

function* findHolder(key: string): Transition<JobRecord | undefined> {
  return (yield* rows<JobRecord>(
    `SELECT ${metadataColumns} FROM jobs WHERE unique_key = ? AND holds_key = 1`,
    [key],
  ))[0];
}

/** Makes jobs let go of their keys. */
export function* freeKeys(ids: readonly string[]): Transition<void> {
  yield* each("UPDATE jobs SET holds_key = 0 WHERE id = ?", ids.map((id) => [id]));
}

/** The keys follow a job that has just been given this status. */
export function* moveKey(job: JobRecord): Transition<void> {
  const { uniqueKey: key, uniqueWhile: scope } = job;
  if (key === null || scope === "exists") return;
  const holds = job.status <= (scope === "active" ? status.inFlight : status.ready);
  if (!holds) yield* freeKeys([job.id]);
  else if (scope === "queued") {
    yield* each(
      `UPDATE jobs SET holds_key = 1 WHERE id = ?
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE unique_key = ? AND holds_key = 1)`,
      [[job.id, key]],
    );
  }
}
