/**
 * The worker of requests: hundreds of them wait here at once, apart from the places of ordinary jobs; and answers are handled
 * beside them.
 *
 * @module
 */

import { checkNotNegative, spanMs } from "../async/duration.ts";
import type { Startable, StopOptions } from "../async/stoppable.ts";
import { guardLogger } from "../guard-logger.ts";
import { checkOptions } from "../options.ts";
import { systemRandom, toClock } from "../async/clock.ts";
import { createWorker, type Worker } from "../worker/worker.ts";
import type { WorkerHealth } from "../worker/worker-health.ts";
import { handleHttpCallbacks, toCallbackMap } from "./handle-http-callbacks.ts";
import { createRequestHandlers } from "./handle-http-requests.ts";
import {
  createHttpMonitor,
  type HttpStopReport,
  type HttpTotals,
  type HttpWorkerEvents,
} from "./http-events.ts";
import { httpWorkerNames, type HttpWorkerOptions } from "./http-worker-options.ts";
import { callbackQueue, requestQueue } from "./records.ts";
import { type Recall, WorkerStopped } from "./request-handler.ts";

/** What a worker of requests does at present, and has done. */
export interface HttpWorkerStats {
  /** Requests that are under way. */
  readonly inFlight: number;
  /** How many may be. */
  readonly capacity: number;
  /** Callbacks that run. */
  readonly callbacks: number;
  /** What was counted since it was created. */
  readonly totals: HttpTotals;
}

/** Where a worker of requests is in its life. */
export type HttpWorkerState = "idle" | "running" | "draining" | "stopping" | "stopped";

/** Sends requests and handles their answers; made by {@linkcode createHttpWorker}. It lives once. */
export interface HttpWorker extends Startable {
  /** Where it is in its life. */
  readonly state: HttpWorkerState;
  /** Starts it, and resolves when it is connected. Calling it again gives the same promise. */
  start(): Promise<void>;
  /** Starts it, and resolves when it is stopped. */
  run(): Promise<void>;
  /**
   * Takes no more requests; those that are under way come to their end, and callbacks are handled as before. Does nothing unless
   * it runs.
   */
  drain(): void;
  /**
   * Stops it: takes no more, waits for what is under way, and gives back what is not done at the deadline, uncharged. An answer
   * that is here by then is handed over. Stopping twice waits for the first; a second call with less time shortens the wait.
   *
   * What became of them is told by the event `stop`, and in the log.
   *
   * @param options The deadline: `timeoutMs` is `graceMs` by default.
   * @throws {RangeError} If `timeoutMs` is below 0 or not a number.
   */
  stop(options?: StopOptions): Promise<void>;
  /** Tells what it does. */
  stats(): HttpWorkerStats;
  /** Tells how it is doing, for a health endpoint: the worker of the requests, and that of the callbacks if there is one. */
  health(): { readonly requests: WorkerHealth; readonly callbacks: WorkerHealth | undefined };
  /**
   * Listens to the events of a kind.
   *
   * @param name Which kind.
   * @param listener Is called at each; what it throws is logged.
   * @returns A function that ends it.
   */
  on<Name extends keyof HttpWorkerEvents>(
    name: Name,
    listener: (event: HttpWorkerEvents[Name]) => void,
  ): () => void;
}

/** How long the broker has to take back what was not done, in ms. */
const releaseMs = 3000;

/**
 * Creates a worker of requests. It does nothing until it is started.
 *
 * A request is sent at least once: after a crash, or a stop that ran out of time, it is sent again, with the same
 * `idempotency-key` if it has one. Its callback is enqueued by the commit that ends the request: once, and not lost.
 *
 * @param options The client, the callbacks, and what is needed to send requests.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createClient, createLeases } from "@millrace/millrace/client";
 * import { createHttpWorker, defineHttpCallback } from "@millrace/millrace/offload";
 *
 * const saveReply = defineHttpCallback<{ chatId: string }>("save-reply", {
 *   onComplete: (result, { args }) => console.log(args.chatId, result.text()),
 *   onError: (failure, { args }) => console.error(args.chatId, failure.message),
 * });
 *
 * const url = "http://127.0.0.1:7890";
 * const worker = createHttpWorker({
 *   client: createClient({ url }),
 *   leases: createLeases({ url }),
 *   callbacks: [saveReply],
 *   secrets: { openai: () => "from the environment" },
 *   maxPerOrigin: 50,
 * });
 * console.log(worker.stats().capacity); // 256; worker.run() starts it
 * ```
 */
