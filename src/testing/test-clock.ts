/**
 * A clock that moves only when a test says so.
 *
 * @module
 */

import { type Clock, systemClock } from "../async/clock.ts";

/** A {@linkcode Clock} whose time passes only when a test says so. */
export interface TestClock extends Clock {
  /** How many timers are set; 0 at the end of a test that left none behind. */
  readonly timers: number;
  /** How long it is until the next timer fires, in ms; undefined when none is set. */
  readonly nextTimerMs: number | undefined;
  /**
   * Lets time pass: fires the timers that become due, in order, each at its own instant. Whatever follows from one
   * (promises, streams, deferred work) is done before the next.
   *
   * @param ms How much, in ms.
   * @throws {RangeError} If `ms` is below 0 or not a number.
   */
  advance(ms: number): Promise<void>;
  /** Waits until everything has happened that needs no time to pass. */
  settle(): Promise<void>;
  /**
   * Sets the wall clock, forwards or backwards. As on a real machine, timers do not change: they wait for a delay and
   * not for an instant.
   *
   * @param now What the clock shows from now on, in ms since the epoch.
   */
  setNow(now: number): void;
}

/** A timer that is set. */
interface Timer {
  /** When it fires, in ms since the clock was made. */
  readonly at: number;
  readonly callback: () => void;
}

/** Turns of the event loop without deferred work after which no promise is under way any more. */
const quietTurns = 3;

/**
 * Creates a clock that moves only when it is told to.
 *
 * @param now What it shows at first, in ms since the epoch; default 2026-01-01T00:00:00Z.
 *
 * @example
 * ```ts
 * import { createTestClock } from "@millrace/millrace/testing";
 *
 * const clock = createTestClock();
 * clock.setTimer(() => console.log("a minute later"), 60_000);
 * await clock.advance(59_999); // nothing yet
 * await clock.advance(1); // a minute later
 * ```
 */
export function createTestClock(now: number = Date.UTC(2026, 0)): TestClock {
  const timers = new Set<Timer>();
  let elapsed = 0;
  let offset = now;
  let deferred = 0;

  /** The timer to fire next, if it is due by then; of two at one instant the one armed first. */
  const nextDue = (by: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.at <= by && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  };

  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      await new Promise<void>((resolve) => systemClock.defer(resolve));
      if (deferred > 0) quiet = -1;
    }
  };

  // Needs no time to pass: as on a real machine, it happens in a later turn of the event loop.
  const defer = (callback: () => void) => {
    deferred++;
    systemClock.defer(() => {
      deferred--;
      callback();
    });
  };

  return {
    // An integer, as on every platform, also after a timer of a fraction of a ms.
    now: () => offset + Math.floor(elapsed),
    monotonic: () => elapsed,
    setTimer(callback, delayMs) {
      if (delayMs <= 0) {
        let armed = true;
        defer(() => armed && callback());
        return () => void (armed = false);
      }
      const timer: Timer = { at: elapsed + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    defer,
    get timers() {
      return timers.size;
    },
    get nextTimerMs() {
      const next = nextDue(Infinity);
      return next && Math.max(0, next.at - elapsed);
    },
    async advance(ms) {
      if (!(ms >= 0)) {
        throw new RangeError(`Cannot advance by ${ms} ms: expected a number of 0 or more`);
      }
      await settle();
      const until = elapsed + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = timer.at;
        timer.callback();
        await settle();
      }
      elapsed = until;
    },
    settle,
    setNow(now) {
      offset = now - elapsed;
    },
  };
}
