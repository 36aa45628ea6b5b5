/**
 * What is used of `@opentelemetry/api`, which the application has and hands over: the library imports none of it.
 *
 * @module
 */

/** A context of OpenTelemetry: what is known of who asks. Only passed on. */
export interface TelemetryContext {
  /** What is kept in it. */
  getValue(key: symbol): unknown;
}

/** What describes a span or a value that was measured. */
export type TelemetryAttributes = Record<string, string | number | boolean>;

/** Where a span is in its trace. */
export interface TelemetrySpanContext {
  /** The trace, 32 hexadecimal digits. */
  readonly traceId: string;
  /** The span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether it is recorded, among others. */
  readonly traceFlags: number;
}

/** A span that was begun. */
export interface TelemetrySpan {
  /** Where it is. */
  spanContext(): TelemetrySpanContext;
  /** Describes it. */
  setAttribute(name: string, value: string | number | boolean): unknown;
  /** Says what came of it; `code` 2 is an error. */
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  /** Notes an error. */
  recordException(error: string | Error): void;
  /** Ends it, at `at` in ms since the epoch, or now. */
  end(at?: number): void;
}

/** How a span begins. */
export interface TelemetrySpanOptions {
  /** 0 is within a program, 2 a client, 3 a producer, 4 a consumer. */
  readonly kind?: number;
  /** What describes it. */
  readonly attributes?: TelemetryAttributes;
  /** Spans of other traces that led to it. */
  readonly links?: { readonly context: TelemetrySpanContext }[];
  /** When it began, in ms since the epoch; now if left out. */
  readonly startTime?: number;
  /** Whether it begins a trace. */
  readonly root?: boolean;
}

/** A counter. */
export interface TelemetryCounter {
  /** Counts. */
  add(value: number, attributes?: TelemetryAttributes): void;
}

/** A distribution of values. */
export interface TelemetryHistogram {
  /** Notes a value. */
  record(value: number, attributes?: TelemetryAttributes): void;
}

/** What a value that is looked at now and then is told to. */
export interface TelemetryObserver {
  /** Tells the value. */
  observe(value: number, attributes?: TelemetryAttributes): void;
}

/** A value that is looked at now and then. */
export interface TelemetryGauge {
  /** Adds who tells it. */
  addCallback(callback: (observer: TelemetryObserver) => void | Promise<void>): void;
  /** Takes it away. */
  removeCallback(callback: (observer: TelemetryObserver) => void | Promise<void>): void;
}

/** What an instrument measures. */
export interface TelemetryInstrument {
  /** What it measures, for a person. */
  readonly description?: string;
  /** Its unit, as UCUM writes it: `s` for seconds. */
  readonly unit?: string;
  /** Between which values a distribution is counted, unless the application says otherwise. */
  readonly advice?: { readonly explicitBucketBoundaries?: number[] };
}

/** What makes spans. */
export interface TelemetryTracer {
  /** Begins a span. */
  startSpan(name: string, options?: TelemetrySpanOptions, context?: never): TelemetrySpan;
}

/** What makes instruments. */
export interface TelemetryMeter {
  /** Makes a counter. */
  createCounter(name: string, about?: TelemetryInstrument): TelemetryCounter;
  /** Makes a distribution. */
  createHistogram(name: string, about?: TelemetryInstrument): TelemetryHistogram;
  /** Makes a value that is looked at. */
  createObservableGauge(name: string, about?: TelemetryInstrument): TelemetryGauge;
}

/** What is used of `@opentelemetry/api` for traces. */
export interface TraceApi {
  /** Contexts. */
  readonly context: {
    active(): TelemetryContext;
    with<Result>(context: never, work: () => Result): Result;
  };
  /** Spans. */
  readonly trace: {
    getTracer(name: string, version?: string): TelemetryTracer;
    setSpan(context: never, span: never): TelemetryContext;
    getSpanContext(context: never): TelemetrySpanContext | undefined;
  };
  /** What carries a context from one program to another. */
  readonly propagation: {
    inject(context: never, carrier: Record<string, string>): void;
    extract(context: never, carrier: Record<string, string>): TelemetryContext;
  };
}

/** What is used of `@opentelemetry/api` for metrics. */
export interface MetricsApi {
  /** Instruments. */
  readonly metrics: { getMeter(name: string, version?: string): TelemetryMeter };
}
