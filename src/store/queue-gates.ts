/**
 * How many jobs of each queue a claim may take: none of one that is paused, and of one with a limit as many as are missing
 * in flight. The rows of the settings say so, in the transaction of the claim.
 *
 * @module
 */

import { lockRows } from "./dialect.ts";
import { rows, type Transition, write } from "./transition.ts";

/** What is known of queues that are paused or have a limit. It may be too old, or too much, and then a row is read. */
export interface QueueGates {
  /** Whether it is known that nothing can be taken from a queue. */
  isShut(queue: string): boolean;
  /** Whether the row of a queue may say something. */
  isRestricted(queue: string): boolean;
  /** Whether it is known that the row of a queue says something; left out, nothing is known. */
  isKnownRestricted?(queue: string): boolean;
}

/** Counts what one claim takes from queues that are restricted. */
export interface GateLedger {
  /** How many more jobs of a queue may be taken; Infinity for any number. */
  room(queue: string): Transition<number>;
  /** A job of a queue is taken. */
  take(queue: string): void;
  /**
   * Writes what was taken.
   *
   * @returns The queues of which nothing more can be taken.
   */
  end(): Transition<readonly string[]>;
}

/** A queue that was looked at. */
interface Gate {
  room: number;
  taken: number;
}

/** Creates a ledger that has seen nothing. */
export function createGateLedger(gates: QueueGates): GateLedger {
  const seen = new Map<string, Gate>();

  return {
    *room(queue) {
      const known = seen.get(queue);
      if (known !== undefined) return known.room;
      if (gates.isShut(queue)) return 0;
      if (!gates.isRestricted(queue)) return Infinity;
      const room = yield* readRoom(queue);
      seen.set(queue, { room, taken: 0 });
      return room;
    },
    take(queue) {
      const gate = seen.get(queue);
      if (gate === undefined) return;
      gate.room--;
      gate.taken++;
    },
    *end() {
      const full: string[] = [];
      for (const [queue, { room, taken }] of seen) {
        if (room <= 0) full.push(queue);
        if (taken === 0) continue;
        yield* write("UPDATE queue_settings SET in_flight = in_flight + ? WHERE queue = ?", [
          taken,
          queue,
        ]);
      }
      return full;
    },
  };
}

function* readRoom(queue: string): Transition<number> {
  const [row] = yield* rows<{ paused: number; maxInFlight: number | null; inFlight: number }>(
    `SELECT paused, max_in_flight AS "maxInFlight", coalesce(in_flight, max_in_flight) AS "inFlight"
     FROM queue_settings WHERE queue = ? ${lockRows}`,
    [queue],
  );
  if (row === undefined) return Infinity;
  if (row.paused === 1) return 0;
  return row.maxInFlight === null ? Infinity : row.maxInFlight - row.inFlight;
}
