/**
 * The bodies of `POST /jobs/{id}/release` and `POST /jobs/release`, as a client writes them.
 *
 * @module
 */

import type { JobRun } from "./ack.ts";
import { checkInteger, maxExact } from "./integer.ts";

/** When a job that is given back becomes ready again. Left out, it is ready at once, in its old place. */
export interface ReleaseTime {
  /** At this instant, in ms since the epoch. */
  readonly readyAt?: number | undefined;
  /** After this span, in ms, by the clock of the broker; counts before `readyAt`. */
  readonly delayMs?: number | undefined;
}

/**
 * Writes the time, and which run is given back.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toReleaseWire(time: ReleaseTime, { delivery, proof }: JobRun): object {
  return { ...toReleaseTimeWire(time), delivery, lease_token: proof?.token };
}

/**
 * Writes the time.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toReleaseTimeWire({ readyAt, delayMs }: ReleaseTime): object {
  return {
    ready_at: checkInteger("readyAt", readyAt, maxExact),
    delay_ms: checkInteger("delayMs", delayMs, maxExact),
  };
}
