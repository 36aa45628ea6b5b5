/**
 * The events of a worker, for logs and metrics.
 *
 * @module
 */

import { type Logger, runGuarded } from "../log.ts";
import type { Job } from "../protocol/job.ts";
import type { LeaseLostError } from "../errors.ts";
import type { Outcome } from "./outcome.ts";

/** A job, in an event. */
export interface JobEvent {
  /** The job as it was delivered. */
  readonly job: Job;
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

/** A worker that comes to the end of its life by itself. */
export interface RetiredEvent {
  /** Why, for a person. */
  readonly reason: string;
}

/** The events of a worker and what their listeners get. */
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
  /** The lease of a job that runs was lost: its signal is aborted, and what its handler comes to is not reported. */
  readonly leaseLost: LeaseLostEvent;
  /** The worker has run `maxJobs`, or `retireWhen` gave a reason: it drains and stops. */
  readonly retired: RetiredEvent;
}

/** Who listens to what. */
export interface Events {
  /** Adds a listener and gives the function that removes it. */
  on<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents[Name]) => void,
  ): () => void;
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
    emit(name, make) {
      const list = listeners.get(name);
      if (list === undefined || list.size === 0) return;
      const event = make();
      const failed = (error: unknown) => logger.error(`Listener of '${name}' threw`, { error });
      for (const listener of list) runGuarded(() => listener(event as never), failed);
    },
  };
}
