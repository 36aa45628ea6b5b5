/**
 * Unique keys: at most one job holds a key, over all queues and types (docs/protocol.md, section 4.3).
 *
 * A job holds its key from the moment it is stored. An enqueue is a duplicate of the holder while the status of the holder
 * is in the scope *of the enqueue*; otherwise the new job takes the key over. When the holder releases the key depends on
 * the scope *of the holder*:
 *
 * | The holder is           | queued              | active   | exists   |
 * | ----------------------- | ------------------- | -------- | -------- |
 * | taken                   | releases            | holds    | holds    |
 * | failed, with a retry    | takes it if free    | holds    | holds    |
 * | given back              | takes it if free    | holds    | holds    |
 * | completed, retained     | (was released)      | releases | holds    |
 * | dead, retained          | (was released)      | releases | holds    |
 * | deleted                 | releases            | releases | releases |
 * | finished, and put anew  | takes it if free    | takes it if free | holds |
 *
 * The holder is marked in its own row, so that what deletes a job, for whatever reason, frees its key.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { isFinished, isWaiting } from "../protocol/status.ts";
import { lockRows } from "./dialect.ts";
import { jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { toBytes } from "./text-bytes.ts";
import { run, runEach, type Transition } from "./transition.ts";

/** In which status the holder makes an enqueue of that scope a duplicate, and keeps a key of its own of that scope. */
const scopes: Readonly<Record<string, (status: number) => boolean>> = {
  queued: isWaiting,
  active: (status) => !isFinished(status),
  exists: () => true,
};

/** Which new jobs are duplicates, and which keys have to be released. */
export interface KeyPlan {
  /** The job that is there, for each new one that is not to be stored. */
  readonly duplicates: ReadonlyMap<JobRecord, JobRecord>;
  /** The rows of holders that have to release their keys. */
  readonly freed: readonly number[];
}

/** A job that is about to be ended, in the transition that stores new ones. */
export interface EndingJob {
  readonly seq: number;
  /** What it will be; undefined if it is deleted. */
  readonly after: JobRecord | undefined;
}

/**
 * Looks which of the new jobs, in their order, are duplicates of stored ones or of each other.
 *
 * @param ending The job that ends with it: it counts as what it will be.
 */
export function* planKeys(
  jobs: readonly JobRecord[],
  ending?: EndingJob,
): Transition<KeyPlan> {
  const duplicates = new Map<JobRecord, JobRecord>();
  const freed: number[] = [];
  const holders = new Map<string, JobRecord>();
  for (const job of jobs) {
    if (job.uniqueKey === null) continue;
    // A holder of this call waits, and so conflicts with every scope.
    const found = holders.get(job.uniqueKey) ?? (yield* findHolder(job.uniqueKey));
    const isEnding = found !== undefined && found.seq === ending?.seq;
    const holder = isEnding ? ending?.after : found;
    if (holder !== undefined && scopes[job.uniqueWhile!]!(holder.status)) {
      duplicates.set(job, holder);
      holders.set(job.uniqueKey, holder);
    } else {
      if (found !== undefined) freed.push(found.seq);
      holders.set(job.uniqueKey, job);
    }
  }
  return { duplicates, freed };
}

function* findHolder(key: string): Transition<JobRecord | undefined> {
  return (yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE unique_key = ? AND holds_key = 1 ${lockRows}`,
    [toBytes(key)],
  ))[0];
}

/** Makes the jobs of these rows release their keys. */
export function* freeKeys(seqs: readonly number[]): Transition<void> {
  yield* runEach("UPDATE jobs SET holds_key = 0 WHERE seq = ?", seqs.map((seq) => [seq]));
}

/**
 * The other job that holds the key which a stored job is to have, and whether it keeps it, so that the job must not have it.
 */
export function* findRival(
  { seq, uniqueKey, uniqueWhile }: JobRecord,
): Transition<{ readonly holder: JobRecord; readonly keeps: boolean } | undefined> {
  const holder = uniqueKey === null ? undefined : yield* findHolder(uniqueKey);
  if (holder === undefined || holder.seq === seq) return undefined;
  return { holder, keeps: scopes[uniqueWhile!]!(holder.status) };
}

/** After a job's status changed: releases its key, or takes it again if it is free, as its scope says. */
export function* moveKey(
  job: JobRecord,
  before: Pick<JobRecord, "status">,
): Transition<void> {
  const { uniqueKey: key, uniqueWhile: scope } = job;
  if (key === null || scope === "exists") return;
  if (!scopes[scope!]!(job.status)) yield* freeKeys([job.seq]);
  else if (scope === "queued" || isFinished(before.status)) {
    yield* run(
      `UPDATE jobs SET holds_key = 1 WHERE seq = ?
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE unique_key = ? AND holds_key = 1)`,
      [job.seq, toBytes(key)],
    );
  }
}
