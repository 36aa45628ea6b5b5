/**
 * A span for each call over HTTP that a worker of requests makes, after the conventions for HTTP clients.
 *
 * @module
 */

import { systemClock } from "../async/clock.ts";
import type { JobMeta } from "../protocol/meta.ts";
import { version } from "../version.ts";
import type { MetricsApi, TelemetryAttributes, TelemetrySpan, TraceApi } from "./telemetry-api.ts";
import { createTracing, scopeName, spanKind, statusOfError } from "./tracing.ts";

/** A call, as the `tracing` of `createHttpWorker` is told of it. */
export interface TracedHttpCall {
  /** The id of the request that it belongs to. */
  readonly requestId: string;
  /** The method, in upper case. */
  readonly method: string;
  /** The address, without secrets. */
  readonly url: string;
  /** How many calls were made before for this request, by this run of its job. */
  readonly resends: number;
  /** What goes with the job of the request. */
  readonly meta: JobMeta | undefined;
}

/** How such a call ended. */
export interface TracedHttpEnd {
  /** The status of the answer, if it came that far. */
  readonly status?: number | undefined;
  /** What went wrong. */
  readonly failure?: {
    readonly kind: string;
    readonly code?: string | undefined;
    readonly message: string;
  } | undefined;
}

/** What the `tracing` of `createHttpWorker`, `handleHttpRequests` and `inline` takes. */
export interface HttpCallTracer {
  /** Begins a span: gives the headers that go along, and what is told the end. */
  call(event: TracedHttpCall): {
    readonly headers: Readonly<Record<string, string>>;
    end(how: TracedHttpEnd): void;
  };
  /** What goes with the job of a callback: the context of the span that is active. */
  meta(): JobMeta;
}

/** The methods that the conventions know; another one is `_OTHER`, so that nobody makes values without end. */
const knownMethods: ReadonlySet<string> = new Set(
  "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE".split(" "),
);

/** The bounds of the conventions, in s, and those of calls that last: what is asked here is often a model that thinks. */
const bounds = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  ...[30, 60, 120, 300, 600],
];

/**
 * Makes a span of kind `client` of each call that a worker of requests makes: the request itself, each redirect that it follows, and each
 * repetition, with its `http.request.resend_count`. Its context goes along as headers, so that the server is within it. The span ends when
 * the body was read. Addresses are shown without secrets.
 *
 * Within the `traceJobs` of the worker's `middleware`, calls are within the run of their request, and the job of the callback gets the context of that run:
 * the run of the callback is linked to it. Without, calls belong to the trace that the request was enqueued in.
 *
 * If the API has `metrics`, the histogram `http.client.request.duration` (in seconds) is recorded too.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @returns What the `tracing` of `createHttpWorker`, `handleHttpRequests` and `inline` takes.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient } from "@millrace/millrace/client";
 * import { createHttpWorker } from "@millrace/millrace/offload";
 * import { meterHttp, traceHttp, traceJobs } from "@millrace/millrace/opentelemetry";
 *
 * const worker = createHttpWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   middleware: [traceJobs(otel, { relation: "child" })],
 *   tracing: traceHttp(otel),
 * });
 * const end = meterHttp(otel, worker);
 * end();
 * ```
 */
export function traceHttp(api: TraceApi & Partial<MetricsApi>): HttpCallTracer {
  const tracing = createTracing(api);
  const duration = api.metrics?.getMeter(scopeName, version).createHistogram(
    "http.client.request.duration",
    {
      unit: "s",
      description: "Duration of HTTP client requests",
      advice: { explicitBucketBoundaries: bounds },
    },
  );
  return {
    call({ requestId, method, url, resends, meta }) {
      const startedAt = systemClock.monotonic();
      const isKnown = knownMethods.has(method);
      const attributes: TelemetryAttributes = {
        "http.request.method": isKnown ? method : "_OTHER",
        ...toServer(url),
      };
      const active = tracing.active();
      const isWithin = tracing.spanOf(active) !== undefined || meta === undefined;
      const outer = isWithin ? active : tracing.fromMeta(active, meta);
      const span = tracing.start(isKnown ? method : "HTTP", {
        kind: spanKind.client,
        attributes: {
          ...attributes,
          "url.full": url,
          "millrace.http.request.id": requestId,
          ...isKnown ? {} : { "http.request.method_original": method },
          ...resends === 0 ? {} : { "http.request.resend_count": resends },
        },
      }, outer);
      return {
        headers: tracing.toMeta(tracing.within(outer, span)),
        end(how) {
          const came = tell(span, how);
          span.end();
          duration?.record((systemClock.monotonic() - startedAt) / 1000, {
            ...attributes,
            ...came,
          });
        },
      };
    },
    meta() {
      const active = tracing.active();
      return tracing.spanOf(active) === undefined ? {} : tracing.toMeta(active);
    },
  };
}

/** Which server is asked. */
function toServer(url: string): TelemetryAttributes {
  const { hostname, port, protocol } = new URL(url);
  return {
    "server.address": hostname.replace(/^\[(.*)\]$/, "$1"),
    "server.port": port === "" ? protocol === "https:" ? 443 : 80 : Number(port),
  };
}

/** Says of a span how its call ended; gives what a metric says of it. */
function tell(span: TelemetrySpan, { status, failure }: TracedHttpEnd): TelemetryAttributes {
  const came: TelemetryAttributes = {};
  if (status !== undefined) came["http.response.status_code"] = status;
  if (failure !== undefined) came["error.type"] = failure.code ?? failure.kind;
  else if (status !== undefined && status >= 400) came["error.type"] = String(status);
  for (const [name, value] of Object.entries(came)) span.setAttribute(name, value);
  if (came["error.type"] !== undefined) {
    span.setStatus({
      code: statusOfError,
      ...failure === undefined ? {} : { message: failure.message },
    });
  }
  return came;
}
