/**
 * One life of a worker: the intake takes jobs, they wait for room in the pool, the runner runs them, and the acker reports
 * what came of them.
 *
 * @module
 */

import { createPool } from "../async/pool.ts";
import type { Job } from "../protocol/job.ts";
import { createAcker } from "./acker.ts";
import { type AutoPrefetch, createAutoPrefetch } from "./auto-prefetch.ts";
import { createDeliveries, isWaiting } from "./deliveries.ts";
import type { Deliveries, Delivery, Held } from "./deliveries.ts";
import { createCanceller } from "./cancel-deliveries.ts";
import type { Events } from "./events.ts";
import { createIntake, type Intake } from "./intake.ts";
import { LeaseLostError } from "../errors.ts";
import { createLeased } from "./leased.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { createLoopWatch } from "./loop-watch.ts";
import type { WorkerSettings } from "./options.ts";
import { createOutage } from "./outage.ts";
import { toAcknowledgement, toGrouped } from "./report.ts";
import { createPowers } from "./powers.ts";
import { createProgress } from "./progress.ts";
import { createRetirement } from "./retirement.ts";
import { createRunner } from "./runner.ts";
import { createStatements } from "./statements.ts";
import { createStrays } from "./strays.ts";
import { createSurplus, giveBackSurplus } from "./surplus.ts";
import { createTeller } from "./teller.ts";
import { describeHealth, type WorkerHealth } from "./worker-health.ts";
import { toWorkerRun } from "./worker-run.ts";

/** A life, from the start to the end. */
export interface Session extends Lifecycle {
  /** Whether no job is here: none waits, runs, or is to be reported. */
  readonly isEmpty: boolean;
  /** Begins no more jobs; what runs goes on. */
  pause(): void;
  /** Goes on. */
  resume(): void;
  /** How it is doing. */
  health(): WorkerHealth;
}

/** What goes on around a session. */
export interface SessionOptions {
  readonly settings: WorkerSettings;
  readonly events: Events;
  /** Something came, or a report was confirmed. */
  readonly stirred?: (() => void) | undefined;
  /** Nothing is ready; told only of a worker with leases, which then asks again only when there is news. */
  readonly empty?: (() => void) | undefined;
  /** The last job that this session may run has begun. */
  readonly spent?: (() => void) | undefined;
}

