/**
 * What a client can do: every call of the protocol, typed.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { JobReference, ReportResult } from "../protocol/ack.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { ErrorRecord } from "../protocol/error-record.ts";
import type { Failure } from "../protocol/failure.ts";
import type { JobFilter } from "../protocol/filter.ts";
import type { EnqueuedJob, Job } from "../protocol/job.ts";
import type { NextStep } from "../protocol/movement.ts";
import type { PageRequest } from "../protocol/page.ts";
import type { JobPatch } from "../protocol/patch.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import type { ReleaseTime } from "../protocol/release.ts";
import type { BulkFilter } from "./bulk-filter.ts";
import type { CallOptions } from "./deadline.ts";
import type { JobControl } from "./job-control.ts";
import type { ErrorPage, JobPage, Listing } from "./listing.ts";
import type { TakeOptions, TakeStream } from "./take-stream.ts";
import type {
  ByHand,
  FilterRest,
  GetRest,
  JobKind,
  JobOf,
  JobQuery,
  QueryRest,
} from "./typed-job.ts";

/** What can be enqueued with a payload of its own: a job definition. */
export interface Enqueueable<Input, Settings> {
  /**
   * Checks a payload and gives the request that stores it.
   *
   * @param payload What the job is about.
   * @param settings What this job has besides the settings of the definition.
   * @param clock What a delay is counted from.
   * @throws {PayloadError} If the payload does not fit.
   */
  // A property, as the parameters of a method are compared loosely: a payload too wide would fit.
  readonly toRequest: (
    payload: Input,
    settings?: Settings,
    clock?: Clock,
  ) => EnqueueRequest | Promise<EnqueueRequest>;
}

/** What follows the first argument of `enqueue`: a payload only if that is a definition, and only if it has one. */
export type EnqueueRest<Input, Settings> = [Input] extends [ByHand] ? [options?: EnqueueCallOptions]
  : undefined extends Input
    ? [payload?: NoInfer<Input>, options?: NoInfer<Settings> & EnqueueCallOptions]
  : [payload: NoInfer<Input>, options?: NoInfer<Settings> & EnqueueCallOptions];

/** What follows the first argument of `enqueueMany`. */
export type EnqueueManyRest<Input, Settings> = [Input] extends [ByHand]
  ? [options?: EnqueueCallOptions]
  : [payloads: readonly NoInfer<Input>[], options?: NoInfer<Settings> & EnqueueCallOptions];

/** When an enqueue ends, and what it goes by. */
export interface EnqueueCallOptions extends CallOptions {
  /**
   * A name for what is enqueued, such as the id of a webhook: 1 to 255 visible ASCII characters. A Millrace broker does
   * calls with one key once, whoever sends them: it answers the others as the first one, for ten minutes unless its
   * operator says otherwise. Another call with the key is refused, so all must be the same to the byte: a `delay` gives
   * each its own `readyAt`.
   *
   * @default {for a single enqueue, one that the client makes}
   */
  readonly idempotencyKey?: string | undefined;
}

/** Bounds of a deletion, and what is deleted with the jobs. */
export interface DeleteOptions extends CallOptions {
  /**
   * Whether the jobs that wait for them are deleted too, and those that wait for these. Only a Millrace broker has such
   * jobs.
   *
   * @default {false}
   */
  readonly cascade?: boolean | undefined;
}

/** What a success says besides, and bounds of the call. */
export interface SuccessOptions extends CallOptions {
  /** Replaces the payload of the job, such as by what came of it; null is one. Only a Millrace broker takes it. */
  readonly payload?: unknown;
  /**
   * The queue in which the job goes on, with all of its retries before it. Left out, it is done. Only a Millrace broker
   * knows this: another server has taken the job for done.
   */
  readonly next?: NextStep | undefined;
  /**
   * What the job came to: any JSON value of up to 64 KiB. It is kept with the job for as long as that is kept (`result`), and
   * shown to the jobs that wait for this one (`parentResults`). Not together with `next`. Only a Millrace broker knows results.
   */
  readonly result?: unknown;
  /**
   * Jobs that are stored with the success: all of that happens or nothing, also when the call is made again. Up to 1000, put
   * together by the `of` of definitions or by hand. Not together with `next`. Only a Millrace broker knows this.
   */
  readonly enqueue?: readonly (EnqueueRequest | PreparedJob)[] | undefined;
}

