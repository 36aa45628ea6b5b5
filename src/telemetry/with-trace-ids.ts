/**
 * Log lines that say which trace they belong to.
 *
 * @module
 */

import type { LogFields, Logger } from "../log.ts";
import type { TraceApi } from "./telemetry-api.ts";

/** What OpenTelemetry calls the ids in logs of other formats than its own. */
const traceField = "trace_id";
const spanField = "span_id";

/**
 * A logger whose lines have `trace_id` and `span_id` of the span that is active when they are written, if there is one.
 *
 * @param logger Where the lines go.
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @returns The logger, for the `logger` option of a worker, a client or a broker.
 *
 * @example
 * ```ts
 * import * as otel from "@opentelemetry/api";
 * import { withTraceIds } from "@millrace/millrace/opentelemetry";
 * import { createLogger } from "@millrace/millrace/worker";
 *
 * const logger = withTraceIds(createLogger({ level: "error" }), otel);
 * logger.info("Not written, as it is below the level");
 * ```
 */
export function withTraceIds(logger: Logger, api: Pick<TraceApi, "context" | "trace">): Logger {
  const withIds = (fields: LogFields | undefined): LogFields | undefined => {
    const span = api.trace.getSpanContext(api.context.active() as never);
    if (span === undefined) return fields;
    return { ...fields, [traceField]: span.traceId, [spanField]: span.spanId };
  };
  return {
    debug: (message, fields) => logger.debug(message, withIds(fields)),
    info: (message, fields) => logger.info(message, withIds(fields)),
    warn: (message, fields) => logger.warn(message, withIds(fields)),
    error: (message, fields) => logger.error(message, withIds(fields)),
  };
}