export function createHttpWorker(options: HttpWorkerOptions): HttpWorker {
  checkOptions("createHttpWorker", options, httpWorkerNames);
  const { client, leases, leaseMs, callbacks = [], maxInFlight = 256, workerId } = options;
  const { payloads, sweepMs = 3_600_000 } = options;
  checkNotNegative("sweepMs", sweepMs);
  const graceMs = spanMs("grace", options.grace, options.graceMs) ?? 25_000;
  checkNotNegative("graceMs", graceMs);
  const clock = toClock(options.clock);
  const logger = guardLogger(options.logger);
  const monitor = createHttpMonitor(logger);
  const recall: Recall = { running: new Set(), releasing: new Set() };
  toCallbackMap(callbacks);

  const { random, middleware, logger: told } = options;
  const shared = { client, leases, leaseMs, clock, random, middleware, logger: told };
  const { errors } = client;
  const requests = createWorker({
    ...shared,
    handlers: createRequestHandlers(
      { ...options, client: errors && { errors: errors.bind(client) } },
      { callbacks, monitor, recall },
    ),
    queues: [options.queue ?? requestQueue],
    concurrency: maxInFlight,
    prefetch: maxInFlight,
    workerId,
  });
  const answers: Worker | undefined = callbacks.length === 0 ? undefined : createWorker({
    ...shared,
    handlers: [
      handleHttpCallbacks({
        callbacks,
        payloads,
        queue: options.callbackQueue ?? callbackQueue,
      }),
    ],
    concurrency: options.callbackConcurrency,
    workerId: workerId === undefined ? undefined : `${workerId}-callbacks`,
  });

  requests.on("reported", ({ job, became }) => {
    if (became === "snoozed") recall.releasing.delete(job.id);
  });

  let isDraining = false;
  let isStopped = false;
  let stopping: Promise<void> | undefined;
  let callBack = () => {};
  let backAt = Infinity;

  const drain = () => {
    if (requests.health().state !== "running" || isDraining) return;
    isDraining = true;
    logger.info("Drains: takes no more requests");
    requests.pause();
  };

  /** What is not done by then is given back; the first of several deadlines counts. */
  const setDeadline = (timeoutMs: number) => {
    const at = clock.monotonic() + timeoutMs;
    if (!(at < backAt)) return;
    backAt = at;
    callBack();
    callBack = clock.setTimer(() => {
      recall.reason = new WorkerStopped("Worker stopped before the request was done");
      for (const controller of recall.running) controller.abort(recall.reason);
    }, timeoutMs);
  };

  const stopAll = async (timeoutMs: number): Promise<void> => {
    const before = { completed: monitor.totals.requests, released: monitor.totals.released };
    const bounds = { timeoutMs: timeoutMs + releaseMs };
    // A paused worker begins nothing, and so has nothing to give up when it stops.
    await Promise.all([requests.stop(bounds), answers?.stop(bounds)]);
    callBack();
    endSweeps();
    isStopped = true;
    const report: HttpStopReport = {
      completed: monitor.totals.requests - before.completed,
      released: monitor.totals.released - before.released,
      failedToRelease: recall.releasing.size,
    };
    monitor.emit("stop", report);
    const fields = { ...report };
    if (report.failedToRelease === 0) return logger.info("Stopped", fields);
    logger.error("Requests could not be given back: they come back when their leases end", fields);
  };

  const chance = random ?? systemRandom;
  let endSweeps = () => {};
  const sweepLater = () => {
    if (payloads === undefined || sweepMs === Infinity || stopping !== undefined) return;
    endSweeps = clock.setTimer(async () => {
      try {
        const count = await payloads.sweep();
        if (count > 0) logger.info("Deleted payloads that were left", { count });
      } catch (error) {
        logger.warn("Payloads that were left cannot be deleted", { error });
      }
      sweepLater();
    }, sweepMs * (1 + chance()) / 2);
  };

  const begin = async () => {
    await Promise.all([requests.start(), answers?.start()]);
    monitor.emit("start", undefined);
    sweepLater();
  };
  let started: Promise<void> | undefined;

  const worker: HttpWorker = {
    get state() {
      const { state } = requests.health();
      if (isStopped) return "stopped";
      if (stopping !== undefined) return "stopping";
      return state === "running" && isDraining ? "draining" : state;
    },
    start() {
      if (stopping !== undefined) {
        return Promise.reject(new Error("Cannot start a stopped worker: create a new one"));
      }
      return started ??= begin();
    },
    async run() {
      await worker.start();
      await Promise.all([requests.run(), answers?.run()]);
      await stopping;
    },
    drain,
    stop({ timeoutMs = graceMs } = {}) {
      try {
        checkNotNegative("timeoutMs", timeoutMs);
      } catch (error) {
        return Promise.reject(error);
      }
      stopping ??= stopAll(timeoutMs);
      if (timeoutMs < Infinity) setDeadline(timeoutMs);
      return stopping;
    },
    stats: () => ({
      inFlight: requests.health().running,
      capacity: maxInFlight,
      callbacks: answers?.health().running ?? 0,
      totals: monitor.totals,
    }),
    health: () => ({ requests: requests.health(), callbacks: answers?.health() }),
    on: monitor.on,
    async [Symbol.asyncDispose]() {
      await worker.stop();
    },
  };
  return worker;
}
