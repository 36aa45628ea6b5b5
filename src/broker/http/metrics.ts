/**
 * `GET /metrics`: how the broker fares, for Prometheus (docs/protocol.md, section 13.6).
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns } from "../../async/turns.ts";
import { type Metric, metricsMediaType, metricsText } from "../../protocol/metrics.ts";
import type { Endpoint } from "./call.ts";

/** The texts of metrics: who asks together gets the same ones, which are written once. */
const texts = new WeakMap<readonly Metric[], Promise<Uint8Array<ArrayBuffer>>>();

/** `GET /metrics` */
export const metrics: Endpoint = async ({ engine, clock }) => {
  const gathered = await engine.insight.metrics.gather();
  let text = texts.get(gathered);
  if (text === undefined) texts.set(gathered, text = write(gathered, clock));
  return new Response(await text, { headers: { "content-type": metricsMediaType } });
};

/** A thousand queues have tens of thousands of lines: others get their turns. */
async function write(
  metrics: readonly Metric[],
  clock: Clock,
): Promise<Uint8Array<ArrayBuffer>> {
  const turns = createTurns(clock);
  const pieces: string[] = [];
  for (const piece of metricsText(metrics)) {
    pieces.push(piece);
    if (turns.isOver()) await turns.pause();
  }
  return new TextEncoder().encode(pieces.join(""));
}
