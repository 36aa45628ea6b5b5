/**
 * A span around every enqueue, whose trace goes with the job.
 *
 * @module
 */

import type { EnqueueMiddleware } from "../client/middleware.ts";
import type { TraceApi } from "./telemetry-api.ts";
import { createTracing, describe, fail, spanKind } from "./tracing.ts";

/**
 * A layer for `withMiddleware` that makes a span of each job that is enqueued, and lets its context (`traceparent` and what
 * else the application propagates) go with the job as `meta`. Who runs the job with {@linkcode traceJobs} is linked to it.
 *
 * With no tracing set up in the application, jobs are passed on as they are.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @returns The layer.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { createClient, withMiddleware } from "@millrace/millrace/client";
 * import { traceEnqueues } from "@millrace/millrace/opentelemetry";
 *
 * const client = withMiddleware(createClient({ url: "http://127.0.0.1:7890" }), [
 *   traceEnqueues(otel),
 * ]);
 * console.log(typeof client.enqueue); // function
 * ```
 */
export function traceEnqueues(api: TraceApi): EnqueueMiddleware {
  const tracing = createTracing(api);
  return async (request, next) => {
    const { queue, type } = request;
    const span = tracing.start(`enqueue ${queue}`, {
      kind: spanKind.producer,
      attributes: {
        ...describe(queue, type),
        "messaging.operation.name": "enqueue",
        "messaging.operation.type": "send",
      },
    });
    try {
      const within = tracing.within(tracing.active(), span);
      const carried = tracing.toMeta(within);
      const isCarried = Object.keys(carried).length > 0;
      const passed = isCarried ? { ...request, meta: { ...request.meta, ...carried } } : request;
      const job = await tracing.run(within, () => next(passed));
      span.setAttribute("messaging.message.id", job.id);
      if (job.duplicate) span.setAttribute("millrace.job.duplicate", true);
      return job;
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
}
