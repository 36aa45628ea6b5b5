/**
 * How jobs end, as who waits for them or cancels them is told.
 *
 * @module
 */

import type { NotFoundError } from "../errors.ts";
import type { CancelRequest } from "../protocol/ends.ts";
import type { ErrorRecord } from "../protocol/error-record.ts";
import type { Job } from "../protocol/job.ts";
import type { CallOptions } from "./deadline.ts";

/** Why many jobs are cancelled, how long their workers have, and bounds of the call. */
export interface CancelManyOptions extends CancelRequest, CallOptions {}

/** Why a job is cancelled, how long its worker has, how long to wait, and bounds of the call. */
export interface CancelOptions extends CancelManyOptions {
  /**
   * How long to wait for what becomes of a job that runs, in ms, up to 60 s.
   *
   * @default {0}
   */
  readonly waitMs?: number | undefined;
}

/** How long to wait for the ends of jobs. */
export interface WaitForOptions {
  /** Ends the wait; it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait, in ms; then it is rejected with a `TimeoutError`.
   *
   * @default {Infinity}
   */
  readonly timeoutMs?: number | undefined;
}

/** A job that is done. */
export interface CompletedEnd {
  /** The id of the job. */
  readonly id: string;
  /** That it is done. */
  readonly outcome: "completed";
  /** The job without its payload, as it was then, whether or not it is kept; undefined if the broker does not say. */
  readonly job: Job | undefined;
  /** What it came to; undefined if its handler said nothing, or the server is none of Millrace. */
  readonly result: unknown;
}

/** A job that is dead. */
export interface DeadEnd {
  /** The id of the job. */
  readonly id: string;
  /** That it is dead. */
  readonly outcome: "dead";
  /** The job without its payload, as it was then, whether or not it is kept; undefined if the broker does not say. */
  readonly job: Job | undefined;
  /** What it died of: its last error record. */
  readonly error: ErrorRecord | undefined;
}

/** A job that is not there. */
export interface GoneEnd {
  /** The id of the job. */
  readonly id: string;
  /** That nobody knows how it ended, or that it did not. */
  readonly outcome: "gone";
  /** The job without its payload, as it was seen last; undefined if it was not there when the wait began. */
  readonly job: Job | undefined;
  /** Why it may be gone. */
  readonly error: NotFoundError;
}

/** A job that has finished: it is done, or dead. */
export type FinishedEnd = CompletedEnd | DeadEnd;

/** How the wait for a job ended. */
export type JobEnd = FinishedEnd | GoneEnd;