/** Bounds of a report of successes, and what the jobs came to. */
export interface SuccessManyOptions extends CallOptions {
  /** The results by the ids of the jobs, as that of a single one. */
  readonly results?: Readonly<Record<string, unknown>> | undefined;
}

/** Bounds of a report of a failure, and what was tried before. */
export interface FailureOptions extends CallOptions {
  /**
   * Whether an earlier call with the same failure may have been received. A server that does not count deliveries is
   * then asked first where the job stands.
   *
   * @default {false}
   */
  readonly isRepeated?: boolean | undefined;
}

/**
 * A client of one broker.
 *
 * Each call is rejected with one of the {@linkcode MillraceError} family, or with the reason of its own `signal`;
 * a mistake in its arguments is a `TypeError` or `RangeError`. Reads, acknowledgements and single enqueues are repeated
 * when the network or the server fails for the moment. An enqueue carries an idempotency key, so that a broker which has
 * stored the job, though its answer was lost, stores no second one. A server that keeps no keys is sent an enqueue once.
 */
export interface Client extends JobControl {
  /** Where the broker is, without credentials; undefined of one that was given only a `fetch`. */
  readonly url: string | undefined;
  /**
   * Enqueues one job: of a definition, or put together by its `of` or by hand.
   *
   * @param what What kind of job it is; or the job, put together.
   * @param rest With a definition, the payload, which may be left out if the definition has none, and then settings of
   * this job, which beat those of the definition, bounds of the call, and its key. With a job that is put together, only bounds and key.
   * @returns The stored job, or the one that has its unique key or took it into its batch.
   * @throws {PayloadError} If the payload does not fit; nothing is sent then.
   * @throws {RefusedError} If the broker does not accept the job.
   */
  enqueue<Input = ByHand, Settings = ByHand>(
    what: Enqueueable<Input, Settings> | EnqueueRequest | PreparedJob,
    ...rest: EnqueueRest<Input, Settings>
  ): Promise<EnqueuedJob>;

  /**
   * Enqueues many jobs: of one definition, or of several and put together by their `of` (`[mail.of(a), resize.of(b)]`), or
   * by hand.
   *
   * All are stored or none, up to 2,000 jobs or 8 MiB. More are sent in parts of that size, one after the other,
   * each all or nothing and with a timeout of its own. A part is repeated only if there is an `idempotencyKey`. Then the
   * whole call may be made again too: parts that are stored are not stored twice. The second part has the key with `/2`
   * behind it, and so on, so that a key of many jobs has 245 characters at most.
   *
   * @param what What kind of jobs they are; or the jobs, put together.
   * @param rest With a definition, what each job is about, and then settings of these jobs, which beat those of the
   * definition, bounds of the calls, and their key. With jobs that are put together, only bounds and key.
   * @returns The jobs, in the order in which they were given.
   * @throws {PayloadError} If a payload does not fit; the message says which. Nothing is sent then.
   * @throws {PartialEnqueueError} If a part fails after others were stored; it tells what is stored.
   */
  enqueueMany<Input = ByHand, Settings = ByHand>(
    what: Enqueueable<Input, Settings> | readonly (EnqueueRequest | PreparedJob)[],
    ...rest: EnqueueManyRest<Input, Settings>
  ): Promise<EnqueuedJob[]>;

  /**
   * Gets one job with its payload.
   *
   * @param what The job's id; or a definition, which gives the payload its type.
   * @param rest With a definition, the job's id, and bounds of the call.
   * @throws {NotFoundError} If there is no such job, or it is of another type than the definition's.
   */
  get<Payload = ByHand>(
    what: JobKind<Payload> | string,
    ...rest: GetRest<Payload>
  ): Promise<JobOf<Payload>>;

