/**
 * What a handler gets besides its payload. One is made for each job, so the parts that most handlers never use (the
 * signal, the logger) are made when they are first read.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import type { LogFields, Logger } from "../log.ts";
import type { Job } from "../protocol/job.ts";
import type { JobMeta } from "../protocol/meta.ts";
import type { HeartbeatOptions } from "../protocol/lease-write.ts";
import { type ContextState, createState } from "./context-state.ts";
import type { PoweredRun, Powers } from "./powers.ts";
import { toProgress } from "./progress.ts";
import type { JobCancelledError } from "../errors.ts";

/** What a handler and the middleware around it know of their job. */
export interface JobContext {
  /** The job as the broker delivered it; its payload is not yet changed by a schema. */
  readonly job: Job;
  /** What goes with the job besides its payload; empty if nothing does, or the broker is none of Millrace. */
  readonly meta: JobMeta;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /**
   * Aborted when somebody cancels the job (its reason is a `JobCancelledError`, and what the handler comes to is reported
   * still), when the job's time is over (a `TimeoutError`), when its lease is lost (a `LeaseLostError`), or when
   * the worker stops before the job is done, or has no lease and the job is taken from it or comes anew (an `AbortError`). What
   * the handler returns or throws after one of these is ignored.
   */
  readonly signal: AbortSignal;
  /** The worker's logger, with the job's id, type and attempt in every line. If it has none, lines from info on go to the console. */
  readonly log: Logger;
  /** When the job's lease ends, by the broker's clock, in ms since the epoch; undefined without a lease. */
  readonly leaseEndsAt: number | undefined;
  /**
   * Says that the work goes on, and how far it is, or what the payload is from now on. A worker with leases renews them by
   * itself: this is for what else there is to say, and for a handler that wants to be sure before it goes on.
   *
   * @param news What there is to say besides; `leaseMs` is how long the lease lasts from now on.
   * @throws {LeaseLostError} If the job is not this worker's any more.
   * @throws {MillraceError} If the broker cannot be reached.
   * @throws {Error} If the worker has no `leases`.
   */
  readonly heartbeat: (news?: HeartbeatOptions) => Promise<void>;
  /**
   * Enqueues a job once, however often the handler is run again for its job: a later run is given the job that was stored.
   * Which one it is goes by its type, and by how many of that type the run has enqueued before. A handler that may enqueue in
   * another order when it is run again gives an `idempotencyKey`, which is a name among the jobs of this one.
   *
   * With a Millrace broker that holds for as long as the handler's job exists, also when the other one is done and deleted
   * since; a job that begins anew (put, requeued, in its next queue) enqueues anew. Another server is given a unique key,
   * which keeps a second job from being stored as long as the first is kept, unless the job has a unique key or a batch itself.
   *
   * @throws {PayloadError} If the payload does not fit; nothing is sent then.
   * @throws {RefusedError} If the broker does not accept the job, or the handler's job is not in flight here any more (its
   * status is 409).
   * @throws {TypeError} If the client of the worker cannot enqueue.
   */
  readonly enqueue: Client["enqueue"];
  /**
   * Enqueues many jobs, each once; which one it is goes by its place in the list, and by how often this was called before.
   * Throws as {@linkcode JobContext.enqueue}.
   */
  readonly enqueueMany: Client["enqueueMany"];
  /**
   * Says how far the job is, from 0 to 1, and perhaps in some words; it is shown with the job while it runs (`job.progress`).
   * The broker is told once a second at most, the last that was said, and nothing waits for that. Only a Millrace broker can
   * be told; a job without a lease only by a worker that answers (`answersWithinMs`). Elsewhere it does nothing.
   *
   * @throws {RangeError} If the value is not from 0 to 1.
   */
  readonly progress: (value: number, message?: string) => void;
  /** What the layers around a handler and the handler share while the job runs; see {@linkcode defineState}. */
  readonly state: ContextState;
}

