/**
 * A span around every handler, and one for the time that its job waited.
 *
 * @module
 */

import type { Middleware } from "../worker/middleware.ts";
import { isOutcome } from "../worker/outcome.ts";
import type { TraceApi } from "./telemetry-api.ts";
import { createTracing, describe, fail, spanKind } from "./tracing.ts";

/** How runs stand to the traces of who enqueued their jobs. */
export interface TraceJobsOptions {
  /**
   * `"link"`: each run begins a trace of its own, which is linked to the enqueue; a job may be run days later, and many times.
   * `"child"`: runs belong to the trace of the enqueue.
   *
   * @default {"link"}
   */
  readonly relation?: "link" | "child" | undefined;
}

/**
 * A layer for the `middleware` of a worker that makes a span of each run, and within it one for the time from when the job
 * was ready to when it was taken. What the handler does is within the span of the run. A handler that throws makes it an
 * error; outcomes such as `snooze` do not.
 *
 * Put it first: then the other layers are within the span as well.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @param options How runs stand to the traces of who enqueued their jobs.
 * @returns The layer.
 * @throws {TypeError} If there is no such relation.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { traceJobs } from "@millrace/millrace/opentelemetry";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 * const worker = createWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   middleware: [traceJobs(otel)],
 *   handlers: [handle(greet, ({ name }) => console.log(`Hello ${name}`))],
 * });
 * console.log(worker.health().state); // idle
 * ```
 */
export function traceJobs(api: TraceApi, options: TraceJobsOptions = {}): Middleware {
  const { relation = "link" } = options;
  if (relation !== "link" && relation !== "child") {
    throw new TypeError(
      `Cannot use 'relation' ${JSON.stringify(relation)}: expected 'link' or 'child'`,
    );
  }
  const tracing = createTracing(api);
  return async ({ job, meta, attempt }, next) => {
    const active = tracing.active();
    const origin = tracing.fromMeta(active, meta);
    const enqueued = tracing.spanOf(origin);
    const isLinked = relation === "link" && enqueued !== undefined;
    const outer = relation === "link" ? active : origin;
    const span = tracing.start(`run ${job.queue}`, {
      kind: spanKind.consumer,
      attributes: {
        ...describe(job.queue, job.type),
        "messaging.operation.name": "run",
        "messaging.operation.type": "process",
        "messaging.message.id": job.id,
        "millrace.job.attempt": attempt,
      },
      ...isLinked ? { links: [{ context: enqueued }], root: true } : {},
    }, outer);
    const within = tracing.within(outer, span);
    const { readyAt, dequeuedAt } = job;
    if (dequeuedAt !== undefined && dequeuedAt >= readyAt) {
      const attributes = describe(job.queue, job.type);
      tracing.start(`wait ${job.queue}`, { startTime: readyAt, attributes }, within).end(
        dequeuedAt,
      );
    }
    try {
      await tracing.run(within, next);
    } catch (error) {
      if (!isOutcome(error)) fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
}