  /**
   * Lists the jobs that fit a filter, oldest first unless asked otherwise.
   *
   * @param what Which jobs, and how many to fetch at a time (`limit`); or a definition, whose jobs are listed, in whatever
   * queue they are. It gives the payloads their type, and checks nothing: they are as they were stored.
   * @param rest With a definition, which of its jobs; and bounds of each call.
   * @returns A listing; it fetches page after page while it is gone through.
   */
  list<Payload = ByHand>(
    what?: JobKind<Payload> | JobQuery,
    ...rest: QueryRest<Payload>
  ): Listing<JobOf<Payload>, JobPage<JobOf<Payload>>>;
  /**
   * Gets one page of {@linkcode list}.
   *
   * @param what Which jobs, and how many; or a definition, as above.
   * @param rest With a definition, which of its jobs; and bounds of the call.
   */
  page<Payload = ByHand>(
    what?: JobKind<Payload> | JobQuery,
    ...rest: QueryRest<Payload>
  ): Promise<JobPage<JobOf<Payload>>>;
  /**
   * Counts the jobs that fit a filter.
   *
   * @param what Which jobs, all when left out; or a definition, whose jobs are counted.
   * @param rest With a definition, which of its jobs; and bounds of the call.
   */
  count<Payload = ByHand>(
    what?: JobKind<Payload> | JobFilter,
    ...rest: FilterRest<Payload>
  ): Promise<number>;

  /**
   * Changes a job that is not finished.
   *
   * @param id The job's id.
   * @param patch What to change; what is left out stays.
   * @returns The job as it is now.
   * @throws {NotFoundError} If there is no such job.
   * @throws {RefusedError} If the job is finished.
   */
  patch(id: string, patch: JobPatch, options?: CallOptions): Promise<Job>;
  /**
   * Changes all unfinished jobs that fit a filter.
   *
   * @param filter Which jobs.
   * @param patch What to change; what is left out stays.
   * @returns How many were changed.
   * @throws {TypeError} If the filter has no members and does not say `all: true`.
   */
  patchMany(filter: BulkFilter, patch: JobPatch, options?: CallOptions): Promise<number>;

  /**
   * Deletes a job, whatever its status.
   *
   * @param id The job's id.
   * @param options Bounds of the call, and whether the jobs that wait for this one are deleted too.
   * @throws {NotFoundError} If there is no such job.
   * @throws {RefusedError} If others wait for it (its status is 409), unless `cascade` says that they are deleted too.
   */
  delete(id: string, options?: DeleteOptions): Promise<void>;
  /**
   * Deletes all jobs that fit a filter.
   *
   * @param filter Which jobs.
   * @param options Bounds of the call, and whether the jobs that wait for these are deleted too.
   * @returns How many were deleted.
   * @throws {TypeError} If the filter has no members and does not say `all: true`.
   * @throws {RefusedError} If others that do not fit the filter wait for one of them (its status is 409), unless `cascade`
   * says that they are deleted too. Nothing is deleted then.
   */
  deleteMany(filter: BulkFilter, options?: DeleteOptions): Promise<number>;

