/**
 * `GET /metrics`: how the broker fares, for Prometheus (docs/protocol.md, section 13.6).
 *
 * @module
 */

import { metricsMediaType, toMetricsText } from "../../protocol/metrics.ts";
import type { Endpoint } from "./call.ts";

/** `GET /metrics` */
export const metrics: Endpoint = async ({ engine }) =>
  new Response(toMetricsText(await engine.insight.metrics.gather()), {
    headers: { "content-type": metricsMediaType },
  });
