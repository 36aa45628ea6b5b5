/**
 * The events of a worker, for logs and metrics.
 *
 * @module
 */

import { type Logger, runGuarded } from "../log.ts";
import type { Job } from "../protocol/job.ts";
import type { JobCancelledError, LeaseLostError } from "../errors.ts";
import type { Outcome } from "./outcome.ts";

/** A job, in an event. */
export interface JobEvent {
  /** The job as it was delivered. */
  readonly job: Job;
  /** Which try this is, from 1. */
  readonly attempt: number;
}

/** A job whose handler came to an end. */
export interface JobEndEvent extends JobEvent {
  /** How long it ran, in ms. */
  readonly durationMs: number;
}

/** A job that failed. */
export interface JobFailedEvent extends JobEndEvent {
  /** What its handler threw, why its payload did not fit, or that its time was over. */
  readonly error: unknown;
}

/** A job whose handler said what shall become of it. */
export interface JobOutcomeEvent extends JobEndEvent {
  /** What the handler said. */
  readonly outcome: Outcome;
}

/** Why a job is dead. */
export type DeathReason =
  /** Its payload does not fit its definition. */
  | "payload"
  /** No worker that it came to had a handler for its type, and no retries are left. */
  | "type"
  /** It failed, and no retries are left. */
  | "retries"
  /** Its handler, or a rule for its error, gave it up. */
  | "cancelled"
  /** Somebody else cancelled it while it was here. */
  | "unwanted"
  /** Its handler wanted what only a Millrace broker can do. */
  | "unsupported";

/** A job that is done. */
export interface CompletedReport extends JobEndEvent {
  /** What became of it. */
  readonly became: "completed";
}

/** A job that was charged an attempt and runs again. */
export interface RetriedReport extends JobEndEvent {
  /** What became of it. */
  readonly became: "retried";
  /** What its handler threw, or the outcome that it said. */
  readonly error: unknown;
  /** When it is ready again, by the broker's clock, in ms since the epoch. */
  readonly readyAt: number;
  /** The same as a span from the report on, in ms. */
  readonly retryInMs: number;
  /** How many retries it has at most; undefined if the broker did not say. */
  readonly retryLimit: number | undefined;
}

/** A job that runs again without being charged an attempt. */
export interface SnoozedReport extends JobEndEvent {
  /** What became of it. */
  readonly became: "snoozed";
  /** When it is ready again, by the broker's clock, in ms since the epoch. */
  readonly readyAt: number;
  /** The same as a span from the report on, in ms. */
  readonly retryInMs: number;
}

/** A job that is not tried again. */
export interface DeadReport extends JobEndEvent {
  /** What became of it. */
  readonly became: "dead";
  /** Why. */
  readonly reason: DeathReason;
  /** What its handler threw, or the outcome that it said. */
  readonly error: unknown;
}

/** A job that was sent on to its next queue. */
export interface AdvancedReport extends JobEndEvent {
  /** What became of it. */
  readonly became: "advanced";
  /** Where it is now; undefined if the broker did not say. */
  readonly queue: string | undefined;
}

/** A job whose report came to nothing: it was not this worker's any more, or the broker could not be told. */
export interface LostReport extends JobEndEvent {
  /** What became of it. */
  readonly became: "lost";
}

/** What became of a job, as the broker answered. */
export type ReportedEvent =
  | CompletedReport
  | RetriedReport
  | SnoozedReport
  | DeadReport
  | AdvancedReport
  | LostReport;

/** An event loop that was held. */
export interface BlockedEvent {
  /** For how long, at least, in ms. */
  readonly blockedMs: number;
  /** The type of the jobs that ran meanwhile, if they were of one only. */
  readonly type: string | undefined;
}

/** Successes that the broker has confirmed. */
export interface AckedEvent {
  /** The jobs' ids. */
  readonly ids: readonly string[];
  /** Those of them that were not in flight any more, because their stream had broken off. */
  readonly notFound: readonly string[];
}

/** A take stream that ended. */
export interface DisconnectedEvent {
  /** Why; undefined when the broker ended it. */
  readonly error: unknown;
  /** When the worker will connect again, in ms from now. */
  readonly retryInMs: number;
}

/** A job that ran here and is not this worker's any more. */
export interface LeaseLostEvent extends JobEvent {
  /** Why: its signal was aborted with this. */
  readonly error: LeaseLostError;
}

/** A job that is here, and that somebody cancels. */
export interface JobCancelledEvent extends JobEvent {
  /** Why: its signal was aborted with this. */
  readonly error: JobCancelledError;
}

/** A worker that comes to the end of its life by itself. */
export interface RetiredEvent {
  /** Why, for a person. */
  readonly reason: string;
}

