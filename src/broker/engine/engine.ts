/**
 * The broker without HTTP: each operation of the protocol as a transition. What a commit changed is applied in one place.
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import type { Change, ConfigChange } from "../../store/changes.ts";
import { forgetEmptyCounts, isCounted } from "../../store/counts.ts";
import type { Database } from "../../store/database.ts";
import {
  createExpressions,
  type Expressions,
  type PayloadFilter,
} from "../../store/expressions.ts";
import { listQueueSettings, recountInFlight } from "../../store/queue-settings.ts";
import { createStore } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import { createAdmission } from "./admission.ts";
import { type BudgetOperations, createBudgetOperations } from "./budgets.ts";
import { type ConfigOperations, createConfigOperations } from "./config.ts";
import { createCounting } from "./counting.ts";
import { createCronOperations, type CronOperations } from "./crons.ts";
import { createDispatcher } from "./dispatch.ts";
import { createEventLog } from "./event-log.ts";
import { createEventHub, type EventHub } from "./events.ts";
import { createEndOperations, type EndOperations } from "./ends.ts";
import { createEnqueueing, type Enqueueing } from "./enqueueing.ts";
import * as due from "./due-sources.ts";
import { createGates } from "./gates.ts";
import { createJobReading, type JobReading } from "./job-reading.ts";
import { createExpecting } from "./expecting.ts";
import { createForgetting } from "./forgetting.ts";
import { followKeys } from "./follow-keys.ts";
import { createIdentities } from "./ids.ts";
import { createInsight, type Insight } from "./insight.ts";
import { writeKept } from "./kept.ts";
import { createLinking, type Linking } from "./linking.ts";
import { createLeaseOperations, type LeaseOperations } from "./leases.ts";
import { createListing, type Listing } from "./listing.ts";
import { createMovement, type Movement } from "./movement.ts";
import type { Subscriber } from "./member.ts";
import { createOutboxOperations } from "./outbox.ts";
import { createPreparing } from "./preparing.ts";
import { createPayloadOperations, type PayloadOperations } from "./payloads.ts";
import { createPatching, type Patching } from "./patching.ts";
import { createPresence } from "./presence.ts";
import { createQueueControl, type QueueControl } from "./queue-control.ts";
import { createReports, type Reports } from "./reports.ts";
import { createRemoving, type Removing } from "./removing.ts";
import { createReset } from "./resetting.ts";
import { createScheduler } from "./scheduler.ts";
import { createSearching } from "./searching.ts";
import type { Settings } from "./settings.ts";
import { createSettling } from "./settling.ts";
import { createSharing } from "./sharing.ts";
import { createSteering } from "./steering.ts";
import type { Subscription } from "./subscription.ts";
import { createTagOperations, type TagOperations } from "./tags.ts";
import { createTrackingOperations, type TrackingOperations } from "./tracking.ts";

/** What the engine runs on. */
export interface EngineOptions {
  readonly database: Database;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Asks the database for its time, by which the clock goes. */
  readonly synchronize?: (() => Promise<void>) | undefined;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether timers run due work; if not, the caller has to call `runDue`. */
  readonly timers: boolean;
}

/** The operations behind the endpoints. Each resolves when its change is durable. */
export interface Engine {
  /** Opens the database, gives back what a crash left in flight, then looks for due work. Call before all else. */
  start(): Promise<void>;
  /** Ends the take streams, gives their jobs back, arms no more timers. The database stays open. */
  stop(): Promise<void>;
  /** Commits what was asked for, and closes the database. */
  close(): Promise<void>;
  /** Resolves when a commit succeeded; rejects with the error if it failed. */
  checkStore(): Promise<void>;
  /** When work becomes due next, in ms since the epoch; undefined when there is none. */
  nextDueAt(): number | undefined;
  /** Does all work that is due by now. */
  runDue(): Promise<void>;
  readonly enqueue: Enqueueing;
  readonly reports: Reports;
  readonly movement: Movement;
  readonly get: JobReading["get"];
  readonly list: Listing["list"];
  count(
    selection: JobSelection,
    matches?: PayloadFilter,
    signal?: AbortSignal,
  ): Promise<number>;
  queues(): Promise<readonly string[]>;
  readonly patch: Patching["patch"];
  readonly patchMany: Patching["patchMany"];
  readonly ends: EndOperations;
  readonly remove: Removing["one"];
  readonly removeMany: Removing["many"];
  readonly errors: JobReading["errors"];
  readonly error: JobReading["error"];
  /** Deletes all cron groups, jobs, budgets, keys of calls, settings of queues, statistics, workers, payloads and the outbox. */
  reset(): Promise<void>;
  readonly expressions: Expressions;
  readonly budgets: BudgetOperations;
  readonly tags: TagOperations;
  readonly tracking: TrackingOperations;
  readonly events: Pick<EventHub, "listen" | "prepare">;
  readonly crons: CronOperations;
  readonly links: Linking;
  readonly leases: LeaseOperations;
  readonly queueControl: QueueControl;
  readonly insight: Insight;
  readonly config: ConfigOperations;
  readonly payloads: PayloadOperations;
  /** Adds a take stream. */
  take(subscriber: Subscriber): Subscription;
  /** The run of a worker lives. */
  noticeWorker(run: string): void;
  /**
   * The run of a worker says what it does and holds.
   *
   * @returns The ids of those that it holds and that are not its any more; undefined if it has no take stream.
   */
  tell(run: string, statement: WorkerStatement): Promise<readonly string[]> | undefined;
}

