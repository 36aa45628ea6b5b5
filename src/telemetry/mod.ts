/**
 * Traces and metrics by OpenTelemetry: what the application has set up with `@opentelemetry/api` is handed over, and this
 * entry imports nothing of it. Who does not use it pays nothing.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient, defineJob, withMiddleware } from "@millrace/millrace/client";
 * import { meterWorker, traceEnqueues, traceJobs } from "@millrace/millrace/opentelemetry";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 * const client = withMiddleware(createClient({ url: "http://127.0.0.1:7890" }), [
 *   traceEnqueues(otel),
 * ]);
 * const worker = createWorker({
 *   client,
 *   middleware: [traceJobs(otel)],
 *   handlers: [handle(greet, ({ name }) => console.log(`Hello ${name}`))],
 * });
 * meterWorker(otel, worker);
 * ```
 *
 * @module
 */

export { type MeteredHttpEvents, type MeteredHttpWorker, meterHttp } from "./meter-http.ts";
export { meterQueues, type MeterQueuesOptions } from "./meter-queues.ts";
export { meterWorker } from "./meter-worker.ts";
export type {
  MetricsApi,
  TelemetryAttributes,
  TelemetryContext,
  TelemetryCounter,
  TelemetryGauge,
  TelemetryHistogram,
  TelemetryInstrument,
  TelemetryMeter,
  TelemetryObserver,
  TelemetrySpan,
  TelemetrySpanContext,
  TelemetrySpanOptions,
  TelemetryTracer,
  TraceApi,
} from "./telemetry-api.ts";
export { traceEnqueues } from "./trace-enqueues.ts";
export {
  type HttpCallTracer,
  type TracedHttpCall,
  type TracedHttpEnd,
  traceHttp,
} from "./trace-http.ts";
export { traceJobs, type TraceJobsOptions } from "./trace-jobs.ts";
export { withTraceIds } from "./with-trace-ids.ts";
