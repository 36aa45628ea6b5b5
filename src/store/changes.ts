/**
 * What transitions did, as data.
 *
 * A transition reports its changes, and whoever runs it gathers them for each commit. They are forgotten when the
 * commit fails. After it, one function of the engine applies all of them in memory: it wakes subscribers, frees slots
 * and moves timers.
 *
 * @module
 */

import type { FailureReport } from "../protocol/failure.ts";
import type { QueueSettingsRecord } from "../protocol/queue-settings.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";

/** What is told of every job: which one it is, and under what it is counted. */
export type ChangedJob =
  & Pick<JobRecord, "id" | "seq" | "queue" | "type" | "traits">
  // What statistics go by: told of jobs that are taken, and of jobs whose runs end.
  & Partial<Pick<JobRecord, "readyAt" | "dequeuedAt">>;

/**
 * Why jobs moved.
 *
 * | Cause       | From, to                               | What happened                                        |
 * | ----------- | -------------------------------------- | ---------------------------------------------------- |
 * | `enqueued`  | – → scheduled, ready, blocked          | they were stored                                     |
 * | `due`       | scheduled → ready                      | their time came                                      |
 * | `taken`     | ready → in flight                      | a worker has them                                    |
 * | `succeeded` | in flight → completed, deleted         | a worker reported it                                 |
 * | `failed`    | in flight → scheduled, dead, deleted   | a worker reported it, or they were delivered too often |
 * | `released`  | in flight → ready, scheduled           | their worker gave them back, or is gone              |
 * | `requeued`  | dead, completed → ready                | somebody wants them to run again                     |
 * | `advanced`  | in flight → scheduled, ready, blocked  | a worker reported success and the next queue         |
 * | `put`       | any → scheduled, ready, blocked        | somebody put them anew, whoever had them             |
 * | `timed-out` | in flight → in flight                  | their lease ended, and a window of grace begins, or it is lost at once |
 * | `lease-lost` | in flight → ready, dead, deleted      | nobody renewed their lease; it counts as a failure   |
 * | `evicted`   | in flight → ready                      | somebody took them from their worker                 |
 * | `changed`   | any, mostly the same                   | somebody changed them                                |
 * | `tracked`, `untracked` | any, the same            | somebody tracks them, or does no more                |
 * | `removed`   | any → deleted                          | somebody deleted them                                |
 * | `expired`   | completed, dead → deleted              | their retention ended                                |
 * | `unblocked` | blocked → ready, scheduled             | they wait for no other job any more                  |
 * | `abandoned` | blocked → dead, deleted                | a job that they waited for is dead                   |
 * | `cancel-asked` | in flight → in flight               | somebody wants them to be cancelled                  |
 * | `cancelled` | waiting, in flight → dead, deleted     | somebody cancelled them                              |
 */
export type Cause =
  | "enqueued"
  | "due"
  | "taken"
  | "succeeded"
  | "failed"
  | "released"
  | "requeued"
  | "advanced"
  | "put"
  | "timed-out"
  | "lease-lost"
  | "evicted"
  | "changed"
  | "tracked"
  | "untracked"
  | "removed"
  | "expired"
  | "unblocked"
  | "abandoned"
  | "cancel-asked"
  | "cancelled";

/** What a job that is ready means for those who wait for one. */
export type ReadyJob = ChangedJob & Pick<JobRecord, "priority" | "budgets">;

/** Jobs that went from one status to another, were stored, or are gone. */
interface JobsMoved {
  readonly kind: "jobs";
  /** The code of the status that they had; undefined when they were not stored before. */
  readonly from: number | undefined;
  /** The queue that they were in, if they are in another one now. */
  readonly fromQueue?: string;
  /** The type that they had, if it is another one now. */
  readonly fromType?: string;
  readonly cause: Cause;
  /** What the worker calls itself that takes them now, or from which they are taken, if it says so. */
  readonly worker?: string | undefined;
  /** Whether it is the worker which has them that moved them, and that need not be told. */
  readonly byHolder?: true | undefined;
  /** Why they are to be cancelled. */
  readonly reason?: string;
  /** What they came to that succeeded, as JSON texts by their ids, if somebody said so. */
  readonly results?: ReadonlyMap<string, string> | undefined;
  /** What a job died of that is not kept, and its error record neither. */
  readonly failure?: FailureReport | undefined;
}

/** Jobs that are ready now; also those that were ready before, and whose place or budgets are others now. */
export interface BecameReady extends JobsMoved {
  readonly to: typeof status.ready;
  readonly jobs: readonly ReadyJob[];
}

