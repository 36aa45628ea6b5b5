/**
 * The settings of queues, as the broker reads and writes them (docs/protocol.md, section 16.1).
 *
 * @module
 */

import * as v from "valibot";
import { checkName } from "./names.ts";
import { bool, optional, u32 } from "./schema.ts";

/** What is set for a queue; null means that it is not. */
export interface QueueSettingsRecord {
  readonly queue: string;
  /** 0 or 1: whether no job of it is taken. */
  readonly paused: number;
  /** How many jobs of it may be in flight. */
  readonly maxInFlight: number | null;
  /** How long leases of its jobs last, in ms. */
  readonly leaseMs: number | null;
  /** How long the holder of a lease that has ended still has, in ms. */
  readonly graceMs: number | null;
}

/** What to change of the settings of a queue; what is left out stays. */
export interface QueueSettingsPatch {
  readonly paused?: boolean | null | undefined;
  /** Whether the jobs in flight are taken from their workers. */
  readonly stopRunning?: boolean | null | undefined;
  /** Null is any number. */
  readonly maxInFlight?: number | null | undefined;
  /** Null is that of the broker. */
  readonly leaseMs?: number | null | undefined;
  /** Null is that of the broker. */
  readonly graceMs?: number | null | undefined;
}

/** Reads a patch; an unknown field is refused. */
export const queuePatchSchema: v.GenericSchema<unknown, QueueSettingsPatch> = v.pipe(
  v.strictObject({
    paused: optional(bool),
    stop_running: optional(bool),
    max_in_flight: optional(u32),
    lease_ms: optional(u32),
    grace_ms: optional(u32),
  }, "an object without unknown fields"),
  v.transform((
    { paused, stop_running, max_in_flight, lease_ms, grace_ms },
  ): QueueSettingsPatch => ({
    paused,
    stopRunning: stop_running,
    maxInFlight: max_in_flight,
    leaseMs: lease_ms,
    graceMs: grace_ms,
  })),
);

/** Says why a well-formed patch cannot be granted. */
export function checkQueuePatch(queue: string, patch: QueueSettingsPatch): string | undefined {
  const badName = checkName("queue", queue);
  if (badName !== undefined) return badName;
  if (patch.maxInFlight === 0) {
    return "max_in_flight must be at least 1, got 0; null sets no limit, paused stops the queue";
  }
  return patch.leaseMs === 0 ? "lease_ms must be at least 1, got 0" : undefined;
}

/** The settings of a queue for which nothing is set. */
export function unsetQueue(queue: string): QueueSettingsRecord {
  return { queue, paused: 0, maxInFlight: null, leaseMs: null, graceMs: null };
}

/** Whether something is set. */
export function isAnySet({ leaseMs, graceMs, ...settings }: QueueSettingsRecord): boolean {
  return isRestricted(settings) || leaseMs !== null || graceMs !== null;
}

/** Whether a queue is paused, or has a limit on what is in flight. */
export function isRestricted(
  { paused, maxInFlight }: Pick<QueueSettingsRecord, "paused" | "maxInFlight">,
): boolean {
  return paused === 1 || maxInFlight !== null;
}

/** The wire's spelling of settings. */
export function toQueueSettingsWire(
  { queue, paused, maxInFlight, leaseMs, graceMs }: QueueSettingsRecord,
): object {
  return {
    queue,
    paused: paused === 1,
    max_in_flight: maxInFlight ?? undefined,
    lease_ms: leaseMs ?? undefined,
    grace_ms: graceMs ?? undefined,
  };
}

/** The 404 of a queue that nobody knows. */
export function queueNotFound(queue: string): string {
  return `queue '${queue}' not found`;
}

/** The refusal to forget a queue that has unfinished jobs, so many of each status. */
export function queueNotEmpty(queue: string, left: Readonly<Record<string, number>>): string {
  const counts = Object.entries(left).map(([status, count]) => `${count} ${status}`);
  return `queue '${queue}' is not empty: it has ${counts.join(", ")}`;
}
