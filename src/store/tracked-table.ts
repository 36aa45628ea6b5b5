/**
 * Which jobs are tracked. A tracked job that is deleted stays known by its id, until it is untracked or so many others are
 * gone after it.
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import { maxExpired } from "../protocol/tracked.ts";
import { type TraitedJob, traits, type TraitTable } from "./traits.ts";
import { rows, run, runEach, type Transition } from "./transition.ts";

/** Tracks a job from now on, also one whose id was tracked when it was another job's. */
export function* insertTracked({ id, seq }: TraitedJob): Transition<void> {
  yield* run("DELETE FROM tracked WHERE job_id = ?", [id]);
  const [row] = yield* rows<{ last: number | null }>("SELECT max(place) AS last FROM tracked");
  const place = (row?.last ?? 0) + 1;
  yield* run("INSERT INTO tracked (place, job_id, job) VALUES (?, ?, ?)", [place, id, seq]);
}

/** Tracks an id no more, whether or not there is a job. */
export function* deleteTracked(id: string): Transition<void> {
  yield* run("DELETE FROM tracked WHERE job_id = ?", [id]);
}

function* markGone(jobs: readonly TraitedJob[]): Transition<void> {
  const [row] = yield* rows<{ last: number | null }>("SELECT max(gone) AS last FROM tracked");
  const last = row?.last ?? 0;
  yield* runEach(
    "UPDATE tracked SET job = NULL, gone = ? WHERE job = ?",
    jobs.map(({ seq }, at) => [last + 1 + at, seq]),
  );
  yield* run("DELETE FROM tracked WHERE gone <= ?", [last + jobs.length - maxExpired]);
}

// deno-lint-ignore require-yield -- what an answer shows of others takes a look into a table
function* readExtra(seqs: readonly number[]): Transition<ReadonlyMap<number, JobExtra>> {
  return new Map(seqs.map((seq) => [seq, { tracked: true }]));
}

/** The jobs that are tracked. */
export const trackedTable: TraitTable = {
  trait: traits.tracked,
  remove: markGone,
  read: readExtra,
};
