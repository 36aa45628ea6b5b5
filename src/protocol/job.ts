/**
 * A job, as users see it and as the wire spells it.
 *
 * @module
 */

import type { JobExtra } from "./job-extra.ts";

/** Where a job stands. Only a Millrace broker has jobs that are `blocked`: they wait for others to succeed. */
export type JobStatus = "scheduled" | "ready" | "in_flight" | "completed" | "dead" | "blocked";

/** All statuses, those of the protocol first; the broker knows more of each (`status.ts`). */
export const jobStatuses: readonly JobStatus[] = [
  "scheduled",
  "ready",
  "in_flight",
  "completed",
  "dead",
  "blocked",
];

/** How long a failed job waits: `attempts^exponent × 1000 + baseMs + random × jitterMs × attempts`, in ms. */
export interface Backoff {
  /** Power of the number of failures so far; kept as a 32-bit float. */
  readonly exponent: number;
  /** Added to every delay, in ms; an integer from 0 to 2^32 − 1. */
  readonly baseMs: number;
  /** Upper bound of the random part, in ms, times the number of failures; an integer from 0 to 2^32 − 1. */
  readonly jitterMs: number;
}

/** How long a finished job is kept. Where a member is left out, the broker's default holds. */
export interface Retention {
  /** How long it is kept after success, in ms; 0 deletes it at once. */
  readonly completedMs?: number | undefined;
  /** How long it is kept after death, in ms; 0 deletes it at once. */
  readonly deadMs?: number | undefined;
}

/**
 * How long a job holds its unique key: until a worker takes it (`queued`), until it is finished (`active`), or until it
 * is deleted (`exists`). While it is held, an enqueue with the same key is a duplicate.
 */
export type UniqueWhile = "queued" | "active" | "exists";

/** All scopes of a unique key, from the shortest to the longest. */
export const uniqueWhiles: readonly UniqueWhile[] = ["queued", "active", "exists"];

/**
 * Makes one job of several while it waits. Both expressions are jq. They have no input, but two variables: `$existing`
 * is the payload of the job that waits, `$new` that of the job to be enqueued.
 */
export interface Batch {
  /** Jobs with the same key belong together, whatever their queue and type. */
  readonly key: string;
  /** The new job is folded in if the first output is neither false nor null. If it is, a new batch begins. */
  readonly when: string;
  /** Its one output is the payload of the folded job. */
  readonly fold: string;
}

/** A budget that a job draws on, while it is in flight or each time that it is taken. */
export interface Binding {
  /** The name of the budget. */
  readonly key: string;
  /** How many tokens one run costs, from 1 to what the budget holds. */
  readonly cost: number;
}

/** What a job has whatever its status is. Instants are in ms since the epoch. */
export interface JobMembers<Payload = unknown> extends JobExtra {
  /**
   * 25 characters of SCRU128, which sort in the order of creation, unless it was chosen: a Millrace broker takes ids of
   * 1 to 128 letters, digits and `. _ : -`, which say nothing of the order.
   */
  readonly id: string;
  /** The name of the handler that runs it. */
  readonly type: string;
  /** The queue that it waits in. */
  readonly queue: string;
  /** From 0 to 65535; lower runs first. */
  readonly priority: number;
  /** What the handler gets. Only some answers have it: those to get, list and take. */
  readonly payload?: Payload;
  /** When it became, or becomes, ready. */
  readonly readyAt: number;
  /** How often it has failed. */
  readonly attempts: number;
  /** How many retries it has before it is dead, if not the broker's default. */
  readonly retryLimit?: number;
  /** Its own backoff, if not the broker's default. */
  readonly backoff?: Backoff;
  /** Its own retention, if not the broker's default. */
  readonly retention?: Retention;
  /** Its unique key, if it has one. */
  readonly uniqueKey?: string;
  /** How long it holds the unique key. */
  readonly uniqueWhile?: UniqueWhile;
  /** How other jobs are folded into it while it waits, if it belongs to a batch. */
  readonly batch?: Batch;
  /** The budgets that it draws on, if any, in the order in which they were bound. */
  readonly budgets?: readonly Binding[];
  /** How often it has been delivered to a worker, this time included; only a Millrace broker tells. */
  readonly deliveries?: number;
}

/** A job that waits: for its time, for a worker, or for other jobs. */
export interface WaitingJob<Payload = unknown> extends JobMembers<Payload> {
  /** What it waits for. */
  readonly status: "scheduled" | "ready" | "blocked";
  /** When a worker last took it. */
  readonly dequeuedAt?: number;
  /** When it last failed. */
  readonly failedAt?: number;
  /** It is not finished. */
  readonly completedAt?: undefined;
  /** It does not go away by itself. */
  readonly purgeAt?: undefined;
}

/** A job that a worker has. */
export interface InFlightJob<Payload = unknown> extends JobMembers<Payload> {
  /** Where it is in its life. */
  readonly status: "in_flight";
  /** When its worker took it. */
  readonly dequeuedAt: number;
  /** When it last failed. */
  readonly failedAt?: number;
  /** It is not finished. */
  readonly completedAt?: undefined;
  /** It does not go away by itself. */
  readonly purgeAt?: undefined;
}

/** A job that has succeeded, and is kept. */
export interface CompletedJob<Payload = unknown> extends JobMembers<Payload> {
  /** Where it is in its life. */
  readonly status: "completed";
  /** When a worker last took it. */
  readonly dequeuedAt?: number;
  /** When it last failed. */
  readonly failedAt?: number;
  /** When it succeeded. */
  readonly completedAt: number;
  /** When it goes away. */
  readonly purgeAt: number;
}

/** A job that is not tried again. */
export interface DeadJob<Payload = unknown> extends JobMembers<Payload> {
  /** Where it is in its life. */
  readonly status: "dead";
  /** When a worker last took it. */
  readonly dequeuedAt?: number;
  /** When it last failed. */
  readonly failedAt: number;
  /** It has not succeeded. */
  readonly completedAt?: undefined;
  /** When it goes away. The answer to its last failure lacks it if it is gone already. */
  readonly purgeAt?: number;
}

/**
 * A job, as an answer of the broker shows it. Its status tells what else it has: `completedAt` is there of a job that is
 * `completed`, `dequeuedAt` of one that is `in_flight`, `failedAt` of one that is `dead`.
 */
export type Job<Payload = unknown> =
  | WaitingJob<Payload>
  | InFlightJob<Payload>
  | CompletedJob<Payload>
  | DeadJob<Payload>;

/** What the answer to an enqueue says besides. */
export interface EnqueueMarks {
  /** Nothing was stored, as another job held the unique key. This is that job. */
  readonly duplicate: boolean;
  /** No new job was stored, as the payload was folded into this one, which waits. */
  readonly folded: boolean;
}

/** The answer to an enqueue. */
export type EnqueuedJob = Job<never> & EnqueueMarks;
