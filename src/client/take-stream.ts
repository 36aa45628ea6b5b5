/**
 * A take stream as its user sees it.
 *
 * @module
 */

import type { TakeRequest } from "../protocol/filter.ts";
import type { Ask, CancelNotice } from "../protocol/frames-control.ts";
import type { Job } from "../protocol/job.ts";
import type { WorkerRun } from "../protocol/worker-run.ts";
import type { WorkerStatement } from "../protocol/worker-statement.ts";
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
  /**
   * The run of a worker that answers when it is asked: a Millrace broker then asks on the stream (a frame of the kind
   * `ask`), and takes one that does not answer for dead. A stream of the same run replaces the one before.
   *
   * @default {none: the worker is alive as long as its connection is}
   */
  readonly run?: WorkerRun | undefined;
}

/**
 * What a take stream brings:
 *
 * - `jobs`: jobs that arrived together, at least one.
 * - `heartbeat`: a sign of life, and nothing else.
 * - `ask`: the broker asks what the worker has. It is answered with {@linkcode TakeStream.tell}.
 * - `lost`: these jobs, as they came before, are not the worker's any more, or will not be: their leases ended, or somebody
 *   took them away. Only on a stream with leases or with a `run`.
 * - `cancel`: these jobs, as they came before, are to be cancelled, and why: they are still the worker's, which reports what
 *   came of them. Only on a stream with leases or with a `run`.
 * - `control`: something else that the broker has to say, by the name of its kind. This version does not know it: pass it
 *   over.
 */
export type TakeFrame =
  | { readonly kind: "jobs"; readonly jobs: readonly Job[] }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "ask"; readonly ask: Ask }
  | { readonly kind: "lost"; readonly ids: readonly string[] }
  | { readonly kind: "cancel"; readonly notices: readonly CancelNotice[] }
  | { readonly kind: "control"; readonly name: string };

/**
 * An open stream of jobs. It can be gone through once: job by job, or by one of the methods. Leaving the loop closes
 * the stream, and the broker makes its unfinished jobs ready again, but for those under leases.
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
  /**
   * Says what the worker does and has. Only on a stream that was opened with a `run`, and on which an `ask` came: no other
   * server listens.
   *
   * @param statement What to say.
   * @returns The ids of those that the worker has and that are not its any more.
   * @throws {NotFoundError} If the stream is not open any more.
   */
  tell(statement: WorkerStatement, options?: CallOptions): Promise<readonly string[]>;
  /**
   * Closes the stream; the broker makes its unfinished jobs ready again, but for those under leases. Closing twice is fine.
   */
  close(): Promise<void>;
}
