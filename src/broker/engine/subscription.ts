/**
 * What a subscriber of a dispatcher gets.
 *
 * @module
 */

import type { WorkerStatement } from "../../protocol/worker-statement.ts";

/** What a subscriber gets when it subscribes. */
export interface Subscription {
  /** The subscriber can be written to again. */
  drained(): void;
  /** Its worker is asked now what it holds: gives the number of the question. */
  ask(): number;
  /**
   * Its worker says what it does and holds. What it does not know of goes back to others.
   *
   * @returns The ids of those that it holds and that are not its any more.
   */
  tell(statement: WorkerStatement): Promise<readonly string[]>;
  /** Removes the subscriber and gives its unfinished jobs back. A second call does nothing. */
  unsubscribe(): Promise<void>;
}
