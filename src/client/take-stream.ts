/**
 * A take stream as its user sees it.
 *
 * @module
 */

import type { TakeRequest } from "../protocol/filter.ts";
import type { Job } from "../protocol/job.ts";
import type { CallOptions } from "./deadline.ts";

/** What to take, and as who. */
export interface TakeOptions extends TakeRequest, CallOptions {
  /**
   * What the broker calls this worker, in its logs and with the jobs that it has; sent as the header `worker-id`.
   * Not empty, ASCII.
   *
   * @default {a name that the broker makes up}
   */
  readonly workerId?: string | undefined;
}

/**
 * What a take stream brings:
 *
 * - `jobs`: jobs that arrived together, at least one.
 * - `heartbeat`: a sign of life, and nothing else.
 * - `control`: what the broker has to say besides jobs, by the name of its kind. This version knows no kind: pass it
 *   over.
 */
export type TakeFrame =
  | { readonly kind: "jobs"; readonly jobs: readonly Job[] }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "control"; readonly name: string };

/**
 * An open stream of jobs. It can be gone through once: job by job, or by one of the methods. Leaving the loop closes
 * the stream, and the broker makes its unfinished jobs ready again.
 */
export interface TakeStream extends AsyncIterable<Job> {
  /**
   * Goes through everything that arrives, signs of life included.
   *
   * @returns One frame or more for each piece that the network delivers.
   * @throws {ProtocolError} If what arrives is no frame or no job, or ends in the middle of one.
   * @throws {NetworkError} If the stream breaks off.
   */
  frames(): AsyncIterable<TakeFrame>;
  /**
   * Goes through the jobs, as many at a time as arrived together.
   *
   * @returns Lists of at least one job.
   * @throws {ProtocolError} If what arrives is no frame or no job, or ends in the middle of one.
   * @throws {NetworkError} If the stream breaks off.
   */
  batches(): AsyncIterable<readonly Job[]>;
  /** Closes the stream; the broker makes its unfinished jobs ready again. Closing twice is fine. */
  close(): Promise<void>;
}
