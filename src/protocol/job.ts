/**
 * A job, as users see it and as the wire spells it.
 *
 * @module
 */

import type { JobStatus } from "./status.ts";

/** How long a failed job waits: `attempts^exponent × 1000 + baseMs + random × jitterMs × attempts`, in ms. */
export interface Backoff {
  /** Power of the number of failures so far; kept as a 32-bit float. */
  readonly exponent: number;
  /** Added to every delay, in ms; an integer from 0 to 2^32 − 1. */
  readonly baseMs: number;
  /** Upper bound of the random part, in ms, times the number of failures; an integer from 0 to 2^32 − 1. */
  readonly jitterMs: number;
}

/** How long a finished job is kept; a member left out means the broker's default. */
export interface Retention {
  /** Kept after success, in ms; 0 deletes at once. */
  readonly completedMs?: number | undefined;
  /** Kept after death, in ms; 0 deletes at once. */
  readonly deadMs?: number | undefined;
}

/** While what is an enqueue with the same unique key a duplicate. */
export type UniqueWhile = "queued" | "active" | "exists";

/** All scopes of a unique key, from the shortest to the longest. */
export const uniqueWhiles: readonly UniqueWhile[] = ["queued", "active", "exists"];

/**
 * Jobs that are folded into one while it waits. Both expressions are jq, see `$existing` (the payload of the job that
 * waits) and `$new` (that of the one to be enqueued), and have no input.
 */
export interface Batch {
  /** Which jobs belong together, over all queues and types. */
  readonly key: string;
  /** Whether the new one is folded in: if the first output is neither false nor null. Else it opens a batch of its own. */
  readonly when: string;
  /** The payload that both become: one output. */
  readonly fold: string;
}

/** What a job draws on while it is in flight, or each time that it is taken. */
export interface Binding {
  /** The name of the budget. */
  readonly key: string;
  /** Tokens that one run costs, from 1 to what the budget holds. */
  readonly cost: number;
}

/** A job as the broker tells of it. Instants are ms since the epoch. */
export interface Job<Payload = unknown> {
  /** 25 characters of SCRU128: sorts by creation. */
  readonly id: string;
  /** Which handler runs it. */
  readonly type: string;
  /** The queue it waits in. */
  readonly queue: string;
  /** 0 to 65535; lower runs first. */
  readonly priority: number;
  /** Where it stands. */
  readonly status: JobStatus;
  /** What the handler gets; only answers that carry payloads have it (get, list, take). */
  readonly payload?: Payload;
  /** When it became, or becomes, ready. */
  readonly readyAt: number;
  /** How often it has failed so far. */
  readonly attempts: number;
  /** How many retries it has, if not the broker's default. */
  readonly retryLimit?: number;
  /** Its own backoff, if not the broker's default. */
  readonly backoff?: Backoff;
  /** When a worker last took it. */
  readonly dequeuedAt?: number;
  /** When it last failed. */
  readonly failedAt?: number;
  /** Its own retention, if not the broker's default. */
  readonly retention?: Retention;
  /** When a finished job goes away. */
  readonly purgeAt?: number;
  /** When it succeeded. */
  readonly completedAt?: number;
  /** Its unique key, if it has one. */
  readonly uniqueKey?: string;
  /** While what the unique key is held. */
  readonly uniqueWhile?: UniqueWhile;
  /** How further enqueues are folded into it while it waits, if it is of a batch. */
  readonly batch?: Batch;
  /** What it draws on, if anything, in the order in which it was bound. */
  readonly budgets?: readonly Binding[];
  /** How often it has been delivered to a worker, this time included; only a Millrace broker tells. */
  readonly deliveries?: number;
}

/** The answer to an enqueue. */
export interface EnqueuedJob extends Job<never> {
  /** Nothing was stored: a job with this unique key was there; this is that job. */
  readonly duplicate: boolean;
  /** Nothing new was stored: the payload was merged into this waiting job. */
  readonly folded: boolean;
}