/** What the context of a job under a lease can do. */
export interface ContextLease {
  endsAt(): number | undefined;
  heartbeat(news: HeartbeatOptions): Promise<void>;
}

/** A context that the worker can abort. */
export class RunningContext implements JobContext {
  readonly job: Job;
  /** Whether the job goes back to its queue, whatever its handler returns or throws. */
  released = false;
  /** How long its handler ran, in ms; 0 if nobody wants to know. */
  ranMs = 0;
  /** That somebody wants it to be cancelled. */
  cancelled: JobCancelledError | undefined = undefined;
  /** The job's lease, if it has one. */
  lease: ContextLease | undefined = undefined;
  /** What its handler can do besides, and the job as it was delivered last; undefined outside of a worker. */
  powers: Powers | undefined = undefined;
  delivery: { readonly job: Job; readonly stage: string } | undefined = undefined;
  readonly #logger: Logger;
  #run: PoweredRun | undefined;
  #state: ContextState | undefined;
  #log: Logger | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(job: Job, logger: Logger) {
    this.job = job;
    this.#logger = logger;
  }

  get meta(): JobMeta {
    return this.job.meta ?? noMeta;
  }

  get attempt(): number {
    return this.job.attempts + 1;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get log(): Logger {
    const { id, type } = this.job;
    return this.#log ??= withFields(this.#logger, { jobId: id, type, attempt: this.attempt });
  }

  get leaseEndsAt(): number | undefined {
    return this.lease?.endsAt();
  }

  /** A function of its own, as handlers take their context apart. */
  get heartbeat(): JobContext["heartbeat"] {
    return async (news = {}) => {
      if (this.lease !== undefined) return await this.lease.heartbeat(news);
      throw new Error("Cannot send a heartbeat: the worker has no 'leases'");
    };
  }

  get enqueue(): JobContext["enqueue"] {
    const enqueue = async (...args: never) =>
      await this.#powered("enqueue").enqueue(this.#running(), args);
    return enqueue as JobContext["enqueue"];
  }

  get enqueueMany(): JobContext["enqueueMany"] {
    const enqueueMany = async (...args: never) =>
      await this.#powered("enqueueMany").enqueueMany(this.#running(), args);
    return enqueueMany as JobContext["enqueueMany"];
  }

  get progress(): JobContext["progress"] {
    return (value, message) => {
      const progress = toProgress(value, message);
      this.powers?.progress(this, progress);
    };
  }

  get state(): ContextState {
    return this.#state ??= createState();
  }

  #powered(name: string): Powers {
    if (this.powers !== undefined) return this.powers;
    throw new Error(`Cannot '${name}' here: the handler does not run in the process of its worker`);
  }

  #running(): PoweredRun {
    // Read through: the job may be delivered again while it runs.
    const job = () => this.delivery?.job ?? this.job;
    const signal = () => this.signal;
    return this.#run ??= {
      get job() {
        return job();
      },
      get signal() {
        return signal();
      },
      counts: new Map(),
    };
  }

  /** Aborts the signal; a second time does nothing. */
  abort(reason: unknown): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }

  /** Aborts the signal, as somebody wants the job to be cancelled. */
  cancel(error: JobCancelledError): void {
    this.cancelled = error;
    this.abort(error);
  }

  /** Aborts the signal; what the handler returns or throws from now on is ignored. */
  release(reason: unknown): void {
    this.released = true;
    this.abort(reason);
  }
}

const noMeta: JobMeta = Object.freeze({});

function withFields(logger: Logger, own: LogFields): Logger {
  return {
    debug: (message, fields) => logger.debug(message, { ...own, ...fields }),
    info: (message, fields) => logger.info(message, { ...own, ...fields }),
    warn: (message, fields) => logger.warn(message, { ...own, ...fields }),
    error: (message, fields) => logger.error(message, { ...own, ...fields }),
  };
}
