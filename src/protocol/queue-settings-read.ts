/**
 * The settings of queues as a user sees and sets them (docs/protocol.md, section 16.1).
 *
 * @module
 */

import { checkOptions } from "../options.ts";
import * as v from "valibot";
import { checkInteger, max32 } from "./integer.ts";
import { bool, optional, readAs, text, u32 } from "./schema.ts";

/** What is set for a queue, as an answer of the broker shows it. */
export interface QueueSettings {
  /** Its name. */
  readonly queue: string;
  /** Whether no job of it is given to workers. */
  readonly paused: boolean;
  /** How many jobs of it may be in flight at once, if there is a limit. */
  readonly maxInFlight?: number;
  /** How long leases of its jobs last, in ms, if that is set. */
  readonly leaseMs?: number;
  /** How long the holder of a lease that has ended may still renew it, or report, in ms, if that is set. */
  readonly graceMs?: number;
}

/** What to change of the settings of a queue. What is left out stays. */
export interface QueueSettingsChange {
  /** Whether no job of it is given to workers. Jobs are stored, and reports are taken, as ever. */
  readonly paused?: boolean | undefined;
  /**
   * Whether the jobs in flight are taken from their workers, too. They are ready again, and no attempt is counted.
   *
   * @default {false}
   */
  readonly stopRunning?: boolean | undefined;
  /** How many jobs of it may be in flight at once: an integer from 1; null sets no limit. What runs goes on. */
  readonly maxInFlight?: number | null | undefined;
  /** How long leases of its jobs last whose taker does not say, in ms, from 1; null is what the broker has for all queues. */
  readonly leaseMs?: number | null | undefined;
  /** How long the holder of a lease that has ended may still renew it, or report, in ms; null as for `leaseMs`. */
  readonly graceMs?: number | null | undefined;
}

/**
 * Writes what to change.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toQueueSettingsChangeWire(change: QueueSettingsChange): object {
  checkOptions("queue settings", change, {
    paused: 1,
    stopRunning: 1,
    maxInFlight: 1,
    leaseMs: 1,
    graceMs: 1,
  });
  const { paused, stopRunning, maxInFlight, leaseMs, graceMs } = change;
  return {
    paused,
    stop_running: stopRunning,
    max_in_flight: checkInteger("maxInFlight", maxInFlight, max32),
    lease_ms: checkInteger("leaseMs", leaseMs, max32),
    grace_ms: checkInteger("graceMs", graceMs, max32),
  };
}

const settingsSchema: v.GenericSchema<unknown, QueueSettings> = v.pipe(
  v.object({
    queue: text,
    paused: bool,
    max_in_flight: optional(u32),
    lease_ms: optional(u32),
    grace_ms: optional(u32),
  }, "an object"),
  v.transform(({ queue, paused, max_in_flight, lease_ms, grace_ms }): QueueSettings => ({
    queue,
    paused,
    ...max_in_flight != null && { maxInFlight: max_in_flight },
    ...lease_ms != null && { leaseMs: lease_ms },
    ...grace_ms != null && { graceMs: grace_ms },
  })),
);

/** Reads the settings of a queue. */
export function readQueueSettings(value: unknown): QueueSettings {
  return readAs(settingsSchema, value);
}