/** Jobs that become ready later. */
export interface BecameScheduled extends JobsMoved {
  readonly to: typeof status.scheduled;
  readonly jobs: readonly (ChangedJob & Pick<JobRecord, "readyAt">)[];
}

/** Jobs that a worker has now. */
export interface BecameTaken extends JobsMoved {
  readonly to: typeof status.inFlight;
  readonly jobs: readonly ChangedJob[];
}

/** Jobs that wait for others. */
export interface BecameBlocked extends JobsMoved {
  readonly to: typeof status.blocked;
  readonly jobs: readonly ChangedJob[];
}

/** Jobs that are finished and kept for a while. */
export interface BecameFinished extends JobsMoved {
  readonly to: typeof status.completed | typeof status.dead;
  readonly jobs: readonly (ChangedJob & Pick<JobRecord, "purgeAt">)[];
}

/** Jobs that are not stored any more. */
export interface BecameDeleted extends JobsMoved {
  readonly to: undefined;
  readonly jobs: readonly ChangedJob[];
}

/** What became of jobs. */
export type JobsChange =
  | BecameReady
  | BecameScheduled
  | BecameTaken
  | BecameBlocked
  | BecameFinished
  | BecameDeleted;

/** Budgets that may pay for more than before: their policy is another, or tokens came back. */
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

/** Jobs have ended, and some that waited for them are still to hear of it. */
export interface SettlementsChange {
  readonly kind: "settlements";
}

/** Leases that end at `nextAt` at the earliest, in ms since the epoch. */
export interface LeasesChange {
  readonly kind: "leases";
  readonly nextAt: number;
}

/** Jobs that are to be cancelled are taken from their workers at `nextAt` at the earliest, in ms since the epoch. */
export interface CancellationsChange {
  readonly kind: "cancellations";
  readonly nextAt: number;
}

/** The tags that jobs have now, or had before they were deleted, by their rows: told beside the change of the jobs. */
export interface TagsChange {
  readonly kind: "tags";
  readonly tags: ReadonlyMap<number, readonly string[]>;
}

/** What is set for a queue is this now. */
export interface QueuesChange {
  readonly kind: "queues";
  readonly settings: QueueSettingsRecord;
}

/** A setting of the broker is this now. */
export interface ConfigChange {
  readonly kind: "config";
  readonly key: string;
  /** The JSON text of its value; undefined when it is not set any more. */
  readonly value: string | undefined;
}

/** One thing that a transition did. */
export type Change =
  | JobsChange
  | BudgetsChange
  | CronsChange
  | SettlementsChange
  | LeasesChange
  | CancellationsChange
  | TagsChange
  | QueuesChange
  | ConfigChange;

/**
 * The changes of jobs that were stored, one for each status.
 */
export function toEnqueuedChanges(jobs: readonly JobRecord[]): JobsChange[] {
  if (jobs.length === 0) return [];
  const to = jobs[0]!.status;
  // The usual case, in which nothing is copied.
  if (jobs.every((job) => job.status === to)) return [toEnqueued(jobs, to)];
  const byStatus = new Map<number, JobRecord[]>();
  for (const job of jobs) {
    const list = byStatus.get(job.status);
    if (list === undefined) byStatus.set(job.status, [job]);
    else list.push(job);
  }
  return [...byStatus].map(([to, jobs]) => toEnqueued(jobs, to));
}

/**
 * The change of one job. It holds no more of the job than is told: a bulk change has one of these for each job.
 *
 * @param job The job as it is now.
 * @param before The job as it was.
 * @param cause Why it moved.
 */
export function toJobChange(
  job: JobRecord,
  before: Pick<JobRecord, "status" | "queue" | "type">,
  cause: Cause,
): JobsChange {
  const { id, seq, type, queue, traits, status, priority, budgets, readyAt, purgeAt } = job;
  const { dequeuedAt } = job;
  const told = { id, seq, type, queue, traits, priority, budgets, readyAt, purgeAt, dequeuedAt };
  return {
    kind: "jobs",
    from: before.status,
    to: status,
    jobs: [told],
    cause,
    ...before.queue !== queue && { fromQueue: before.queue },
    ...before.type !== type && { fromType: before.type },
  } as JobsChange;
}

function toEnqueued(jobs: readonly JobRecord[], to: number): JobsChange {
  // A record holds all that a change of any kind tells of its jobs.
  return { kind: "jobs", from: undefined, to, jobs, cause: "enqueued" } as JobsChange;
}
