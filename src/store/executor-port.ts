/**
 * What runs transitions: one on a database that answers at once, one on a database that answers later.
 *
 * @module
 */

import type { Turns } from "../async/turns.ts";
import type { Change } from "./changes.ts";
import type { Transition } from "./transition.ts";

/** What was committed: a result for each transition that was run, and all that they changed. */
export interface Committed {
  /** Fewer than there are transitions when it was time to end. */
  readonly results: readonly unknown[];
  readonly changes: readonly Change[];
}

/** Writes what is kept about changes: the last step of each commit that has some. */
export type BeforeCommit = (changes: readonly Change[]) => Transition<unknown>;

/** Runs transitions. On an engine that answers at once, what it gives is no promise, but for a commit that takes long. */
export interface Executor {
  /** Whether other brokers may work on the same database. */
  readonly isShared: boolean;
  /**
   * Opens the database.
   *
   * @throws {StoreError} If it cannot be opened; it may be tried again.
   */
  open(): void | Promise<void>;
  /**
   * Runs transitions in one transaction, in their order, all or none. Runs all of them again when other brokers changed
   * what they read.
   *
   * @param turns Where the database answers at once: when it is time for others to have a turn. Transitions that were not begun
   * by then are left out; the one that was goes on in further turns, if the database can do that, and nothing else may be asked of
   * the executor before it is done. Undefined to do all in one turn.
   * @throws What a transition throws, or {@linkcode StoreError} when the commit fails.
   */
  commit(
    transitions: readonly (() => Transition<unknown>)[],
    beforeCommit?: BeforeCommit,
    turns?: Turns,
  ): Committed | Promise<Committed>;
  /** Runs a transition that changes nothing, on what is committed. */
  read<Result>(transition: Transition<Result>): Result | Promise<Result>;
  /**
   * Checks that the file of the database is still there.
   *
   * @throws {StoreError} If it is not.
   */
  check(): void;
  /** Runs `body` while no other broker of the same database does. */
  alone(body: () => Promise<void>): Promise<void>;
  /** Closes the database. */
  close(): void | Promise<void>;
}
