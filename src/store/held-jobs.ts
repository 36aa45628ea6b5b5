/**
 * Whether jobs are in flight as a broker knows them: other brokers may have ended them, or taken them away.
 *
 * @module
 */

import { isOneOf } from "./dialect.ts";
import { isInFlight } from "./status-sql.ts";
import { rows, type Transition } from "./transition.ts";

/** A job in flight: its row, and which of its deliveries. */
export interface HeldRow {
  readonly seq: number;
  readonly deliveries: number;
}

/** Those of jobs that are in flight. */
export function* findHeld(seqs: readonly number[]): Transition<HeldRow[]> {
  return yield* rows<HeldRow>(
    `SELECT seq, deliveries FROM jobs WHERE ${isOneOf("seq", "integers")} AND ${isInFlight}`,
    [JSON.stringify(seqs)],
  );
}
