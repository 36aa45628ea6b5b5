/**
 * A real database whose disk fails when told.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";

/** A database and what happens to its commits. */
export interface FailingDatabase {
  readonly database: SyncDatabase;
  /** From now on every commit fails. */
  fail(): void;
  /** From now on commits succeed again. */
  heal(): void;
  /** How many transactions were tried. */
  readonly commits: () => number;
}

/** Wraps a database: while it fails, a transaction runs to its end, and is rolled back instead of committed. */
export function createFailingDatabase(real: SyncDatabase): FailingDatabase {
  let failing = false;
  let commits = 0;
  const { begin: _, ...rest } = real;
  const database: SyncDatabase = {
    ...rest,
    transaction: (body) =>
      real.transaction(() => {
        const result = body();
        commits++;
        if (failing) throw new StoreError("Database 'jobs.db' failed: disk I/O error");
        return result;
      }),
  };
  return {
    database,
    fail: () => void (failing = true),
    heal: () => void (failing = false),
    commits: () => commits,
  };
}
