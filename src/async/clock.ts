/**
 * Time and random numbers: injected everywhere, and read from the platform in this file only.
 *
 * @module
 */

/** Where a component reads the time and sets its timers. */
export interface Clock {
  /** The wall clock, in ms since the epoch: for instants. It may be set, backwards too. */
  now(): number;
  /**
   * A clock that is never set, in ms: for spans. Only the difference of two readings means something, and it is that of
   * the timers.
   */
  monotonic(): number;
  /**
   * Sets a timer: calls `callback` once, after the delay.
   *
   * @param callback What to call.
   * @param delayMs When, in ms from now; any finite number, and below 0 counts as 0.
   * @returns A function that ends the timer; calling it late or twice does nothing.
   */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Calls `callback` soon, after the input that already waits in the event loop was handled. */
  defer(callback: () => void): void;
}

/**
 * A wall clock that is set back by less than this, in ms, soon shows again what it showed: stored instants stay as they are.
 * After more they were told by a clock that was wrong.
 */
export const setBackMs = 300_000;

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** 2^31 − 1 ms, 24.8 days. Platforms that are asked to wait longer do not wait at all. */
const longestTimerMs = 2 ** 31 - 1;

/** Node, Deno and Bun have it; browsers and the type library of the web do not. */
const setImmediate = (globalThis as { setImmediate?: (callback: () => void) => unknown })
  .setImmediate;

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (restMs: number) => {
      const stepMs = Math.min(restMs, longestTimerMs);
      timer = setTimeout(() => restMs > stepMs ? arm(restMs - stepMs) : callback(), stepMs);
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
  // On Node setTimeout(0) waits 1 ms or more: each commit of the broker would wait that long for nothing.
  defer: setImmediate === undefined
    ? (callback) => void setTimeout(callback, 0)
    : (callback) => void setImmediate(callback),
};

/**
 * The clock that was given, or the platform's. One that has no `monotonic` gets that of the platform.
 *
 * @param given A clock of a user, who need not have written it in TypeScript.
 */
export function toClock(given: Omit<Clock, "monotonic"> & Partial<Clock> | undefined): Clock {
  if (given === undefined) return systemClock;
  if (given.monotonic !== undefined) return given as Clock;
  return {
    now: () => given.now(),
    monotonic: systemClock.monotonic,
    setTimer: (callback, delayMs) => given.setTimer(callback, delayMs),
    defer: (callback) => given.defer(callback),
  };
}

/** The platform's pseudo-random numbers; good enough for delays, not for secrets. */
export const systemRandom: Random = () => Math.random();
