/**
 * The real SDK of OpenTelemetry, without its globals: tests of one process do not meet.
 *
 * @module
 */

import * as otel from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { MetricsApi, TraceApi } from "../../src/telemetry/mod.ts";

/** What an application has set up, and what it has seen so far. */
export interface Sdk {
  readonly api: TraceApi & MetricsApi;
  /** The spans that have ended, in that order. */
  spans(): readonly ReadableSpan[];
  /** Collects: the points of each instrument, by its name. */
  points(): Promise<
    ReadonlyMap<string, { readonly attributes: Record<string, unknown>; readonly value: unknown }[]>
  >;
  close(): Promise<void>;
}

/** Sets up what keeps spans and metrics in memory. */
export function openSdk(): Sdk {
  const kept = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept)] });
  const contexts = new AsyncLocalStorageContextManager().enable();
  const propagator = new W3CTraceContextPropagator();
  const collected = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: collected,
    exportIntervalMillis: 3_600_000,
  });
  const meters = new MeterProvider({ readers: [reader] });
  const api: TraceApi & MetricsApi = {
    context: {
      active: () => contexts.active(),
      with: (context, work) => contexts.with(context, work),
    },
    trace: {
      getTracer: (name, version) => tracers.getTracer(name, version),
      setSpan: otel.trace.setSpan,
      getSpanContext: otel.trace.getSpanContext,
    },
    propagation: {
      inject: (context, carrier) => propagator.inject(context, carrier, otel.defaultTextMapSetter),
      extract: (context, carrier) =>
        propagator.extract(context, carrier, otel.defaultTextMapGetter),
    },
    metrics: { getMeter: (name, version) => meters.getMeter(name, version) },
  };
  return {
    api,
    spans: () => kept.getFinishedSpans(),
    async points() {
      collected.reset();
      await reader.forceFlush();
      const scopes = collected.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
      return new Map(
        scopes.flatMap(({ metrics }) => metrics).map((
          { descriptor, dataPoints },
        ) => [descriptor.name, dataPoints]),
      );
    },
    async close() {
      contexts.disable();
      await tracers.shutdown();
      await meters.shutdown();
    },
  };
}
