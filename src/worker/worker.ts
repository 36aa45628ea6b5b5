/**
 * The worker: the intake takes jobs, they wait for room in the pool, the runner runs them, and the acker reports what
 * came of them.
 *
 * @module
 */

import { createPool } from "../async/pool.ts";
import type { Startable, StopOptions } from "../async/stoppable.ts";
import type { WorkerRun } from "../protocol/worker-run.ts";
import { createAcker } from "./acker.ts";
import { type AutoPrefetch, createAutoPrefetch } from "./auto-prefetch.ts";
import { createDeliveries, type Deliveries, type Delivery } from "./deliveries.ts";
import { createEvents, type WorkerEvents } from "./events.ts";
import { createIntake } from "./intake.ts";
import { createLifecycle, type WorkerState } from "./lifecycle.ts";
import { toWorkerSettings, type WorkerOptions } from "./options.ts";
import { toAcknowledgement } from "./report.ts";
import { createRunner } from "./runner.ts";
import { createStatements } from "./statements.ts";
import { createSurplus } from "./surplus.ts";

/** How a worker is doing. */
export interface WorkerHealth {
  /** Whether it works as it should. False before the start and after the stop. */
  readonly healthy: boolean;
  /** Why it is not healthy, for a person. */
  readonly problem: string | undefined;
  /** Whether it was started, drains or is stopped. */
  readonly state: WorkerState;
  /** Whether its take stream is open. A short break is no reason to be unhealthy. */
  readonly connected: boolean;
  /** When anything last arrived from the broker, such as a heartbeat; in ms since the epoch. */
  readonly lastHeardAt: number | undefined;
  /** When it last got a job, in ms since the epoch. */
  readonly lastJobAt: number | undefined;
  /** How many handlers run. */
  readonly running: number;
  /** How many jobs wait here for a handler. */
  readonly waiting: number;
  /** How many jobs are done, and the broker does not know yet. */
  readonly unreported: number;
  /** How many handlers go on although their time is over; they do not count as running. */
  readonly overdue: number;
  /**
   * Within which time, in ms, the broker wants to hear from this worker, or gives its jobs to others. Undefined while it is
   * not connected, and with a server that goes by the connection alone.
   */
  readonly answersWithinMs: number | undefined;
}

/** Takes jobs from a broker and runs their handlers. */
export interface Worker extends Startable {
  /**
   * Starts the worker, and resolves when it is connected, or was stopped before that. Calling it again gives the same
   * promise.
   *
   * A broker that is down is waited for. A refusal of the very first connection (a wrong token, an address that is
   * not a broker's) stops the worker. A later refusal may come from a proxy and pass: the worker goes on asking
   * every half a minute, and when a report comes through; it logs each refusal as an error, and is not healthy meanwhile.
   *
   * @throws {MillraceError} If the broker refuses the worker before it was ever connected.
   * @throws {Error} If the worker was stopped.
   */
  start(): Promise<void>;
  /** Starts the worker, and resolves when it is stopped. Rejects as `start` does. */
  run(): Promise<void>;
  /**
   * Stops the worker: it starts no more jobs, gives back those that it has not started, waits for those that run and
   * until the broker knows what came of them, and then closes the stream. Other servers than Millrace cannot be told
   * that a worker stops: there the jobs that were not started go back when the stream is closed. Stopping twice waits for
   * the first.
   *
   * The deadline holds for all of that. Then the signals of the jobs that still run are aborted and the stream is
   * closed: these jobs too go back to their queue, without being charged an attempt, and what their handlers come to
   * is ignored.
   *
   * @param options The deadline: `timeoutMs` is 25,000 by default, within the 30 s that most hosts give.
   * @throws {RangeError} If `timeoutMs` is below 0 or not a number.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Closes the stream at once and waits for nothing. Jobs whose reports the broker has not received are delivered
   * again, also those that were done here.
   */
  kill(): Promise<void>;
  /** Tells how it is doing, for a health endpoint. */
  health(): WorkerHealth;
  /**
   * Listens to the events of a kind.
   *
   * @param name Which kind.
   * @param listener Is called at each; what it throws is logged, also if it is async.
   * @returns A function that ends it.
   */
  on<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents[Name]) => void,
  ): () => void;
}

/**
 * Creates a worker. It does nothing until it is started.
 *
 * A job is delivered at least once. After a crash, a lost connection or a stop that ran out of time a handler gets
 * the same job again, and must be able to cope with that. A payload that does not fit its definition makes the job
 * dead at once.
 *
 * @param options The client, the handlers, and how to run them.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 *
 * const greeted = Promise.withResolvers<string>();
 * await using worker = createWorker({
 *   client,
 *   handlers: [handle(greet, ({ name }) => greeted.resolve(name))],
 *   concurrency: 25,
 * });
 * await worker.start();
 * await client.enqueue(greet, { name: "Ada" });
 * console.log(await greeted.promise); // Ada
 * ```
 */
