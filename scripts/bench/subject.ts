/**
 * What the workloads need of a broker, however it is reached.
 *
 * @module
 */

import process from "node:process";

/** A broker under test. Jobs are known by their ids. */
export interface Subject {
  /** Enqueues jobs in one call. */
  enqueueMany(count: number): Promise<string[]>;
  /**
   * Enqueues one job.
   *
   * @param caller Which of the callers asks, counted from 0. A caller asks again only when it was answered.
   */
  enqueueOne(caller: number): Promise<string>;
  /** Lists a page, from the oldest job on or after the job `after`. */
  list(limit: number, after?: string): Promise<string[]>;
  /** Takes jobs, does nothing with them, and acknowledges them until `count` are. */
  drain(count: number, concurrency: number, onJob: (id: string) => void): Promise<void>;
  /** How many jobs there are. */
  count(): Promise<number>;
  /** CPU time that the code under test has used so far, in ms. */
  cpuMs(): Promise<number>;
  close(): Promise<void>;
}

/** How many callers enqueue one by one at a time. */
export const callers = 25;

const text = "a payload of about a hundred bytes, which is what most jobs carry from here to there";

/** What all jobs carry. */
export const payload = { number: 12_345, text } as const;

export const jobType = "noop";
export const queue = "bench";

/** CPU time of this process so far, in ms. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
