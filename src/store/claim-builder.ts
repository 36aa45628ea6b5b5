/**
 * What a subscriber asks for, and the jobs that it gets.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";

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
}

/** What taking jobs depends on. */
export interface ClaimTerms {
  /** In ms since the epoch. */
  readonly now: number;
  /** The row of `brokers` that stands for the broker of the subscribers. */
  readonly broker: number;
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

/** Payload bytes after which no more jobs are read: bounds what a claim holds in memory. */
const enoughBytes = 1 << 20;

/** Gathers the jobs of one claim. */
export interface ClaimBuilder {
  readonly jobs: readonly JobRecord[];
  add(job: JobRecord): void;
  /** How many more jobs may be added; 0 when the payloads so far are large. */
  room(): number;
}

/** Creates a builder for `limit` jobs. */
export function createClaimBuilder(limit: number): ClaimBuilder {
  const jobs: JobRecord[] = [];
  let bytes = 0;
  return {
    jobs,
    add(job) {
      jobs.push(job);
      bytes += job.payloadJson?.length ?? job.payloadPack?.length ?? 0;
    },
    room: () => bytes < enoughBytes ? limit - jobs.length : 0,
  };
}
