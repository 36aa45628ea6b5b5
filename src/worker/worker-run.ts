/**
 * Who a worker is in one life, as it tells the broker.
 *
 * @module
 */

import { toWorkerAbout } from "../protocol/worker-about.ts";
import type { WorkerRun } from "../protocol/worker-run.ts";
import type { WorkerSettings } from "./options.ts";

/** A new run of a worker; undefined if it does not answer. One with a fallback runs all types, and names none. */
export function toWorkerRun(
  { answersWithinMs: withinMs, handlers, fallback }: Pick<
    WorkerSettings,
    "answersWithinMs" | "handlers" | "fallback"
  >,
): WorkerRun | undefined {
  if (withinMs === Infinity) return undefined;
  const types = fallback === undefined ? handlers.map(({ type }) => type) : undefined;
  return { id: crypto.randomUUID(), withinMs, about: toWorkerAbout({ types, stops: true }) };
}
