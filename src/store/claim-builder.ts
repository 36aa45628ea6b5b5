/**
 * What a subscriber asks for, and the jobs that it gets.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import type { Backlog, Position } from "./backlog.ts";
import { payloadSize } from "./many-jobs.ts";
import type { QueueGates } from "./queue-gates.ts";
import type { QueueHeads } from "./queue-heads.ts";
import type { LeaseMaker } from "./take-leases.ts";

/** What one subscriber has room for. */
export interface ClaimRequest {
  /** The queues it reads; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs it takes at most. */
  readonly limit: number;
  /** The row of `holders` that stands for the subscriber; undefined if it has none yet. */
  readonly holder: number | undefined;
  /** What the worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** How the leases are made that it takes jobs under; undefined if it holds them itself. */
  readonly lease?: LeaseMaker | undefined;
}

/** What taking jobs depends on. */
export interface ClaimTerms {
  /** In ms since the epoch. */
  readonly now: number;
  /** The row of `brokers` that stands for the broker of the subscribers. */
  readonly broker: number;
  /** Whether other brokers take jobs too. */
  readonly isShared?: boolean;
}

/** Where the ready jobs of queues begin. */
export interface QueueFronts {
  /** A position before which no job without budgets is ready in a queue. */
  of(queue: string): Position;
}

/** Where jobs may be taken from. */
export interface ClaimSources {
  /** The backlogs of jobs that draw on budgets; others cost nothing. */
  readonly backlogs: readonly Backlog[];
  /** The first ready job without budgets of each queue; undefined if nobody knows. */
  readonly heads: QueueHeads | undefined;
  /** Queues in which jobs became ready in this transaction, where the heads are not known: they are not counted yet. */
  readonly added?: Iterable<string>;
  /** Where the ready jobs of a queue begin; undefined if nobody knows. */
  readonly fronts?: QueueFronts;
  /** Which queues are paused or have a limit; undefined if none. */
  readonly gates?: QueueGates | undefined;
}

/** What one subscriber got. */
export interface ClaimResult {
  /** Jobs that are in flight now. */
  readonly jobs: readonly JobRecord[];
  /** Whether no ready job is left for it, but for those that cannot be paid for. */
  readonly exhausted: boolean;
  /** The row of `holders` that stands for it; undefined if it has none, as it never got a job. */
  readonly holder: number | undefined;
}

/** Payload bytes after which no more jobs are taken: bounds what a transaction holds in memory, for all its requests. */
export const enoughBytes: number = 1 << 20;

/** How many more jobs the requests of one transaction may take. */
export interface ClaimAllowance {
  /** Payload bytes so far. */
  bytes: number;
}

/** Gathers the jobs of one request. */
export interface ClaimBuilder {
  readonly jobs: readonly JobRecord[];
  /**
   * Adds a job.
   *
   * @param moreBytes What comes with its payload, in bytes; default 0.
   */
  add(job: JobRecord, moreBytes?: number): void;
  /** How many more jobs may be added; 0 when the payloads so far are large. */
  room(): number;
  /** How many jobs may be read next, if they are as large as those so far: `least` at least. */
  nextSize(least: number): number;
}

/** Creates a builder for `limit` jobs. */
export function createClaimBuilder(limit: number, allowance: ClaimAllowance): ClaimBuilder {
  const jobs: JobRecord[] = [];
  return {
    jobs,
    add(job, moreBytes = 0) {
      jobs.push(job);
      allowance.bytes += payloadSize(job) + moreBytes;
    },
    room: () => allowance.bytes < enoughBytes ? limit - jobs.length : 0,
    nextSize(least) {
      const mean = Math.max(1, allowance.bytes) / Math.max(1, jobs.length);
      return Math.max(least, Math.floor((enoughBytes - allowance.bytes) / mean));
    },
  };
}