/** Creates an engine on a database that is not open yet. */
export function createEngine(
  { database, settings, clock, synchronize = () => Promise.resolve(), random, logger, timers }:
    EngineOptions,
): Engine {
  const identities = createIdentities(clock, random);
  const maxPayloadBytes = Math.min(settings.maxPayloadBytes, settings.maxBodyBytes);
  const expressions = createExpressions({ ...settings, maxPayloadBytes, now: clock.now });
  const admission = createAdmission({
    expressions,
    maxPayloadBytes,
    recordsAll: settings.history === "all",
    identities,
    clock,
  });
  const store = createStore({
    database,
    clock,
    alongside: (changes) => dispatcher.claimAlongside(changes),
    abandoned: () => dispatcher.abandonAlongside(),
    beforeCommit: (changes) =>
      writeKept(changes, { clock, settings, gates, events, log, endings: ends.endings }),
    afterCommit: (changes) => applyChanges(changes),
  });
  const config = createConfigOperations({ store, settings, logger });
  const gates = createGates(store.isShared);
  const quiet = new Set<string>();
  const releaseTerms = () => ({
    now: clock.now(),
    defaults: settings,
    maxDeliveries: settings.maxDeliveries,
  });
  const lost = () => dispatcher.endAll();
  const registered = () => dispatcher.restart();
  const terms = { lost, registered, releaseTerms };
  const presence = createPresence({ store, clock, synchronize, logger, ...terms });
  const dispatcher = createDispatcher({
    store,
    clock,
    logger,
    gates,
    quiet,
    limits: settings,
    releaseTerms,
    broker: presence.id,
    others: () => news,
    expectOpening: (at) => scheduler.expectAt(budgetOpening, at),
  });
  const steering = createSteering({ store, clock, quiet, dispatcher, others: () => news });
  const workerOf = (id: string) => dispatcher.takenJob(id)?.member?.subscriber.worker;
  const log = store.isShared
    ? createEventLog({ store, clock, random, logger, others: () => news, workerOf })
    : undefined;
  const { maxEventListeners: maxListeners } = settings;
  const events = createEventHub({ clock, random, maxListeners, workerOf, log });
  const crons = createCronOperations({ store, clock, settings, logger, expressions, admission });
  const promotion = due.createPromotion(store);
  const reaping = due.createReaping(store, settings);
  const trimming = due.createTrimming({ store, clock, settings });
  const budgetOpening = due.createBudgetOpening({ store, logger, dispatcher });
  const leases = createLeaseOperations({
    store,
    clock,
    settings,
    gates,
    dispatcher,
    async catchUp() {
      for (const source of [leases.source, promotion]) await scheduler.catchUp(source);
    },
    seen: (worker) => insight.seen(worker),
    asked: (worker, queues) => insight.serving.asked(worker, queues),
  });
  const forgetting = createForgetting(store, settings.idempotencyMs, clock);
  const settling = createSettling({
    store,
    terms: releaseTerms,
    isDue: () => scheduler.expectAt(settling, 0),
  });
  const outbox = createOutboxOperations({ store, logger, admission, settings, expressions });
  const insight = createInsight({
    store,
    clock,
    timers,
    logger,
    settings,
    outbox,
    subscribers: dispatcher.subscribers,
    quiet,
    steering,
    broker: presence.id,
    writeOthers: () => news.ask("write"),
    expectAt: (source, at) => scheduler.expectAt(source, at),
  });
  const searching = createSearching({ store, clock, maxSearches: settings.maxSearches });
  const ends = createEndOperations({
    store,
    clock,
    terms: releaseTerms,
    searching,
    dispatcher,
    wanted: (ids) => news.watch(ids),
  });
  const forcing = ends.cancelling.source;
  const payloads = createPayloadOperations({
    store,
    clock,
    settings,
    expect: (at) => scheduler.expectAt(payloads.source, at),
  });
  const counting = createCounting({ store, clock });
  const news = createSharing({
    database,
    store,
    clock,
    random,
    logger,
    gates,
    presence,
    dispatcher,
    endings: ends.endings,
    counting,
    config,
    identities,
    insight,
    steering,
    log,
    applyConfig: (change) => applyConfig(change),
    expectAt: (source, at) => scheduler.expectAt(source, at),
    work: {
      promotion,
      settling,
      crons: crons.source,
      leases: leases.source,
      cancellations: forcing,
      outbox: outbox.source,
    },
    upkeep: [reaping, trimming],
  });
  const sources = [
    promotion,
    settling,
    leases.source,
    forcing,
    reaping,
    trimming,
    forgetting,
    crons.source,
    budgetOpening,
    ...insight.sources,
    presence.source,
    payloads.source,
    outbox.source,
    news.source,
  ];
  const scheduler = createScheduler({ sources, clock, logger, timers });

  const expectDue = createExpecting({
    clock,
    settings,
    expectAt: scheduler.expectAt,
    sources: {
      promotion,
      settling,
      crons: crons.source,
      leases: leases.source,
      cancellations: forcing,
      reaping,
      trimming,
    },
  });

  /** Applies what a commit changed: due times here, subscribers in the dispatcher. */
  const applyChanges = (changes: readonly Change[]) => {
    for (const change of changes) {
      if (change.kind === "config") applyConfig(change);
      else expectDue(change);
    }
    news.add(changes);
    insight.add(changes);
    ends.endings.applyChanges(changes);
    events.publish(changes); // Before it is forgotten who had the jobs.
    dispatcher.applyChanges(changes);
  };

  const applyConfig = (change: ConfigChange) => {
    config.apply(change);
    // Their times follow from settings, and they look again at what there is.
    for (const source of [reaping, trimming, ...insight.sources]) {
      scheduler.expectAt(source, clock.now());
    }
  };

  const prepare = createPreparing({ clock, settings, expressions, admission });
  const { takenJob } = dispatcher;
  const reports = createReports({ store, clock, random, settings, takenJob, prepare });
  const removing = createRemoving({ store, searching, settling, terms: releaseTerms });
  const keyed = (now: number) => {
    const dueAt = forgetting.dueAfter(now);
    if (dueAt !== undefined) scheduler.expectAt(forgetting, dueAt);
  };
  const enqueue = createEnqueueing({ store, prepare, keyed });
  const listing = createListing({ store, clock, searching, maxPageBytes: settings.maxPageBytes });

  return {
    async start() {
      await store.open();
      await synchronize();
      await followKeys({ store, identities, logger });
      await store.write(forgetEmptyCounts);
      await config.load();
      await steering.load();
      for (const settings of await store.read(listQueueSettings())) gates.set(settings);
      if (!store.isShared) await store.write(recountInFlight);
      await presence.start();
      if (store.isShared) identities.shareWith(presence.id());
      else await leases.adopt();
      await news.start();
      await dispatcher.begin();
      dispatcher.reload(await counting.backlogs());
      await scheduler.start();
    },
    async stop() {
      await scheduler.stop();
      await dispatcher.stop();
      await news.stop();
      events.stop();
      ends.endings.stop();
      await insight.stop();
      await presence.stop();
    },
    close: () => store.close(),
    checkStore: () => store.check(),
    nextDueAt: scheduler.nextDueAt,
    runDue: scheduler.runDue,
    enqueue,
    reports,
    movement: createMovement({ store, clock, settings, admission, expressions, keyed }),
    list: listing.list,
    count: (selection, matches, signal) =>
      matches === undefined && isCounted(selection)
        ? counting.count(selection)
        : searching.count(selection, matches, signal),
    queues: counting.queues,
    ...createPatching({ store, clock, searching }),
    ends,
    remove: removing.one,
    removeMany: removing.many,
    ...createJobReading({ store, clock }),
    reset: createReset({ store, crons, removing, others: [insight, payloads, outbox] }),
    expressions,
    crons,
    links: createLinking({ store, clock }),
    leases,
    queueControl: createQueueControl({ store, clock, terms: releaseTerms }),
    config,
    payloads,
    budgets: createBudgetOperations({ store, clock, settings, piecesOf: searching.pieces }),
    tags: createTagOperations({ store, clock, listPlaced: listing.listPlaced }),
    tracking: createTrackingOperations({ store, clock, listPlaced: listing.listPlaced }),
    events,
    insight,
    take: (subscriber) => insight.watch(subscriber, dispatcher.subscribe),
    noticeWorker: dispatcher.notice,
    tell: news.tell,
  };
}
