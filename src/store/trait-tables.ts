/**
 * The tables behind the traits of jobs.
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import type { JobRecord } from "../protocol/record.ts";
import { cancellationTable } from "./cancellations-table.ts";
import { awaitedTable, dependentTable } from "./dependencies-table.ts";
import { groupedJobs } from "./failures-table.ts";
import { leaseTable } from "./leases-table.ts";
import { metaTable } from "./meta-table.ts";
import { progressTable } from "./progress-table.ts";
import { resultTable } from "./results-table.ts";
import { tagTable } from "./tags-table.ts";
import { spawnedTable } from "./spawned.ts";
import { trackedTable } from "./tracked-table.ts";
import {
  type ExtrasRoom,
  hasTrait,
  newRoom,
  removeRows,
  type TraitedJob,
  traits,
  type TraitTable,
} from "./traits.ts";
import type { Transition } from "./transition.ts";

const recordedJobs: TraitTable = {
  trait: traits.recorded,
  remove: (jobs) => removeRows("history", jobs),
};

const parentJobs: TraitTable = {
  trait: traits.parent,
  remove: (jobs) => removeRows("children", jobs),
};

const tables: readonly TraitTable[] = [
  dependentTable,
  awaitedTable,
  recordedJobs,
  groupedJobs,
  leaseTable,
  tagTable,
  spawnedTable,
  trackedTable,
  cancellationTable,
  metaTable,
  resultTable,
  parentJobs,
  progressTable,
];

/** Deletes what the tables hold of jobs that were deleted. */
export function* deleteTraits(jobs: readonly TraitedJob[]): Transition<void> {
  if (jobs.every(isPlain)) return;
  for (const { trait, remove } of tables) {
    const having = jobs.filter((job) => hasTrait(job, trait));
    if (having.length > 0) yield* remove(having);
  }
}

/**
 * Adds to jobs what an answer shows of their traits.
 *
 * @param isTake Whether a worker takes them: it gets less of some things, and all results.
 * @param room What the answer may still show; default that of a new one.
 */
export function* withExtras(
  jobs: readonly JobRecord[],
  isTake = false,
  room: ExtrasRoom = isTake ? { resultBytes: Infinity } : newRoom(),
): Transition<readonly JobRecord[]> {
  if (jobs.every(isPlain)) return jobs;
  const extras = new Map<number, JobExtra>();
  for (const { trait, read, hiddenWhenTaken } of tables) {
    if (isTake && hiddenWhenTaken) continue;
    const seqs = jobs.filter((job) => hasTrait(job, trait)).map(({ seq }) => seq);
    if (seqs.length === 0 || read === undefined) continue;
    for (const [seq, extra] of yield* read(seqs, room)) {
      extras.set(seq, { ...extras.get(seq), ...extra });
    }
  }
  return jobs.map((job) => {
    const extra = extras.get(job.seq);
    return extra === undefined ? job : { ...job, extra: { ...job.extra, ...extra } };
  });
}

function isPlain({ traits }: TraitedJob): boolean {
  return traits === 0;
}
