/**
 * What a worker does, in numbers.
 *
 * @module
 */

import { systemClock } from "../async/clock.ts";
import type { Job } from "../protocol/job.ts";
import type { WorkerEvents } from "../worker/events.ts";
import type { Worker } from "../worker/worker.ts";
import { version } from "../version.ts";
import type { MetricsApi, TelemetryInstrument, TelemetryMeter } from "./telemetry-api.ts";
import { describe, scopeName } from "./tracing.ts";

/**
 * Measures what a worker does, from now on. Durations are in seconds, as OpenTelemetry wants them.
 *
 * | Instrument                           | Kind      | What                                                                          |
 * | ------------------------------------ | --------- | ----------------------------------------------------------------------------- |
 * | `messaging.process.duration`         | histogram | how long handlers ran; `millrace.outcome` is what became of the job           |
 * | `messaging.client.consumed.messages` | counter   | runs that were reported, by the same                                          |
 * | `millrace.job.wait.duration`         | histogram | from when a job was ready to when it was taken, by the broker's clock         |
 * | `millrace.job.report.duration`       | histogram | from the end of a handler to the broker's answer                              |
 * | `millrace.worker.jobs.running`       | gauge     | handlers that run                                                             |
 * | `millrace.worker.jobs.waiting`       | gauge     | jobs that wait at the worker                                                  |
 * | `millrace.worker.blocked.duration`   | histogram | for how long the event loop was held, where that was dangerous                |
 *
 * All but the last three have the attributes `messaging.destination.name` (the queue), `millrace.job.type` and
 * `messaging.system`. A worker that is not measured has no listeners, and pays nothing.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @param worker The worker.
 * @returns The function that ends it.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { meterWorker } from "@millrace/millrace/opentelemetry";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 * const worker = createWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   handlers: [handle(greet, ({ name }) => console.log(`Hello ${name}`))],
 * });
 * const end = meterWorker(otel, worker);
 * end();
 * ```
 */
export function meterWorker(
  { metrics }: MetricsApi,
  worker: Pick<Worker, "on" | "health">,
): () => void {
  const meter = metrics.getMeter(scopeName, version);
  const run = meter.createHistogram("messaging.process.duration", {
    unit: "s",
    description: "How long handlers ran",
  });
  const consumed = meter.createCounter("messaging.client.consumed.messages", {
    unit: "{message}",
    description: "Runs of jobs that were reported",
  });
  const wait = meter.createHistogram("millrace.job.wait.duration", {
    unit: "s",
    description: "From when a job was ready to when it was taken",
  });
  const report = meter.createHistogram("millrace.job.report.duration", {
    unit: "s",
    description: "From the end of a handler to the broker's answer",
  });
  const blocked = meter.createHistogram("millrace.worker.blocked.duration", {
    unit: "s",
    description: "For how long the event loop was held",
  });
  /** When the handlers of jobs that are not reported yet came to an end, in ms. */
  const ended = new WeakMap<Job, number>();
  const noteEnd = ({ job }: { readonly job: Job }) => void ended.set(job, systemClock.monotonic());

  const on = <Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents[Name]) => void,
  ) => worker.on(name, listener);
  const ends = [
    on("started", ({ job }) => {
      const { readyAt, dequeuedAt } = job;
      if (dequeuedAt === undefined) return;
      wait.record(Math.max(0, dequeuedAt - readyAt) / 1000, describe(job.queue, job.type));
    }),
    on("succeeded", noteEnd),
    on("failed", noteEnd),
    on("decided", noteEnd),
    on("reported", ({ job, durationMs, became }) => {
      const attributes = describe(job.queue, job.type);
      const withOutcome = { ...attributes, "millrace.outcome": became };
      run.record(durationMs / 1000, withOutcome);
      consumed.add(1, withOutcome);
      const endedAt = ended.get(job);
      if (endedAt !== undefined) {
        report.record((systemClock.monotonic() - endedAt) / 1000, attributes);
      }
    }),
    on("blocked", ({ blockedMs }) => blocked.record(blockedMs / 1000)),
    observe(meter, {
      name: "millrace.worker.jobs.running",
      unit: "{job}",
      description: "Handlers that run",
    }, () => worker.health().running),
    observe(meter, {
      name: "millrace.worker.jobs.waiting",
      unit: "{job}",
      description: "Jobs that wait here",
    }, () => worker.health().waiting),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Tells a number whenever metrics are collected; gives the function that ends it. */
export function observe(
  meter: TelemetryMeter,
  { name, ...about }: TelemetryInstrument & { readonly name: string },
  read: () => number,
): () => void {
  const gauge = meter.createObservableGauge(name, about);
  const callback = (observer: { observe(value: number): void }) => observer.observe(read());
  gauge.addCallback(callback);
  return () => gauge.removeCallback(callback);
}
