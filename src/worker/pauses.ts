/**
 * Pauses before something is tried again, which end at once when there is a reason to try now.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/** Pauses that can be ended. */
export interface Pauses {
  /** Its timers are the pauses. */
  readonly clock: Clock;
  /** Ends all pauses. */
  end(): void;
}

/** Creates pauses; `clock` ends those that nobody ends before. */
export function createPauses(clock: Clock): Pauses {
  const ends = new Set<() => void>();
  return {
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      defer: (callback) => clock.defer(callback),
      setTimer(callback, delayMs) {
        const end = () => {
          drop();
          callback();
        };
        const disarm = clock.setTimer(end, delayMs);
        const drop = () => {
          ends.delete(end);
          disarm();
        };
        ends.add(end);
        return drop;
      },
    },
    end() {
      for (const end of [...ends]) end();
    },
  };
}
