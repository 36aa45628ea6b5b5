/**
 * Noticing that nothing happened for a while.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** Watches for silence. */
export interface Silence {
  /** Something happened: the silence begins anew. */
  heard(): void;
  /** Watches no more. */
  stop(): void;
}

/**
 * Watches for silence from now on. Where much happens no timer is touched: the one that is armed looks how long the silence
 * is.
 *
 * @param lastsMs How long a silence lasts until it is noticed, in ms.
 * @param notice Called when it does, and again every ms until something is heard.
 */
export function watchSilence(clock: Clock, lastsMs: number, notice: () => void): Silence {
  let heardAt = clock.monotonic();
  let stopped = false;
  let disarm = () => {};
  const rest = () => lastsMs - (clock.monotonic() - heardAt);
  const lookIn = (delayMs: number) => {
    disarm = clock.setTimer(() => {
      if (rest() <= 0) notice();
      if (!stopped) lookIn(Math.max(1, rest()));
    }, delayMs);
  };
  lookIn(lastsMs);
  return {
    heard: () => void (heardAt = clock.monotonic()),
    stop() {
      stopped = true;
      disarm();
    },
  };
}