/** Creates a session. */
export function createSession(options: SessionOptions): Session {
  const { settings, events, stirred, spent } = options;
  const { client, clock, random, logger, queues, prefetch, workerId, idleTimeoutMs } = settings;
  const { failureGroup, handlerLogger } = settings;
  const run = toWorkerRun(settings);
  const runner = createRunner({ ...settings, events });
  const progress = createProgress(settings, () => statements);
  const powers = createPowers({ ...settings, progress: progress.say });
  const teller = createTeller({ events, logger, clock });
  const outage = createOutage({ clock, logger, url: client.url });
  const ending = new AbortController();
  let lastJobAt: number | undefined;
  let isPaused = false;

  const acker = createAcker({
    client,
    clock,
    random,
    logger,
    outage,
    signal: ending.signal,
    acked(jobs, result) {
      const wantsAll = teller.wantsSuccesses || result.notFound.length > 0;
      deliveries.acked(jobs, result, wantsAll ? told : undefined);
      const { notFound } = result;
      events.emit("acked", () => ({ ids: jobs.map(({ id }) => id), notFound }));
      stirred?.();
      intake.tryNow();
      renewIfIdle();
    },
    refused: teller.refused,
    dropped(jobs, isReleased) {
      const again = deliveries.giveUp(jobs, ({ context }) => teller.untold(context));
      stranded += isReleased ? again : jobs.length;
      renewIfIdle();
      puller?.tryNow();
    },
  });
  const told = ({ context }: Delivery, found: boolean) => teller.told(context, succeeded, found);
  const deliveries: Deliveries = createDeliveries(acker, {
    logger: handlerLogger,
    clock,
    superseded(former) {
      const { id } = former.job;
      stray(former, leased && new LeaseLostError(`Job '${id}' came anew: its lease was over`));
    },
    freed: settings.leases && (() => intake.tryNow()),
  });
  const loop = createLoopWatch({
    logger,
    events,
    running: () => deliveries.running().map(({ job }) => job.type),
  });
  /** Running jobs that are not this worker's any more. */
  const strays = createStrays();

  /** Jobs that were given up here, and that the server counts for this stream until it ends. */
  let stranded = 0;
  /** A server that takes no job back alone gets all back, once no other job is here. */
  const renewIfIdle = () => {
    if (stranded > 0 && deliveries.size === 0) intake.renew();
  };

  const auto = settings.isAutoPrefetch ? createAutoPrefetch(prefetch, clock) : undefined;

  const pool = createPool<Delivery>(settings.concurrency, async (delivery) => {
    if (!isWaiting(delivery)) return;
    delivery.stage = "running";
    loop.began(delivery.job.type);
    if (auto !== undefined) adaptPrefetch(auto, delivery);
    retirement?.began();
    delivery.context.powers = powers;
    delivery.context.delivery = delivery;
    const report = await runner.run(delivery.context);
    strays.ended(delivery);
    const canRelease = delivery.job.deliveries !== undefined;
    let acknowledgement = toAcknowledgement(report, canRelease);
    if (failureGroup !== undefined && acknowledgement !== undefined) {
      const { job, context: { attempt } } = delivery;
      const groupOf = (error: unknown) => failureGroup({ error, job, attempt, random });
      acknowledgement = toGrouped(acknowledgement, report, { groupOf, logger });
    }
    if (acknowledgement?.kind === "success") deliveries.report(delivery, acknowledgement);
    else if (acknowledgement !== undefined) {
      deliveries.report(
        delivery,
        acknowledgement,
        (answer, refused = report) => teller.told(delivery.context, refused, answer),
      );
    }
    retirement?.ended();
  });

  /** Comes to the end of this life, however long its jobs take. */
  const retire = (reason: string) => {
    if (lifecycle.state !== "running") return;
    if (spent !== undefined) return spent();
    logger.info("Retires", { reason });
    events.emit("retired", () => ({ reason }));
    void lifecycle.stop({ timeoutMs: Infinity });
  };
  const retirement = createRetirement(settings, retire);

  /** A broker that does not listen cannot be told another number. */
  const adaptPrefetch = (auto: AutoPrefetch, { cameAt }: Delivery) => {
    if (statements.withinMs === undefined) return;
    if (auto.began(clock.monotonic() - cameAt)) statements.changed();
  };

  const surplus = auto && createSurplus({
    clock,
    pool,
    kept: settings.concurrency,
    giveBack: (surplus) =>
      giveBackSurplus(surplus.filter(isWaiting), {
        client,
        auto,
        statements,
        deliveries,
        pool,
        signal: ending.signal,
        logger,
      }),
  });

  /** Whoever has a lease must say that it is not wanted; a stream says so by its end. */
  const leased = settings.leases && createLeased({
    settings,
    leases: settings.leases,
    deliveries,
    outage,
    signal: ending.signal,
    late: loop.lateForLease,
    lost(delivery, error) {
      abandon([{ delivery, number: delivery.job.deliveries! }], error);
      intake.tryNow();
    },
    cancelled: (delivery, reason) => canceller.cancel(delivery, reason),
  });

  const dropWaiting = () => {
    const waiting = pool.clear().filter(isWaiting);
    if (leased !== undefined) leased.giveBack(waiting);
    else deliveries.drop(waiting);
  };

  const release = ({ context }: Delivery, reason: DOMException) => {
    context.release(reason);
    const { job, attempt } = context;
    events.emit("released", () => ({ job, attempt }));
  };

  /** This one runs, and is not this worker's any more. */
  const stray = (delivery: Delivery, error?: LeaseLostError) => {
    strays.add(delivery);
    if (error === undefined) {
      return release(delivery, new DOMException("Job is not this worker's any more", "AbortError"));
    }
    const { context } = delivery;
    const { job, attempt } = context;
    context.release(error);
    teller.lost(context, error);
    events.emit("leaseLost", () => ({ job, attempt, error }));
  };

  /** These were taken from this worker, or are over. */
  const abandon = (held: readonly Held[], error?: LeaseLostError) => {
    for (const delivery of deliveries.lose(held)) stray(delivery, error);
  };

  const canceller = createCanceller({ deliveries, events, teller });

  const statements = createStatements({
    clock,
    random,
    logger,
    isTaking: () => lifecycle.state === "running" && !isPaused,
    prefetch: () => auto?.wanted,
    held: deliveries.held,
    progress: progress.take,
    lost: (held) => abandon(held),
  });

  const received = (jobs: readonly Job[]) => {
    lastJobAt = clock.now();
    stirred?.();
    // Under way when the broker was told: it knows that they were not taken.
    if (isPaused && statements.withinMs !== undefined) return;
    const cameAt = auto === undefined ? 0 : clock.monotonic();
    for (const job of jobs) {
      const delivery = deliveries.accept(job);
      if (delivery === undefined) continue;
      delivery.cameAt = cameAt;
      leased?.took(delivery);
      // A job that is run anew does not wait for its former run.
      const former = strays.replace(job.id);
      if (former !== undefined) pool.letGo(former);
      pool.add(delivery);
    }
    auto?.came(deliveries.size);
    surplus?.came();
  };

  const connected = () => {
    acker.tryNow();
    outage.connected({ workerId, queues, prefetch });
    events.emit("connected", () => undefined);
    stirred?.();
    lifecycle.ready();
  };

  const openIntake = () =>
    createIntake({
      take: (signal) =>
        client.take({ queues, prefetch: auto?.wanted ?? prefetch, workerId, run, signal }),
      idleTimeoutMs,
      clock,
      random,
      logger,
      outage,
      late: (lateMs) => loop.lateForBroker(lateMs, statements.withinMs),
      received,
      asked(ask) {
        if (isPaused) dropWaiting();
        statements.answer(ask);
      },
      connected(stream, signal) {
        stranded = 0;
        deliveries.opened();
        statements.open(stream, signal);
        connected();
      },
      lost(ids) {
        const lost = new Set(ids);
        abandon(deliveries.held().filter(({ delivery }) => lost.has(delivery.job.id)));
      },
      cancelled: canceller.cancelAll,
      stop: () => retire("Told to stop"),
      disconnected(event) {
        // The broker delivers them again, to any worker that is connected.
        dropWaiting();
        events.emit("disconnected", () => event);
      },
      refused: (error) => lifecycle.fail(error),
    });

  const puller = leased?.createPuller({
    received(jobs) {
      received(jobs);
      // They were under way.
      if (isPaused || lifecycle.state !== "running") dropWaiting();
    },
    room() {
      if (isPaused || lifecycle.state !== "running") return 0;
      const mostMore = (retirement?.left ?? Infinity) - pool.waiting;
      return Math.min(prefetch - deliveries.size, mostMore);
    },
    connected,
    disconnected: (event) => events.emit("disconnected", () => event),
    refused: (error) => lifecycle.fail(error),
    empty: options.empty,
  });
  const intake: Intake = puller ?? openIntake();

  const lifecycle = createLifecycle({
    clock,
    open: () => intake.open(),
    async drain() {
      intake.stopTaking();
      dropWaiting();
      statements.changed();
      surplus?.stop();
      if (leased === undefined && statements.withinMs === undefined && pool.running > 0) {
        logger.info(
          "This server cannot be told that a worker stops: it may send jobs until the last one is done",
        );
      }
      await pool.idle();
      await acker.idle();
      await leased?.idle();
    },
    async end() {
      surplus?.stop();
      progress.stop();
      const reason = new DOMException("Worker stopped before the job was done", "AbortError");
      const running = deliveries.running();
      for (const delivery of running) release(delivery, reason);
      dropWaiting();
      leased?.giveBack(running);
      ending.abort(reason);
      await intake.close();
      await leased?.stop();
      teller.flush();
    },
  });

  return {
    ...lifecycle,
    get state() {
      return lifecycle.state;
    },
    get isEmpty() {
      return deliveries.size === 0;
    },
    pause() {
      if (isPaused) return;
      isPaused = true;
      pool.pause();
      // Who does not listen cannot be told that they are free: they wait here.
      if (statements.withinMs !== undefined || leased !== undefined) dropWaiting();
      statements.changed();
      puller?.interrupt();
    },
    resume() {
      if (!isPaused) return;
      isPaused = false;
      pool.resume();
      statements.changed();
      puller?.interrupt();
    },
    health: () =>
      describeHealth({
        settings,
        intake,
        outage,
        pool,
        deliveries,
        runner,
        statements,
        acker,
        leased,
        state: lifecycle.state,
        isPaused,
        lastJobAt,
        lost: strays.size,
      }),
  };
}

const succeeded = { kind: "succeeded" } as const;
