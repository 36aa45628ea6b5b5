/**
 * All that tells how jobs, queues and workers fare: what it makes of changes, and what it answers.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { OpenBatch } from "../../protocol/open-batch.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { Change } from "../../store/changes.ts";
import { listOpenBatches } from "../../store/open-batches.ts";
import type { Store } from "../../store/store.ts";
import { createFailureOperations, type FailureOperations } from "./failures.ts";
import { createFlowStatistics, type FlowStatistics } from "./flow.ts";
import { createHistoryOperations, type HistoryOperations } from "./history.ts";
import type { Member, Subscriber } from "./member.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { OutboxOperations } from "./outbox.ts";
import { createQueueInsight, type QueueInsight } from "./queues.ts";
import type { DueSource } from "./scheduler.ts";
import { createServing, type Serving } from "./serving.ts";
import type { Settings } from "./settings.ts";
import type { Subscription } from "./subscription.ts";
import type { Steering } from "./steering.ts";
import { createStatistics, type Statistics } from "./statistics.ts";
import { createWorkers, type Workers } from "./workers.ts";

/** What is made of changes and calls, and asked for. */
export interface Insight {
  /** A page of the batches that still take jobs in, by their keys. */
  batches(
    page: PageQuery<string>,
  ): Promise<{ readonly batches: readonly OpenBatch[]; readonly more: boolean }>;
  readonly failures: FailureOperations;
  readonly flow: Pick<FlowStatistics, "read">;
  readonly history: HistoryOperations;
  readonly queues: QueueInsight;
  readonly statistics: Pick<Statistics, "read">;
  readonly workers: Pick<Workers, "list" | "get" | "remove" | "quiet" | "resume" | "tellStop">;
  readonly serving: Pick<Serving, "asked" | "ofQueue">;
  readonly metrics: Metrics;
  /** Makes statistics of what a commit changed, and sees who took jobs. */
  add(changes: readonly Change[]): void;
  /** A worker was seen, which may have no name. */
  seen(worker: string | undefined): void;
  /** Sees the worker of a take stream while it is subscribed: now, and whenever it says something. */
  watch(
    subscriber: Subscriber,
    subscribe: (subscriber: Subscriber) => Subscription,
  ): Subscription;
  /** Writes what was gathered, for others who ask. */
  flush(): Promise<void>;
  /** Deletes statistics, and what is known of workers. */
  removeAll(): Promise<void>;
  /** Writes the rest of what was gathered. */
  stop(): Promise<void>;
  /** Look how old ready jobs are, and forget old statistics, by the day and by the minute. */
  readonly sources: readonly DueSource[];
}

/** Creates it. */
export function createInsight(
  options: {
    readonly store: Store;
    readonly clock: Clock;
    readonly timers: boolean;
    readonly logger: Logger;
    readonly settings: Settings;
    readonly outbox: Pick<OutboxOperations, "state">;
    /** Who is subscribed. */
    readonly subscribers: () => Iterable<Member>;
    /** The names of workers that get no jobs. */
    readonly quiet: ReadonlySet<string>;
    readonly steering: Steering;
    /** The row of `brokers` that stands for this broker. */
    readonly broker: () => number;
    /** Has other brokers write what they gathered; gives whether all have. */
    readonly writeOthers: () => Promise<boolean>;
    /** Told that a source is due at `at`, in ms since the epoch. */
    expectAt(source: DueSource, at: number): void;
  },
): Insight {
  const { maxPageBytes } = options.settings;
  /** Calls that come while a round is under way share the next one: what they ask for may have come after it. */
  const writeOthers = joinLater(options.writeOthers);
  const statistics = createStatistics({
    ...options,
    writeOthers,
    expectForgetting: (at) => options.expectAt(statistics.source, at),
  });
  const flow = createFlowStatistics({
    ...options,
    writeOthers,
  });
  const serving = createServing({ ...options, writeOthers });
  const workers = createWorkers({ ...options, serving, writeOthers });
  /** Those that are open. */
  const streams = new Set<Subscription>();
  const queues = createQueueInsight({ ...options, maxPageBytes });
  return {
    async batches({ limit, ...page }) {
      const found = await options.store.read(listOpenBatches({ ...page, limit: limit + 1 }));
      return { batches: found.slice(0, limit), more: found.length > limit };
    },
    failures: createFailureOperations(options),
    flow,
    history: createHistoryOperations(options),
    queues,
    statistics,
    workers,
    serving,
    metrics: createMetrics({
      ...options,
      queues,
      statistics,
      workers,
      serving,
      countStreams: () => streams.size,
    }),
    add(changes) {
      statistics.add(changes);
      flow.add(changes);
      workers.add(changes);
    },
    seen: workers.seen,
    watch(subscriber, subscribe) {
      const { worker } = subscriber;
      workers.seen(worker);
      const heard = () => {
        workers.seen(worker);
        subscriber.heard?.();
      };
      const subscription = subscribe({ ...subscriber, heard });
      streams.add(subscription);
      return {
        ...subscription,
        unsubscribe() {
          streams.delete(subscription);
          return subscription.unsubscribe();
        },
      };
    },
    async flush() {
      await Promise.all([statistics.flush(), flow.flush(), workers.flush(), serving.flush()]);
    },
    async removeAll() {
      await statistics.removeAll();
      await flow.removeAll();
      await workers.removeAll();
    },
    async stop() {
      await statistics.stop();
      await flow.stop();
      await workers.stop();
    },
    sources: [statistics.source, ...flow.sources],
  };
}

/** Runs some work, once at a time, for all that ask meanwhile. */
function joinLater<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  let next: Promise<Result> | undefined;
  const start = () => running = work().finally(() => running = undefined);
  return () => {
    if (running === undefined) return start();
    return next ??= running.then(() => {}, () => {}).then(() => {
      next = undefined;
      return start();
    });
  };
}
