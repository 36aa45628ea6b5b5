/**
 * Ranges of the ready jobs of a queue, in the order of delivery, and how a statement is told of one.
 *
 * @module
 */

import type { SqlValue } from "./database.ts";

/** The position of a job in the order of delivery. */
export interface Place {
  readonly priority: number;
  readonly seq: number;
}

/** Jobs that come one behind the other. */
export interface JobRange {
  /** The position that they come behind. */
  readonly behind: Place;
  /** How many at most. */
  readonly limit: number;
}

/** Ready jobs of one queue that draw on no budget. */
export interface ReadyRange extends JobRange {
  readonly queue: string;
}

/** The parameters of a statement that reads a range: those of the range are the last. */
export function withRange(
  params: readonly SqlValue[],
  { behind: { priority, seq }, limit }: JobRange,
): readonly SqlValue[] {
  return [...params, priority, seq, limit];
}
