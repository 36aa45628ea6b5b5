/**
 * How a worker is doing, as its `health()` tells.
 *
 * @module
 */

import type { WorkerState } from "./lifecycle.ts";

/** How a worker is doing. */
export interface WorkerHealth {
  /** Whether it works as it should. False before the start and after the stop. */
  readonly healthy: boolean;
  /** Why it is not healthy, for a person. */
  readonly problem: string | undefined;
  /** Whether it was started, drains or is stopped. */
  readonly state: WorkerState;
  /** Whether it begins no jobs at present, because it was told so. */
  readonly paused: boolean;
  /** Whether its take stream is open. A short break is no reason to be unhealthy. */
  readonly connected: boolean;
  /** When anything last arrived from the broker, such as a heartbeat; in ms since the epoch. */
  readonly lastHeardAt: number | undefined;
  /** When it last got a job, in ms since the epoch. */
  readonly lastJobAt: number | undefined;
  /** How many handlers run. */
  readonly running: number;
  /** How many jobs wait here for a handler. */
  readonly waiting: number;
  /** How many jobs are done, and the broker does not know yet. */
  readonly unreported: number;
  /** How many handlers go on although their time is over; they do not count as running. */
  readonly overdue: number;
  /** How many handlers go on although their jobs are not this worker's any more; they count as running. */
  readonly lost: number;
  /**
   * Within which time, in ms, the broker wants to hear from this worker, or gives its jobs to others. Undefined while it is
   * not connected, and with a server that goes by the connection alone.
   */
  readonly answersWithinMs: number | undefined;
}
