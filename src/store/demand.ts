/**
 * What a consumer asks for and gets.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";

/** What one consumer has room for. */
export interface Demand {
  /** The queues it reads; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs it takes at most. */
  readonly limit: number;
}

/** What one consumer got. */
export interface Pick {
  /** Jobs that are in flight now. */
  readonly jobs: readonly JobRecord[];
  /** Whether no ready job is left for it, but for those that cannot be paid for. */
  readonly exhausted: boolean;
}

/** Payload bytes after which no more jobs are read: bounds what a pick holds in memory. */
const enoughBytes = 1 << 20;

/** Gathers the jobs of one pick. */
export interface Basket {
  readonly jobs: readonly JobRecord[];
  add(job: JobRecord): void;
  /** How many more jobs fit; none when the payloads so far are large. */
  room(): number;
}

/** Creates a basket for `limit` jobs. */
export function createBasket(limit: number): Basket {
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
