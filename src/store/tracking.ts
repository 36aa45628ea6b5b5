/**
 * Tracking jobs, whatever their status.
 *
 * @module
 */

import { findJob, findVisibleJob } from "./jobs.ts";
import { moveAlone } from "./move-job.ts";
import { deleteTracked, insertTracked } from "./tracked-table.ts";
import { hasTrait, traits } from "./traits.ts";
import { rows, run, type Transition } from "./transition.ts";

/**
 * Tracks a job from now on; one that is tracked keeps its place.
 *
 * @returns Whether there is such a job.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* trackJob(id: string, now: number): Transition<boolean> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return false;
  if (hasTrait(job, traits.tracked)) return true;
  yield* insertTracked(job);
  yield* moveAlone(job, { ...job, traits: job.traits | traits.tracked }, "tracked");
  return true;
}

/**
 * Tracks a job no more; also one that is gone, or never was.
 *
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* untrackJob(id: string): Transition<void> {
  yield* deleteTracked(id);
  const job = yield* findJob(id);
  if (job === undefined || !hasTrait(job, traits.tracked)) return;
  yield* moveAlone(job, { ...job, traits: job.traits & ~traits.tracked }, "untracked");
}

/** Forgets all that is tracked and gone. */
export function* forgetExpired(): Transition<void> {
  yield* run("DELETE FROM tracked WHERE gone IS NOT NULL");
}

/** A tracked job. */
export interface TrackedRow {
  readonly seq: number;
  /** Its place among those that are tracked. */
  readonly place: number;
}

/** The tracked jobs that are stored, in the order in which they were tracked. */
export function* listTracked(
  { from, order, limit }: {
    readonly from: number | undefined;
    readonly order: "asc" | "desc";
    readonly limit: number;
  },
): Transition<TrackedRow[]> {
  const behind = from === undefined ? "" : `AND place ${order === "asc" ? ">" : "<"} ?`;
  return yield* rows<TrackedRow>(
    `SELECT job AS seq, place FROM tracked WHERE job IS NOT NULL ${behind}
     ORDER BY place ${order} LIMIT ?`,
    [...from === undefined ? [] : [from], limit],
  );
}

/** The ids of tracked jobs that are stored no more, in the order in which they went. */
export function* listExpired(): Transition<string[]> {
  const found = yield* rows<{ id: string }>(
    "SELECT job_id AS id FROM tracked WHERE gone IS NOT NULL ORDER BY gone",
  );
  return found.map(({ id }) => id);
}

/** The rows of all tracked jobs; undefined if there are more than `most`. */
export function* keysTracked(most: number): Transition<number[] | undefined> {
  const found = yield* rows<{ job: number }>(
    "SELECT job FROM tracked WHERE job IS NOT NULL LIMIT ?",
    [most + 1],
  );
  return found.length > most ? undefined : found.map(({ job }) => job);
}