/**
 * The events of a worker and what their listeners get. Nothing is made for an event that nobody listens to.
 *
 * | Event          | When                                                | Carries                                              |
 * | -------------- | --------------------------------------------------- | ---------------------------------------------------- |
 * | `connected`    | a stream is open, or the broker answered            | nothing                                              |
 * | `disconnected` | it ended, or could not be opened                    | `error`, `retryInMs`                                 |
 * | `started`      | a handler begins                                    | `job`, `attempt`                                     |
 * | `succeeded`    | it returned                                         | and `durationMs`                                     |
 * | `failed`       | it threw, or could not be called                    | and `durationMs`, `error`                            |
 * | `decided`      | it, or a rule, said what shall become of the job    | and `durationMs`, `outcome`                          |
 * | `released`     | the worker stopped first, or the job is another's   | `job`, `attempt`                                     |
 * | `leaseLost`    | the lease of a running job was lost                 | and `error`                                          |
 * | `cancelled`    | somebody cancels a job that is here                 | and `error`                                          |
 * | `reported`     | the broker has answered what the job came to        | `job`, `attempt`, `durationMs`, and what it became   |
 * | `acked`        | the broker has confirmed successes, many at a time  | `ids`, `notFound`                                    |
 * | `blocked`      | the event loop was held for long                    | `blockedMs`, `type`                                  |
 * | `retired`      | the worker has done all in its life, or is told to stop | `reason`                                             |
 *
 * Each job that was `started` is `succeeded`, `failed` or `decided`, and then `reported`; or it is `released` or `leaseLost`. One
 * that is `cancelled` before it has begun is not `started`, and is `reported` at once.
 * The queue of a job is `job.queue`, how long it waited `job.dequeuedAt - job.readyAt`, by the broker's clock.
 */
export interface WorkerEvents {
  /** A take stream is open. */
  readonly connected: undefined;
  /** The take stream ended, or could not be opened. */
  readonly disconnected: DisconnectedEvent;
  /** A handler begins. */
  readonly started: JobEvent;
  /** A handler returned. The broker does not know yet: see `acked`. */
  readonly succeeded: JobEndEvent;
  /** A handler threw, took too long, does not exist, or its payload did not fit. */
  readonly failed: JobFailedEvent;
  /** A handler said `cancel`, `snooze` or `retryAt`, or a rule for its error did (`retryOn` and others). */
  readonly decided: JobOutcomeEvent;
  /** The worker stopped before the job was done. The job goes back to its queue and is not charged an attempt. */
  readonly released: JobEvent;
  /** The broker has confirmed successes. */
  readonly acked: AckedEvent;
  /** The broker has answered what came of a job: it is done, dead, or tried again at an instant. */
  readonly reported: ReportedEvent;
  /** The event loop was held for so long that the broker may take this worker for dead. */
  readonly blocked: BlockedEvent;
  /** The lease of a job that runs was lost: its signal is aborted, and what its handler comes to is not reported. */
  readonly leaseLost: LeaseLostEvent;
  /** Somebody cancels a job that runs or waits here: its signal is aborted, and what its handler comes to is reported. */
  readonly cancelled: JobCancelledEvent;
  /** The worker has run `maxJobs`, `retireWhen` gave a reason, or an operator stops it: it drains and stops. */
  readonly retired: RetiredEvent;
}

/** Who listens to what. */
export interface Events {
  /** Adds a listener and gives the function that removes it. */
  on<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents[Name]) => void,
  ): () => void;
  /** Whether anybody listens. */
  isHeard(name: keyof WorkerEvents): boolean;
  /** Tells the listeners; the event is made only if there are any. */
  emit<Name extends keyof WorkerEvents>(name: Name, make: () => WorkerEvents[Name]): void;
}

/**
 * Creates an empty list of listeners.
 *
 * @param logger Gets told of what a listener throws, also later if it is async; the others are called all the same.
 */
export function createEvents(logger: Logger): Events {
  const listeners = new Map<keyof WorkerEvents, Set<(event: never) => void>>();

  return {
    on(name, listener) {
      const wrapped = (event: Parameters<typeof listener>[0]) => listener(event);
      const list = listeners.get(name) ?? new Set();
      listeners.set(name, list.add(wrapped));
      return () => void list.delete(wrapped);
    },
    isHeard: (name) => (listeners.get(name)?.size ?? 0) > 0,
    emit(name, make) {
      const list = listeners.get(name);
      if (list === undefined || list.size === 0) return;
      const event = make();
      const failed = (error: unknown) => logger.error(`Listener of '${name}' threw`, { error });
      for (const listener of list) runGuarded(() => listener(event as never), failed);
    },
  };
}
