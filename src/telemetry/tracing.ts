/**
 * Spans as OpenTelemetry wants them, made by what the application hands over.
 *
 * @module
 */

import type { JobMeta } from "../protocol/meta.ts";
import { version } from "../version.ts";
import type {
  TelemetryContext,
  TelemetrySpan,
  TelemetrySpanContext,
  TelemetrySpanOptions,
  TraceApi,
} from "./telemetry-api.ts";

/** The name by which the library is known to OpenTelemetry. */
export const scopeName = "millrace";

/** Kinds of spans, by the numbers of OpenTelemetry. */
export const spanKind = { internal: 0, client: 2, producer: 3, consumer: 4 } as const;

/** The status of a span that tells of an error, by the number of OpenTelemetry. */
export const statusOfError = 2;

/** What is said of a job in every span and metric about it, after the conventions for messaging. */
export function describe(queue: string, type: string): Record<string, string> {
  return {
    "messaging.system": "millrace",
    "messaging.destination.name": queue,
    "millrace.job.type": type,
  };
}

/** Spans and contexts, with the types that the application's own API has for them. */
export interface Tracing {
  /** The context that the caller is in. */
  active(): TelemetryContext;
  /** Begins a span, within a context or by itself. */
  start(name: string, options: TelemetrySpanOptions, within?: TelemetryContext): TelemetrySpan;
  /** The context of what happens within a span. */
  within(context: TelemetryContext, span: TelemetrySpan): TelemetryContext;
  /** Does work in a context. */
  run<Result>(context: TelemetryContext, work: () => Result): Result;
  /** The span of a context. */
  spanOf(context: TelemetryContext): TelemetrySpanContext | undefined;
  /** What goes with a job, so that who runs it finds the context. */
  toMeta(context: TelemetryContext): JobMeta;
  /** The context that went with a job. */
  fromMeta(context: TelemetryContext, meta: JobMeta): TelemetryContext;
}

/** How long a text that goes with a job may be, in characters; a propagator may want more, and then nothing of it goes. */
const longestValue = 1000;

/** Creates spans from the API that the application has. */
export function createTracing({ context, trace, propagation }: TraceApi): Tracing {
  // Asked for once: until the application has set its tracing up, the API gives one that waits for it.
  const tracer = trace.getTracer(scopeName, version);
  return {
    active: () => context.active(),
    start: (name, options, within) => tracer.startSpan(name, options, within as never),
    within: (outer, span) => trace.setSpan(outer as never, span as never),
    run: (inner, work) => context.with(inner as never, work),
    spanOf: (of) => trace.getSpanContext(of as never),
    toMeta(from) {
      const carrier: Record<string, string> = {};
      propagation.inject(from as never, carrier);
      for (const [name, { length }] of Object.entries(carrier)) {
        if (length > longestValue) delete carrier[name];
      }
      return carrier;
    },
    fromMeta: (outer, meta) => propagation.extract(outer as never, { ...meta }),
  };
}

/** Says of a span that it failed. */
export function fail(span: TelemetrySpan, error: unknown): void {
  const told = error instanceof Error ? error : String(error);
  span.recordException(told);
  span.setAttribute("error.type", error instanceof Error ? error.name : "_OTHER");
  span.setStatus({
    code: statusOfError,
    message: error instanceof Error ? error.message : told as string,
  });
}
