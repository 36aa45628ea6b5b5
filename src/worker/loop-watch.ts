/**
 * Warns when the event loop was held for so long that the broker may take the worker for dead, and names the type of the
 * jobs that ran, if they were of one only.
 *
 * How long it was held shows in how late a timer is. That is at least so long: the timer may have been armed for a part of
 * the time.
 *
 * @module
 */

import { toSpanText } from "../async/span-text.ts";
import type { Logger } from "../log.ts";
import type { Events } from "./events.ts";

/** What a watch needs. */
export interface LoopWatchOptions {
  readonly logger: Logger;
  readonly events: Events;
  /** The types of the jobs that run now. */
  running(): readonly string[];
}

/** Watches the event loop. */
export interface LoopWatch {
  /** A job of a type begins. */
  began(type: string): void;
  /** A timer was late by so much, in ms; the broker wants an answer in that time, or never. */
  lateForBroker(lateMs: number, withinMs: number | undefined): void;
  /** A timer was late by so much, in ms; the shortest lease is that long. */
  lateForLease(lateMs: number, leaseMs: number): void;
}

/** The part of the time in which the broker wants an answer, or of a lease, that a job may hold the loop. */
const answerPart = 1 / 6;
const leasePart = 1 / 3;

/** Creates a watch. */
export function createLoopWatch({ logger, events, running }: LoopWatchOptions): LoopWatch {
  /** The type of all jobs that ran since the last look; null if there were several. */
  let only: string | null | undefined;

  const began = (type: string) => {
    if (only === undefined) only = type;
    else if (only !== type) only = null;
  };

  const late = (lateMs: number, limitMs: number, what: string) => {
    const type = only ?? undefined;
    only = undefined;
    for (const type of running()) began(type);
    if (lateMs <= limitMs) return;
    const who = type === undefined ? "" : ` by a job of type '${type}'`;
    logger.warn(`Event loop was held for ${toSpanText(lateMs)}${who}: ${what}`, {
      heldMs: Math.round(lateMs),
    });
    events.emit("blocked", () => ({ blockedMs: lateMs, type }));
  };

  return {
    began,
    lateForBroker: (lateMs, withinMs = Infinity) =>
      late(lateMs, withinMs * answerPart, "a worker that does not answer loses its jobs"),
    lateForLease: (lateMs, leaseMs) => late(lateMs, leaseMs * leasePart, "leases may be lost"),
  };
}