  /**
   * Says that a taken job is done.
   *
   * @param job The job as it was taken, or its id. Given the job, the call ends that delivery and no later one, if the
   * broker counts deliveries; and repeated, it is answered as the first time.
   * @throws {NotFoundError} If the job is not in flight; but not after a repeated try, because the broker may have
   * received the first one.
   * @throws {RefusedError} If the job is there, but not in flight at this delivery (its status is 409).
   */
  success(
    job: JobReference,
    options?: SuccessOptions & { readonly next?: never; readonly enqueue?: never },
  ): Promise<void>;
  /**
   * Says that a taken job is done, and stores others: both or neither. The job stays in flight if one of them is refused.
   *
   * @param job The job as it was taken, or its id; as above.
   * @param options The jobs, what the job came to, and bounds of the call.
   * @returns The stored jobs, as `enqueueMany` gives them.
   * @throws {PayloadError} If a payload does not fit; nothing is sent then.
   * @throws {RefusedError} If the broker does not accept one of the jobs; or if the job is there, but not in flight at this
   * delivery (its status is 409).
   * @throws {NotFoundError} If the job is not in flight.
   * @throws {ProtocolError} If the server does not know of such jobs: nothing is sent if the job shows that it is none of
   * Millrace; else it has taken the job for done.
   */
  success(
    job: JobReference,
    options: SuccessOptions & {
      readonly next?: never;
      readonly enqueue: readonly (EnqueueRequest | PreparedJob)[];
    },
  ): Promise<EnqueuedJob[]>;
  /**
   * Says that a taken job is done here, and goes on in another queue.
   *
   * @param job The job as it was taken, or its id; as above.
   * @param options Where it goes on, a new payload, and bounds of the call.
   * @returns The job as it is now.
   * @throws {NotFoundError} If the job is not in flight.
   * @throws {RefusedError} If the job is there, but not in flight at this delivery (its status is 409).
   * @throws {ProtocolError} If the server does not know of next queues; it has taken the job for done.
   */
  success(
    job: JobReference,
    options: SuccessOptions & { readonly next: NextStep },
  ): Promise<Job>;
  /**
   * Says that taken jobs are done. Those that are not in flight are reported, and are no error.
   *
   * @param jobs The jobs as they were taken, or their ids; as above.
   */
  successMany(jobs: readonly JobReference[], options?: SuccessManyOptions): Promise<ReportResult>;
  /**
   * Says that a taken job failed.
   *
   * @param job The job as it was taken, or its id; as above. A server that does not count deliveries is asked where the
   * job stands before the call is repeated, as the first try may have been received.
   * @param failure Why, and what shall become of the job.
   * @returns The job as it is now.
   * @throws {NotFoundError} If the job is not in flight.
   * @throws {RefusedError} If the job is there, but not in flight at this delivery (its status is 409).
   */
  failure(job: JobReference, failure: Failure, options?: FailureOptions): Promise<Job>;
  /**
   * Gives a taken job back, as if it had not been taken: no attempt is counted, and there is no error record. An
   * extension of the protocol: a server that does not know it answers 404.
   *
   * @param job The job as it was taken, or its id; as above.
   * @param time When it is ready again. Left out, it is ready at once.
   * @returns The job as it is now.
   * @throws {NotFoundError} If the job is not in flight, or the server does not know the call.
   * @throws {RefusedError} If the job is there, but not in flight at this delivery (its status is 409).
   */
  release(job: JobReference, time?: ReleaseTime, options?: CallOptions): Promise<Job>;
  /**
   * Gives taken jobs back, as {@linkcode release}. Those that are not in flight are reported, and are no error.
   *
   * @param jobs The jobs as they were taken, or their ids.
   * @param time When they are ready again. Left out, they are ready at once.
   * @throws {NotFoundError} If the server does not know the call.
   */
  releaseMany(
    jobs: readonly JobReference[],
    time?: ReleaseTime,
    options?: CallOptions,
  ): Promise<ReportResult>;

  /**
   * Lists the failures of a job, first to last.
   *
   * @param id The job's id.
   * @param query Where to begin, in which order, and how many to fetch at a time (`limit`).
   * @returns A listing; going through it throws `NotFoundError` if there is no such job.
   */
  errors(
    id: string,
    query?: PageRequest<number>,
    options?: CallOptions,
  ): Listing<ErrorRecord, ErrorPage>;
  /**
   * Gets one failure of a job.
   *
   * @param id The job's id.
   * @param attempt Which one; the first attempt is 1.
   * @throws {NotFoundError} If there is no such job, or it has no such failure.
   */
  error(id: string, attempt: number, options?: CallOptions): Promise<ErrorRecord>;

  /** Gets the names of all queues that have a job in any status, sorted. */
  queues(options?: CallOptions): Promise<string[]>;
  /**
   * Asks the broker how it is.
   *
   * @returns `ok`.
   * @throws {ServerError} If the broker cannot use its database.
   */
  health(options?: CallOptions): Promise<string>;
  /** Gets the version of the broker. */
  version(options?: CallOptions): Promise<string>;
  /** Deletes everything in the broker. It cannot be undone. */
  reset(options?: CallOptions): Promise<void>;

  /**
   * Opens a stream of jobs to work on; most programs leave that to `createWorker`. It is not reopened when it
   * breaks.
   *
   * @param options What to take. `timeoutMs` is for the opening only; `signal` ends the stream too.
   * @throws {RefusedError} If the broker does not let this client take.
   */
  take(options?: TakeOptions): Promise<TakeStream>;
}
