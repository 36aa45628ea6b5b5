/**
 * What a worker of requests tells of them, and counts.
 *
 * @module
 */

import { type Logger, runGuarded } from "../log.ts";
import type { HttpFailureKind } from "./failure.ts";

/** A request, as events tell of it. */
export interface HttpRequestEvent {
  /** The id of the request. */
  readonly requestId: string;
  /** The method. */
  readonly method: string;
  /** Where it goes: host and path, and nothing else of the address. */
  readonly target: string;
}

/** A request that was sent, or not. */
export interface HttpRequestEndEvent extends HttpRequestEvent {
  /** How it ended: there is an answer or a failure, it is sent again later, it was given back, or its lease was lost. */
  readonly outcome: "response" | "failure" | "retry" | "released" | "lost";
  /** How long this try took, in ms. */
  readonly durationMs: number;
}

/** A request that has an answer. */
export interface HttpCompletedEvent extends HttpRequestEvent {
  /** The status. */
  readonly status: number;
  /** How long the exchange took, in ms. */
  readonly durationMs: number;
}

/** A request that has none. */
export interface HttpFailedEvent extends HttpRequestEvent {
  /** The kind of failure. */
  readonly kind: HttpFailureKind;
  /** What happened. */
  readonly message: string;
  /** How long the exchange took, in ms. */
  readonly durationMs: number;
}

/** A request that waits for others to the same origin. */
export interface HttpCapacityEvent extends HttpRequestEvent {
  /** How long it waits before it is looked at again, in ms. */
  readonly delayMs: number;
}

/** A request whose worker was lost. */
export interface HttpRecoveredEvent extends HttpRequestEvent {
  /** How often that has happened to it. */
  readonly losses: number;
}

/** How a worker of requests was stopped. */
export interface HttpStopReport {
  /** Requests that came to their end meanwhile. */
  readonly completed: number;
  /** Requests that were given back: another worker sends them again. */
  readonly released: number;
  /** Of these, how many the broker could not be told of: it hears of them by the end of their leases, or of the stream. */
  readonly failedToRelease: number;
}

/**
 * The events of a worker of requests. Each `requestStart` has its `requestEnd`; each request is `completed` or `failed` once, when
 * what came of it is handed over.
 *
 * | Event          | When                                                        |
 * | -------------- | ----------------------------------------------------------- |
 * | `start`        | it was started; who listens later is told too               |
 * | `stop`         | it is stopped                                               |
 * | `requestStart` | a request is about to be sent                               |
 * | `requestEnd`   | that try is over                                            |
 * | `requestError` | it failed, whatever follows from that                       |
 * | `capacity`     | there are too many to its origin: it waits                  |
 * | `recovered`    | a worker was lost that had it                               |
 * | `completed`    | there is an answer                                          |
 * | `failed`       | there will be none                                          |
 */
export interface HttpWorkerEvents {
  /** The worker was started. */
  readonly start: undefined;
  /** The worker is stopped; what became of its requests meanwhile. */
  readonly stop: HttpStopReport;
  /** A request is about to be sent. */
  readonly requestStart: HttpRequestEvent;
  /** A try of a request is over. */
  readonly requestEnd: HttpRequestEndEvent;
  /** A try of a request failed. */
  readonly requestError: HttpFailedEvent;
  /** A request waits for others to its origin. */
  readonly capacity: HttpCapacityEvent;
  /** A worker was lost that had a request; it is sent again. */
  readonly recovered: HttpRecoveredEvent;
  /** A request has an answer. */
  readonly completed: HttpCompletedEvent;
  /** A request has no answer. */
  readonly failed: HttpFailedEvent;
}

/** What was counted since the worker was created. */
export interface HttpTotals {
  /** Requests that have an answer, or a failure. */
  readonly requests: number;
  /** How long their exchanges took, in ms, all together. */
  readonly durationMs: number;
  /** Those that have an answer, by its status. */
  readonly byStatus: Readonly<Record<number, number>>;
  /** Those that have none, by the kind of failure. */
  readonly byKind: Readonly<Partial<Record<HttpFailureKind, number>>>;
  /** Tries after which a request is sent again. */
  readonly retries: number;
  /** Requests that waited for others to their origin. */
  readonly capacity: number;
  /** Requests whose worker was lost before. */
  readonly recovered: number;
  /** Requests that were given back when the worker stopped. */
  readonly released: number;
}

/** Tells listeners, and counts. */
export interface HttpMonitor {
  /** What was counted. */
  readonly totals: HttpTotals;
  /** Adds a listener and gives the function that removes it. */
  on<Name extends keyof HttpWorkerEvents>(
    name: Name,
    listener: (event: HttpWorkerEvents[Name]) => void,
  ): () => void;
  /** Counts it, and tells it. */
  emit<Name extends keyof HttpWorkerEvents>(name: Name, event: HttpWorkerEvents[Name]): void;
}

/**
 * Creates a monitor.
 *
 * @param logger Is told what a listener throws; the others are called all the same.
 */
export function createHttpMonitor(logger: Logger): HttpMonitor {
  const listeners = new Map<string, Set<(event: never) => void>>();
  const byStatus: Record<number, number> = {};
  const byKind: Partial<Record<HttpFailureKind, number>> = {};
  const sums = { requests: 0, durationMs: 0, retries: 0, capacity: 0, recovered: 0, released: 0 };
  let isStarted = false;

  const call = (name: string, listener: (event: never) => void, event: unknown) =>
    runGuarded(
      () => listener(event as never),
      (error) => logger.error(`Listener of '${name}' threw`, { error }),
    );

  const count = (name: keyof HttpWorkerEvents, event: unknown) => {
    if (name === "start") isStarted = true;
    if (name === "capacity" || name === "recovered") sums[name]++;
    if (name === "requestEnd") {
      const { outcome } = event as HttpRequestEndEvent;
      if (outcome === "retry") sums.retries++;
      if (outcome === "released") sums.released++;
    }
    if (name !== "completed" && name !== "failed") return;
    const { durationMs, status, kind } = event as HttpCompletedEvent & HttpFailedEvent;
    sums.requests++;
    sums.durationMs += durationMs;
    if (name === "completed") byStatus[status] = (byStatus[status] ?? 0) + 1;
    else byKind[kind] = (byKind[kind] ?? 0) + 1;
  };

  return {
    get totals() {
      return { ...sums, byStatus: { ...byStatus }, byKind: { ...byKind } };
    },
    on(name, listener) {
      const wrapped = (event: Parameters<typeof listener>[0]) => listener(event);
      const list = listeners.get(name) ?? new Set();
      listeners.set(name, list.add(wrapped));
      if (name === "start" && isStarted) call(name, wrapped, undefined);
      return () => void list.delete(wrapped);
    },
    emit(name, event) {
      count(name, event);
      for (const listener of listeners.get(name) ?? []) call(name, listener, event);
    },
  };
}
