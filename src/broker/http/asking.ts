/**
 * Asks a worker, again and again, what it has. One that does not answer is not alive, although its connection may be: the
 * kernel takes in what is sent to a process that hangs or was stopped.
 *
 * What is counted are questions, and not ms: a broker that was stopped itself must not take all its workers for dead when
 * it goes on, since their answers wait for it.
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

/** Questions that may be left without an answer. */
const mostUnanswered = 3;

/** Asks at once, and then some times within the time. */
export function startAsking({ clock, withinMs, ask, silent }: AskingOptions): Asking {
  let unanswered = 0;
  let disarm = () => {};
  const askNext = () => {
    if (unanswered === mostUnanswered) return silent();
    unanswered++;
    ask();
    disarm = clock.setTimer(askNext, withinMs / (mostUnanswered + 1));
  };
  askNext();
  return {
    heard: () => void (unanswered = 0),
    stop: () => disarm(),
  };
}
