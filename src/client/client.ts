/**
 * What a client can do: every call of the protocol, typed.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { ErrorRecord } from "../protocol/error-record.ts";
import type { Failure } from "../protocol/failure.ts";
import type { JobFilter, TakeRequest } from "../protocol/filter.ts";
import type { EnqueuedJob, Job } from "../protocol/job.ts";
import type { PageRequest } from "../protocol/page.ts";
import type { JobPatch } from "../protocol/patch.ts";
import type { CallOptions } from "./deadline.ts";
import type { ErrorPage, JobPage, Listing } from "./listing.ts";

/** What can be enqueued with a payload of its own: a job definition. */
export interface Enqueueable<Input, Settings> {
  /** Checks a payload and gives the request that stores it. */
  toRequest(
    payload: Input,
    settings?: Settings,
    clock?: Clock,
  ): EnqueueRequest | Promise<EnqueueRequest>;
}

/** Which jobs to list, and how. */
export interface JobQuery extends JobFilter, PageRequest {}

/** Which jobs a bulk change is about. */
export interface BulkFilter extends JobFilter {
  /** Says that a filter without members is meant: every job there is. */
  readonly all?: boolean | undefined;
}

/** What to take, and as who. */
export interface TakeOptions extends TakeRequest, CallOptions {
  /** What the server's logs call this worker; default up to the server. */
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
  /** Closes the stream; the server makes its unfinished jobs ready again. Closing twice is fine. */
  close(): Promise<void>;
}

/** Which acknowledgements had nothing to acknowledge. */
export interface SuccessReport {
  /** The ids of jobs that were not in flight: done before, taken back, or never there. */
  readonly notFound: readonly string[];
}

/**
 * A client of one broker.
 *
 * Every call is rejected with one of the {@linkcode MillraceError} family, or with the reason of its own `signal`;
 * a mistake in its arguments is a `TypeError` or `RangeError`. Reads and acknowledgements are repeated when the
 * network or the server fails for the moment. An enqueue is not: it may have been served before its answer was
 * lost, and a second one would make a second job. Who must repeat one gives it a `uniqueKey`.
 */
export interface Client {
  /**
   * Enqueues a payload of a definition. The settings are the definition's and those of the call.
   *
   * Throws `PayloadError` when the payload does not fit, before anything is sent.
   */
  enqueue<Input, Settings>(
    definition: Enqueueable<Input, Settings>,
    payload: Input,
    options?: Settings & CallOptions,
  ): Promise<EnqueuedJob>;
  /** Enqueues a job that was put together by hand. */
  enqueue(request: EnqueueRequest, options?: CallOptions): Promise<EnqueuedJob>;

  /**
   * Enqueues many payloads of a definition and gives the jobs in the same order.
   *
   * All are stored or none, up to 10,000 jobs or 8 MiB. More are sent in parts of that size, one after the other,
   * each all or nothing and with a timeout of its own; if one fails, `PartialEnqueueError` holds what the parts
   * before it stored.
   */
  enqueueMany<Input, Settings>(
    definition: Enqueueable<Input, Settings>,
    payloads: readonly Input[],
    options?: Settings & CallOptions,
  ): Promise<EnqueuedJob[]>;
  /** Enqueues many jobs, of any types, that were put together by hand; in parts as above. */
  enqueueMany(requests: readonly EnqueueRequest[], options?: CallOptions): Promise<EnqueuedJob[]>;

  /** One job with its payload. Throws `NotFoundError`. */
  get(id: string, options?: CallOptions): Promise<Job>;

  /** Jobs that fit a filter, oldest first unless asked otherwise; fetched page by page, `limit` at a time. */
  list(query?: JobQuery, options?: CallOptions): Listing<Job, JobPage>;
  /** One page of {@linkcode list}. */
  page(query?: JobQuery, options?: CallOptions): Promise<JobPage>;
  /** How many jobs fit a filter. */
  count(filter?: JobFilter, options?: CallOptions): Promise<number>;

  /** Changes a job that is not finished. Throws `NotFoundError`, and `RefusedError` when it is finished. */
  patch(id: string, patch: JobPatch, options?: CallOptions): Promise<Job>;
  /**
   * Changes all unfinished jobs that fit a filter and gives their number. Throws `TypeError` for a filter without
   * members unless it says `all: true`.
   */
  patchMany(filter: BulkFilter, patch: JobPatch, options?: CallOptions): Promise<number>;

  /** Deletes a job, whatever it is doing. Throws `NotFoundError`. */
  delete(id: string, options?: CallOptions): Promise<void>;
  /**
   * Deletes all jobs that fit a filter and gives their number. Throws `TypeError` for a filter without members
   * unless it says `all: true`.
   */
  deleteMany(filter: BulkFilter, options?: CallOptions): Promise<number>;

  /**
   * Says that a taken job is done. Throws `NotFoundError` when it is not in flight, except after a repeated try,
   * whose forerunner may have been heard.
   */
  success(id: string, options?: CallOptions): Promise<void>;
  /** Says that taken jobs are done; those that were not in flight are reported and are no error. */
  successMany(ids: readonly string[], options?: CallOptions): Promise<SuccessReport>;
  /** Says that a taken job failed and gives it as it is now. Throws `NotFoundError` when it is not in flight. */
  failure(id: string, failure: Failure, options?: CallOptions): Promise<Job>;

  /** The failures of a job, first to last. Throws `NotFoundError`. */
  errors(
    id: string,
    query?: PageRequest<number>,
    options?: CallOptions,
  ): Listing<ErrorRecord, ErrorPage>;
  /** One failure of a job; the first attempt is 1. Throws `NotFoundError`. */
  error(id: string, attempt: number, options?: CallOptions): Promise<ErrorRecord>;

  /** The names of all queues that have a job in any status, sorted. */
  queues(options?: CallOptions): Promise<string[]>;
  /** What the broker says of itself: `ok`. */
  health(options?: CallOptions): Promise<string>;
  /** The version of the broker. */
  version(options?: CallOptions): Promise<string>;
  /** Deletes everything in the broker. There is no way back. */
  reset(options?: CallOptions): Promise<void>;

  /**
   * Opens a stream of jobs to work on; most programs leave that to `createWorker`. It is not reopened when it
   * breaks. `timeoutMs` bounds the opening, `signal` the stream as well.
   */
  take(options?: TakeOptions): Promise<TakeStream>;
}