export function createWorker(options: WorkerOptions): Worker {
  const settings = toWorkerSettings(options);
  const { client, clock, random, logger, queues, prefetch, workerId, idleTimeoutMs } = settings;
  const { answersWithinMs: withinMs } = settings;
  const events = createEvents(logger);
  const run: WorkerRun | undefined = withinMs === Infinity
    ? undefined
    : { id: crypto.randomUUID(), withinMs };
  const runner = createRunner({ ...settings, events });
  const ending = new AbortController();
  let lastJobAt: number | undefined;

  const acker = createAcker({
    client,
    clock,
    random,
    logger,
    signal: ending.signal,
    acked(jobs, result) {
      deliveries.acked(jobs, result);
      const { notFound } = result;
      events.emit("acked", () => ({ ids: jobs.map(({ id }) => id), notFound }));
      intake.tryNow();
      renewIfIdle();
    },
    dropped(jobs, isReleased) {
      const again = deliveries.giveUp(jobs);
      stranded += isReleased ? again : jobs.length;
      renewIfIdle();
    },
  });
  const deliveries: Deliveries = createDeliveries(acker, { logger, clock });

  /** Jobs that were given up here, and that the server counts for this stream until it ends. */
  let stranded = 0;
  /** A server that takes no job back alone gets all back, once no other job is here. */
  const renewIfIdle = () => {
    if (stranded > 0 && deliveries.size === 0) intake.renew();
  };

  const auto = settings.isAutoPrefetch ? createAutoPrefetch(prefetch, clock) : undefined;

  const pool = createPool<Delivery>(settings.concurrency, async (delivery) => {
    if (delivery.stage === "gone") return;
    delivery.stage = "running";
    if (auto !== undefined) adaptPrefetch(auto, delivery);
    const report = await runner.run(delivery.context);
    const canRelease = delivery.job.deliveries !== undefined;
    const acknowledgement = toAcknowledgement(report, canRelease);
    if (acknowledgement !== undefined) deliveries.report(delivery, acknowledgement);
  });

  /** A broker that does not listen cannot be told another number. */
  const adaptPrefetch = (auto: AutoPrefetch, { cameAt }: Delivery) => {
    if (statements.withinMs === undefined) return;
    if (auto.began(clock.monotonic() - cameAt)) statements.changed();
  };

  const surplus = auto && createSurplus({
    clock,
    pool,
    kept: settings.concurrency,
    giveBack(lent) {
      if (statements.withinMs === undefined) return void lent.forEach(pool.add);
      auto.shrink();
      statements.changed();
      const jobs = lent.map(({ job }) => job);
      for (const delivery of lent) delivery.stage = "released";
      client.releaseMany(jobs, {}, { signal: ending.signal }).then(
        () => deliveries.drop(jobs),
        (error) => {
          if (ending.signal.aborted) return;
          logger.warn("Cannot give back jobs that wait too long", { jobs: jobs.length, error });
          for (const delivery of deliveries.keep(lent)) pool.add(delivery);
        },
      );
    },
  });

  const dropWaiting = () => deliveries.drop(pool.clear().map(({ job }) => job));

  const release = ({ context }: Delivery, reason: DOMException) => {
    context.release(reason);
    events.emit("released", () => ({ job: context.job }));
  };

  const statements = createStatements({
    clock,
    random,
    logger,
    isTaking: () => lifecycle.state === "running",
    prefetch: () => auto?.wanted,
    held: deliveries.held,
    lost(held) {
      const reason = new DOMException("Job is not this worker's any more", "AbortError");
      for (const delivery of deliveries.lose(held)) release(delivery, reason);
    },
  });

  const intake = createIntake({
    take: (signal) =>
      client.take({ queues, prefetch: auto?.wanted ?? prefetch, workerId, run, signal }),
    idleTimeoutMs,
    clock,
    random,
    logger,
    received(jobs) {
      lastJobAt = clock.now();
      const cameAt = auto === undefined ? 0 : clock.monotonic();
      for (const job of jobs) {
        const delivery = deliveries.accept(job);
        if (delivery === undefined) continue;
        delivery.cameAt = cameAt;
        pool.add(delivery);
      }
      auto?.came(deliveries.size);
      surplus?.came();
    },
    asked: statements.answer,
    connected(stream, signal) {
      stranded = 0;
      statements.open(stream, signal);
      acker.tryNow();
      logger.info("Connected", { workerId, queues, prefetch });
      events.emit("connected", () => undefined);
      lifecycle.ready();
    },
    disconnected(event) {
      // The broker delivers them again, to any worker that is connected.
      dropWaiting();
      events.emit("disconnected", () => event);
    },
    refused: (error) => lifecycle.fail(error),
  });

  const lifecycle = createLifecycle({
    clock,
    open: () => intake.open(),
    async drain() {
      intake.stopTaking();
      dropWaiting();
      statements.changed();
      surplus?.stop();
      if (statements.withinMs === undefined && pool.running > 0) {
        logger.info(
          "This server cannot be told that a worker stops: it may send jobs until the last one is done",
        );
      }
      await pool.idle();
      await acker.idle();
    },
    async end() {
      surplus?.stop();
      const reason = new DOMException("Worker stopped before the job was done", "AbortError");
      for (const delivery of deliveries.running()) release(delivery, reason);
      dropWaiting();
      ending.abort(reason);
      await intake.close();
    },
  });

  const findProblem = (): string | undefined => {
    const { state } = lifecycle;
    if (state === "idle" || state === "stopped") return `Worker is ${state}`;
    if (intake.problem !== undefined) return `Cannot take jobs: ${intake.problem}`;
    if (intake.isSilent) return `Heard nothing for ${idleTimeoutMs} ms`;
    if (statements.problem !== undefined) {
      return `Cannot answer the broker: ${statements.problem}`;
    }
    if (acker.problem !== undefined) return `Broker refuses a report: ${acker.problem}`;
    return undefined;
  };

  return {
    start: lifecycle.start,
    run: lifecycle.run,
    stop: lifecycle.stop,
    kill: lifecycle.kill,
    [Symbol.asyncDispose]: () => lifecycle.stop(),
    health() {
      const problem = findProblem();
      const { running, waiting } = pool;
      return {
        healthy: problem === undefined,
        problem,
        state: lifecycle.state,
        connected: intake.isConnected,
        lastHeardAt: intake.lastHeardAt,
        lastJobAt,
        running,
        waiting,
        unreported: deliveries.unreported,
        overdue: runner.overdue,
        answersWithinMs: intake.isConnected ? statements.withinMs : undefined,
      };
    },
    on: events.on,
  };
}
