/**
 * Gives back jobs that wait here although others could run them: those of a worker that asks for many because they were
 * short, when they are long all of a sudden.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Pool } from "../async/pool.ts";
import { longestWaitMs } from "./auto-prefetch.ts";
import type { Delivery } from "./deliveries.ts";

/** What looks after the jobs that wait. */
export interface Surplus {
  /** Jobs have come. */
  came(): void;
  /** Looks no more. */
  stop(): void;
}

/** What it needs. */
export interface SurplusOptions {
  readonly clock: Clock;
  readonly pool: Pool<Delivery>;
  /** How many jobs may wait here, for however long. */
  readonly kept: number;
  /** Gives back jobs that were taken out of the pool. */
  giveBack(surplus: readonly Delivery[]): void;
}

/** Creates what looks after the jobs that wait. It sets a timer only while more wait than may. */
export function createSurplus({ clock, pool, kept, giveBack }: SurplusOptions): Surplus {
  let disarm: (() => void) | undefined;

  const look = () => {
    disarm = undefined;
    const oldest = pool.next;
    if (oldest !== undefined && clock.monotonic() - oldest.cameAt >= longestWaitMs) {
      const waiting = pool.clear();
      for (const delivery of waiting.slice(0, kept)) pool.add(delivery);
      if (waiting.length > kept) giveBack(waiting.slice(kept));
    }
    arm();
  };

  const arm = () => {
    if (disarm === undefined && pool.waiting > kept) {
      disarm = clock.setTimer(look, longestWaitMs / 2);
    }
  };

  return {
    came: arm,
    stop() {
      disarm?.();
      disarm = undefined;
    },
  };
}
