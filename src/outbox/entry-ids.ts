/**
 * The ids of jobs that are enqueued within transactions: who enqueues has to know them before any broker has seen the job.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/**
 * Gives as many ids: UUIDs of version 7, which begin with the time, so that those of jobs that come together stand side by side in
 * the broker's index.
 *
 * By `crypto` and not by a chance that a test may fix: two jobs with one id would be one.
 */
export function createIds(clock: Pick<Clock, "now">, count: number): string[] {
  const bytes = crypto.getRandomValues(new Uint8Array(10 * Math.min(count, idsAtOnce)));
  const time = clock.now().toString(16).padStart(12, "0");
  const ids: string[] = [];
  for (let at = 0; at < bytes.length; at += 10) {
    bytes[at] = 0x70 | bytes[at]! & 0x0f;
    bytes[at + 2] = 0x80 | bytes[at + 2]! & 0x3f;
    const hex = Array.from(
      bytes.subarray(at, at + 10),
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join("");
    ids.push(
      `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`,
    );
  }
  return count > idsAtOnce ? [...ids, ...createIds(clock, count - idsAtOnce)] : ids;
}

/** `crypto` gives 64 KiB at once. */
const idsAtOnce = 1000;
