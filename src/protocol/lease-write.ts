/**
 * The bodies of the calls on leases, as a client writes them.
 *
 * @module
 */

import { type JobRun, toRunsWire } from "./ack.ts";
import { checkInteger, checkLeaseSpan, max32 } from "./integer.ts";
import type { JobProgress } from "./job-extra.ts";

/** What to take, and for how long. */
export interface TakeManyOptions {
  /** The queues to take from. Left out, all are. */
  readonly queues?: readonly string[] | undefined;
  /**
   * How many jobs at most, from 1 to 500.
   *
   * @default {1}
   */
  readonly count?: number | undefined;
  /**
   * How long the leases last, and last from each heartbeat, in ms, from 1.
   *
   * @default {as the broker is set: a minute, unless its operator says otherwise}
   */
  readonly leaseMs?: number | undefined;
  /**
   * How long to wait for a job when none is ready, in ms, up to 30,000.
   *
   * @default {0}
   */
  readonly waitMs?: number | undefined;
  /** What the broker calls this worker, in what it tells of the jobs. */
  readonly workerId?: string | undefined;
}

/** What a heartbeat says besides that the worker goes on. */
export interface HeartbeatOptions {
  /**
   * How long the lease lasts from now on, in ms, from 1.
   *
   * @default {as long as before}
   */
  readonly leaseMs?: number | undefined;
  /** What the payload of the job is from now on: whoever runs it next begins there. */
  readonly payload?: unknown;
  /** How far the run is; shown with the job as long as it runs. */
  readonly progress?: JobProgress | undefined;
}

/**
 * Writes what to take.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toTakeManyWire({ queues, count, leaseMs, waitMs }: TakeManyOptions): object {
  return {
    queues,
    count: checkInteger("count", count, max32),
    lease_ms: checkLeaseSpan(leaseMs),
    wait_ms: checkInteger("waitMs", waitMs, max32),
  };
}

/**
 * Writes what a heartbeat says.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toHeartbeatWire(
  { leaseMs, payload, progress }: HeartbeatOptions,
  { delivery, proof }: JobRun,
): object {
  return {
    lease_ms: checkLeaseSpan(leaseMs),
    payload,
    progress,
    delivery,
    lease_token: proof?.token,
  };
}

/**
 * Writes heartbeats for many jobs.
 *
 * @throws {RangeError} If `leaseMs` cannot be sent.
 */
export function toHeartbeatsWire(runs: readonly JobRun[], leaseMs: number | undefined): object {
  return { ...toRunsWire(runs), lease_ms: checkLeaseSpan(leaseMs) };
}
