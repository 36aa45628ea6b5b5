/**
 * Time and chance, injected everywhere and read from the platform in this file only.
 *
 * @module
 */

/** Where a component reads the time and arms its timers. */
export interface Clock {
  /** The wall clock, in ms since the epoch. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` from now (any finite number; below 0 counts as 0).
   * Returns a function that disarms the timer; calling it late or twice does nothing.
   */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Calls `callback` soon, after the input that already waits in the event loop was handled. */
  defer(callback: () => void): void;
}

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** Platforms fire at once when asked to wait longer than this (2^31 − 1 ms, 24.8 days). */
const longestTimerMs = 2 ** 31 - 1;

/** Node, Deno and Bun have it, browsers and the web's type library do not. */
const setImmediate = (globalThis as { setImmediate?: (callback: () => void) => unknown })
  .setImmediate;

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (restMs: number) => {
      const stepMs = Math.min(restMs, longestTimerMs);
      timer = setTimeout(() => restMs > stepMs ? arm(restMs - stepMs) : callback(), stepMs);
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
  // setTimeout(0) waits at least 1 ms on Node: a group commit would wait that long for nothing.
  defer: setImmediate === undefined
    ? (callback) => void setTimeout(callback, 0)
    : (callback) => void setImmediate(callback),
};

/** The platform's own pseudo-random numbers; good enough for jitter, not for secrets. */
export const systemRandom: Random = () => Math.random();
