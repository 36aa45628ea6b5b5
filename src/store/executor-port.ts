/**
 * What runs transitions: one on a database that answers at once, one on a database that answers later.
 *
 * @module
 */

import type { Turns } from "../async/turns.ts";
import type { Change } from "./changes.ts";
import type { Transition } from "./transition.ts";

/** What was committed: a result for each transition, and all that they changed. */
export interface Committed {
  readonly results: readonly unknown[];
  readonly changes: readonly Change[];
}

/** Writes what is kept about changes: the last step of each commit that has some. */
export type BeforeCommit = (changes: readonly Change[]) => Transition<unknown>;

/** Runs transitions. On an engine that answers at once, what it gives is no promise. */
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
   * @throws What a transition throws, or {@linkcode StoreError} when the commit fails.
   */
  commit(
    transitions: readonly (() => Transition<unknown>)[],
    beforeCommit?: BeforeCommit,
  ): Committed | Promise<Committed>;
  /**
   * Runs a large transition in one transaction, and gives other work a turn between its statements. Until its promise is
   * settled, nothing else may be asked of the executor. Undefined where the database cannot do that, or need not.
   */
  readonly commitInPieces:
    | ((
      transition: () => Transition<unknown>,
      beforeCommit: BeforeCommit | undefined,
      turns: Turns,
    ) => Promise<Committed>)
    | undefined;
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
