/**
 * Asks a worker, again and again, what it has. One that does not answer is not alive, although its connection may be: the
 * kernel takes in what is sent to a process that hangs or was stopped.
 *
 * A timer that fires late counts as much as one that does not: a broker that was stopped itself must not take all its
 * workers for dead when it goes on, since their answers wait for it.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";

/** Asks a worker. */
export interface Asking {
  /** The worker has said something. */
  heard(): void;
  stop(): void;
}

/** How asking is done. */
export interface AskingOptions {
  readonly clock: Clock;
  /** A worker that says nothing for so long is not alive, in ms. */
  readonly withinMs: number;
  /** Sends a question. */
  ask(): void;
  /** The worker has said nothing for the time. Asking has stopped. */
  silent(): void;
}

/** How often a worker is asked within the time. */
const asksPerTime = 4;

/** Asks at once, and then some times within the time. */
export function startAsking({ clock, withinMs, ask, silent }: AskingOptions): Asking {
  /** How long the worker has said nothing, up to `countedAt`. */
  let silentMs = 0;
  let countedAt = clock.monotonic();
  let disarm = () => {};
  const askAfter = (delayMs: number) => {
    disarm = clock.setTimer(() => {
      const now = clock.monotonic();
      silentMs += Math.min(now - countedAt, delayMs);
      countedAt = now;
      if (silentMs >= withinMs) return silent();
      ask();
      askAfter(Math.min(withinMs / asksPerTime, withinMs - silentMs));
    }, delayMs);
  };
  ask();
  askAfter(withinMs / asksPerTime);
  return {
    heard() {
      silentMs = 0;
      countedAt = clock.monotonic();
    },
    stop: () => disarm(),
  };
}
