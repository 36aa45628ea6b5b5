/**
 * What a worker of requests over HTTP does, in numbers.
 *
 * @module
 */

import { version } from "../version.ts";
import { observe } from "./meter-worker.ts";
import type { MetricsApi } from "./telemetry-api.ts";
import { scopeName } from "./tracing.ts";

/** The events of a worker of requests that are counted. */
export interface MeteredHttpEvents {
  /** A try of a request is over. */
  readonly requestEnd: { readonly outcome: string; readonly durationMs: number };
  /** A request has an answer. */
  readonly completed: { readonly status: number };
  /** A request has no answer. */
  readonly failed: { readonly kind: string };
  /** A request waits for others to its origin. */
  readonly capacity: unknown;
  /** A request is sent again whose worker was lost. */
  readonly recovered: unknown;
}

/** What is needed of `createHttpWorker`'s worker. */
export interface MeteredHttpWorker {
  /** Listens to its events. */
  on<Name extends keyof MeteredHttpEvents>(
    name: Name,
    listener: (event: MeteredHttpEvents[Name]) => void,
  ): () => void;
  /** Tells what it does. */
  stats(): { readonly inFlight: number; readonly callbacks: number };
}

/**
 * Measures a worker of requests, from now on.
 *
 * | Instrument                       | Kind      | What                                                                                       |
 * | -------------------------------- | --------- | ------------------------------------------------------------------------------------------ |
 * | `millrace.http.try.duration`     | histogram | how long tries took, redirects and all, in s; `millrace.outcome` is what became of each    |
 * | `millrace.http.requests`         | counter   | requests that came to their end: `http.response.status_code`, or `error.type`              |
 * | `millrace.http.requests.delayed` | counter   | times that a request waited for others to its origin                                       |
 * | `millrace.http.recoveries`       | counter   | requests that are sent again because their worker was lost                                 |
 * | `millrace.http.requests.active`  | gauge     | requests under way                                                                         |
 * | `millrace.http.callbacks.active` | gauge     | callbacks that run                                                                         |
 *
 * How long single calls take, by server, is told by {@linkcode traceHttp}.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @param worker The worker, from `createHttpWorker`.
 * @returns The function that ends it.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient } from "@millrace/millrace/client";
 * import { createHttpWorker } from "@millrace/millrace/offload";
 * import { meterHttp } from "@millrace/millrace/opentelemetry";
 *
 * const worker = createHttpWorker({ client: createClient({ url: "http://127.0.0.1:7890" }) });
 * const end = meterHttp(otel, worker);
 * end();
 * ```
 */
export function meterHttp({ metrics }: MetricsApi, worker: MeteredHttpWorker): () => void {
  const meter = metrics.getMeter(scopeName, version);
  const count = (name: string, unit: string, description: string) =>
    meter.createCounter(`millrace.http.${name}`, { unit, description });
  const tries = meter.createHistogram("millrace.http.try.duration", {
    unit: "s",
    description: "How long tries of requests took",
  });
  const requests = count("requests", "{request}", "Requests that came to their end");
  const delayed = count("requests.delayed", "{wait}", "Waits for others to the same origin");
  const recoveries = count("recoveries", "{request}", "Requests whose worker was lost");
  const ends = [
    worker.on(
      "requestEnd",
      ({ outcome, durationMs }) => tries.record(durationMs / 1000, { "millrace.outcome": outcome }),
    ),
    worker.on(
      "completed",
      ({ status }) => requests.add(1, { "http.response.status_code": status }),
    ),
    worker.on("failed", ({ kind }) => requests.add(1, { "error.type": kind })),
    worker.on("capacity", () => delayed.add(1)),
    worker.on("recovered", () => recoveries.add(1)),
    observe(meter, {
      name: "millrace.http.requests.active",
      unit: "{request}",
      description: "Requests under way",
    }, () => worker.stats().inFlight),
    observe(meter, {
      name: "millrace.http.callbacks.active",
      unit: "{job}",
      description: "Callbacks that run",
    }, () => worker.stats().callbacks),
  ];
  return () => {
    for (const end of ends) end();
  };
}
