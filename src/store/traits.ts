/**
 * What a job has that most jobs have not, and that other tables hold: a bit for each in its row.
 *
 * So a job without any of it costs no look into these tables, and the statements for plain jobs need one condition. Most
 * of these tables name the row of the job in a column `job`.
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isOneOf } from "./dialect.ts";
import { run, type Transition } from "./transition.ts";

/** The bits. A bit is never used again for another trait. */
export const traits = {
  /** It is in flight under a lease. */
  leased: 1,
  /** It waits, or waited, for other jobs. */
  dependent: 2,
  /** Other jobs wait for it. */
  awaited: 4,
  /** It has tags. */
  tagged: 8,
  /** Somebody tracks it. */
  tracked: 16,
  /** Its history is kept. */
  recorded: 32,
  /** It is dead, and counted in a group of failures. */
  grouped: 64,
  /** It came from another job, or from a cron entry. */
  spawned: 128,
  /** It is the job of a batch that takes others in before it is due. */
  collecting: 16384,
  /** It has meta. */
  described: 256,
  /** It has succeeded, and its result is kept with it. */
  resulted: 512,
  /** It is in flight, and somebody wants it to be cancelled. */
  unwanted: 1024,
  /** Its worker has said how far a run of it is that has no lease. */
  progressing: 2048,
  /** It has stored other jobs in its run. */
  parent: 4096,
  /** It was tried again after its end, and keeps its error records. */
  retried: 8192,
} as const;

/** Which job is meant, and what it has. */
export type TraitedJob = Pick<JobRecord, "id" | "seq" | "traits">;

/** Whether a job has a trait. */
export function hasTrait(job: Pick<JobRecord, "traits">, trait: number): boolean {
  return (job.traits & trait) !== 0;
}

/** How much of what may be large one answer still shows. */
export interface ExtrasRoom {
  /** Of results, in bytes of JSON; Infinity for all. */
  resultBytes: number;
}

/** Bytes of results that one answer shows at most, but for those of jobs that are taken. */
const shownResultBytes = 8 * 1024 * 1024;

/** The room of a new answer. */
export function newRoom(): ExtrasRoom {
  return { resultBytes: shownResultBytes };
}

/** What is kept of a trait. */
export interface TraitTable {
  /** Its bit. */
  readonly trait: number;
  /** Deletes what is kept of jobs that were deleted. */
  remove(jobs: readonly TraitedJob[]): Transition<void>;
  /** Whether that is of no use to who takes a job: then it is not read for each that is taken. */
  readonly hiddenWhenTaken?: true;
  /** Reads what an answer shows of jobs, by their rows, and takes the room that it needs; left out if it shows nothing. */
  read?(seqs: readonly number[], room: ExtrasRoom): Transition<ReadonlyMap<number, JobExtra>>;
}

/** Deletes the rows of a table that belong to jobs, which it names in its column `job`. */
export function* removeRows(table: string, jobs: readonly TraitedJob[]): Transition<void> {
  const seqs = JSON.stringify(jobs.map(({ seq }) => seq));
  yield* run(`DELETE FROM ${table} WHERE ${isOneOf("job", "integers")}`, [seqs]);
}
