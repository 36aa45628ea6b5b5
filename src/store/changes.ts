/**
 * What transitions did, as data.
 *
 * A transition reports its changes, and whoever runs it gathers them for each commit. They are forgotten when the
 * commit fails. After it, one function of the engine applies all of them in memory: it wakes subscribers, frees slots
 * and moves timers.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";

/** What subscribers have to know of a job that is ready. */
export type ReadyJob = Pick<JobRecord, "id" | "queue" | "priority" | "budgets">;

/** Jobs that went from one status to another, were stored, or are gone. */
interface JobsMoved {
  readonly kind: "jobs";
  /** The code of the status that they had; undefined when they were not stored before. */
  readonly from: number | undefined;
  /** How many jobs. */
  readonly count: number;
}

/** Jobs that are ready now; also jobs that were ready before, and whose queue, priority or budgets changed. */
export interface BecameReady extends JobsMoved {
  readonly to: typeof status.ready;
  readonly jobs: readonly ReadyJob[];
}

/** Jobs that become ready later. */
export interface BecameScheduled extends JobsMoved {
  readonly to: typeof status.scheduled;
  readonly jobs: readonly Pick<JobRecord, "id" | "readyAt">[];
}

/** Jobs that a worker has now. */
export interface BecameTaken extends JobsMoved {
  readonly to: typeof status.inFlight;
  readonly jobs: readonly Pick<JobRecord, "id">[];
}

/** Jobs that are finished and kept for a while. */
export interface BecameFinished extends JobsMoved {
  readonly to: typeof status.completed | typeof status.dead;
  readonly jobs: readonly Pick<JobRecord, "id" | "purgeAt">[];
}

/**
 * Jobs that are not stored any more. When many are deleted at once, only those are listed that may concern a subscriber:
 * the jobs that were in flight, and those that draw on budgets.
 */
export interface BecameDeleted extends JobsMoved {
  readonly to: undefined;
  readonly jobs: readonly (Pick<JobRecord, "id"> & { readonly budgets?: string | null })[];
}

/** What became of jobs. */
export type JobsChange =
  | BecameReady
  | BecameScheduled
  | BecameTaken
  | BecameFinished
  | BecameDeleted;

/** Budgets that may pay for more than before: their policy changed, or tokens came back. */
export interface BudgetsChange {
  readonly kind: "budgets";
  readonly keys: readonly string[];
  /** Whether only tokens of jobs that left flight came back. */
  readonly refunded: boolean;
}

/** Cron entries that are due at `nextAt` at the earliest, in ms since the epoch. */
export interface CronsChange {
  readonly kind: "crons";
  readonly nextAt: number;
}

/** One thing that a transition did. */
export type Change = JobsChange | BudgetsChange | CronsChange;

/**
 * The changes of jobs to the statuses in their records, one change for each status.
 *
 * @param jobs The jobs as they are now.
 * @param from The code of the status that all of them had; undefined for new ones.
 */
export function toJobsChanges(jobs: readonly JobRecord[], from: number | undefined): JobsChange[] {
  if (jobs.length === 0) return [];
  const to = jobs[0]!.status;
  // The usual case, in which nothing is copied.
  if (jobs.every((job) => job.status === to)) return [toChange(jobs, from, to)];
  const byStatus = new Map<number, JobRecord[]>();
  for (const job of jobs) {
    const list = byStatus.get(job.status);
    if (list === undefined) byStatus.set(job.status, [job]);
    else list.push(job);
  }
  return [...byStatus].map(([to, jobs]) => toChange(jobs, from, to));
}

/** The change of a job to the status in its record. */
export function toJobChange(job: JobRecord, from: number | undefined): JobsChange {
  return toChange([job], from, job.status);
}

function toChange(jobs: readonly JobRecord[], from: number | undefined, to: number): JobsChange {
  // A record holds all that a change of any kind tells of its jobs.
  return { kind: "jobs", from, to, count: jobs.length, jobs } as JobsChange;
}
