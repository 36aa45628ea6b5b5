/**
 * The clock of the server, as far as its answers show it: what a delay is counted from by servers that know instants only.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { PortAnswer } from "./port-types.ts";

/** Knows about what time it is at the server. */
export interface ServerClock {
  /** The time by the server's clock; by that of this machine while nothing is known. In ms since the epoch. */
  now(): number;
  /** An answer to a call that was sent at `sentAt`, a reading of the monotonic clock in ms. */
  observe(answer: PortAnswer, sentAt: number): void;
}

/** How often an answer is looked at, in ms: reading a header costs, and clocks run alike. */
const lookEveryMs = 60_000;

/** `Date` tells seconds: the time is half of one later in the mean, and as much wrong at most. */
const halfSecondMs = 500;

/** Creates the clock of a server that nobody has asked yet. */
export function createServerClock(clock: Clock): ServerClock {
  let aheadMs = 0;
  let nextLookAt = -Infinity;
  return {
    now: () => clock.now() + aheadMs,
    observe(answer, sentAt) {
      const receivedAt = clock.monotonic();
      if (receivedAt < nextLookAt) return;
      const toldAt = Date.parse(answer.header("date") ?? "");
      if (Number.isNaN(toldAt)) return;
      nextLookAt = receivedAt + lookEveryMs;
      const halfTripMs = (receivedAt - sentAt) / 2;
      const ahead = toldAt + halfSecondMs - (clock.now() - halfTripMs);
      // Less may be the rounding of the header, or the way of the answer.
      aheadMs = Math.abs(ahead) > 2 * halfSecondMs + halfTripMs ? Math.round(ahead) : 0;
    },
  };
}
