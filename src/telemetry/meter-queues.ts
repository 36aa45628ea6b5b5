/**
 * How many jobs wait in the queues of a broker, and for how long: what people set an alert on first.
 *
 * @module
 */

import { type Clock, toClock } from "../async/clock.ts";
import type { Client } from "../client/client.ts";
import type { InsightClient } from "../client/insight.ts";
import { type Logger, silentLogger } from "../log.ts";
import { version } from "../version.ts";
import type { MetricsApi, TelemetryObserver } from "./telemetry-api.ts";
import { scopeName } from "./tracing.ts";

/** What is asked, and of whom. */
export interface MeterQueuesOptions {
  /** What `createInsight` gives: tells how many jobs are where. */
  readonly insight: Pick<InsightClient, "queues">;
  /** What `createClient` gives: tells which ready job came first. */
  readonly client: Pick<Client, "page">;
  /**
   * The queues that are measured.
   *
   * @default {all that there are, 200 at most, in the order of their names}
   */
  readonly queues?: readonly string[] | undefined;
  /**
   * Gets told when the broker cannot be asked; there are no new values then.
   *
   * @default {silence}
   */
  readonly logger?: Logger | undefined;
  /**
   * The time, for the age of jobs.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
}

/** So many queues are measured at most: each has seven values, and their age is a call of its own. */
const mostQueues = 200;

const statuses = ["scheduled", "ready", "inFlight", "blocked", "completed", "dead"] as const;

/** Names of statuses in attributes. */
const attributeOf = { inFlight: "in_flight" } as Readonly<Record<string, string | undefined>>;

/**
 * Measures queues, each time that metrics are collected:
 *
 * - `millrace.queue.jobs`, a gauge: how many jobs a queue has, by `millrace.job.status`;
 * - `millrace.queue.age`, a gauge in seconds: for how long that ready job has been ready which was enqueued first; 0 if none is.
 *
 * One process should do it, not each: the numbers are those of the broker. Only a Millrace broker tells them.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @param options What is asked, and of whom.
 * @returns The function that ends it.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient, createInsight } from "@millrace/millrace/client";
 * import { meterQueues } from "@millrace/millrace/opentelemetry";
 *
 * const url = "http://127.0.0.1:7890";
 * const end = meterQueues(otel, { insight: createInsight({ url }), client: createClient({ url }) });
 * end();
 * ```
 */
export function meterQueues({ metrics }: MetricsApi, options: MeterQueuesOptions): () => void {
  const { insight, client, queues, logger = silentLogger } = options;
  const clock = toClock(options.clock);
  const meter = metrics.getMeter(scopeName, version);
  const jobs = meter.createObservableGauge("millrace.queue.jobs", {
    unit: "{job}",
    description: "How many jobs a queue has, by their status",
  });
  const age = meter.createObservableGauge("millrace.queue.age", {
    unit: "s",
    description: "For how long the ready job has been ready that was enqueued first",
  });

  /** Tells values; a broker that cannot be asked is no reason for others to have none. */
  const guard =
    (tell: (observer: TelemetryObserver) => Promise<void>) => (observer: TelemetryObserver) =>
      tell(observer).catch((error) => logger.warn("Cannot measure queues", { error }));

  const list = async () => {
    const found = [];
    for await (const queue of insight.queues({ limit: mostQueues })) {
      if (queues === undefined || queues.includes(queue.queue)) found.push(queue);
      if (found.length === mostQueues) break;
    }
    return found;
  };
  const tellJobs = guard(async (observer) => {
    for (const found of await list()) {
      for (const status of statuses) {
        observer.observe(found[status], {
          "messaging.destination.name": found.queue,
          "millrace.job.status": attributeOf[status] ?? status,
        });
      }
    }
  });
  const tellAge = guard(async (observer) => {
    for (const { queue, ready } of await list()) {
      const [first] = ready === 0
        ? []
        : (await client.page({ queue, status: "ready", limit: 1 })).jobs;
      const ageMs = first === undefined ? 0 : Math.max(0, clock.now() - first.readyAt);
      observer.observe(ageMs / 1000, { "messaging.destination.name": queue });
    }
  });
  jobs.addCallback(tellJobs);
  age.addCallback(tellAge);
  return () => {
    jobs.removeCallback(tellJobs);
    age.removeCallback(tellAge);
  };
}
