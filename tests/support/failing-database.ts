/**
 * A real driver whose disk fails when told.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";

/** A driver and what happens to its commits. */
export interface FailingDriver {
  readonly driver: SyncDatabase;
  /** From now on no commit gets through. */
  fail(): void;
  /** The disk is back. */
  heal(): void;
  /** How many transactions were tried. */
  readonly commits: () => number;
}

/** Wraps a driver: while it fails, a transaction runs to its end, and is rolled back instead of committed. */
export function createFailingDriver(real: SyncDatabase): FailingDriver {
  let failing = false;
  let commits = 0;
  const driver: SyncDatabase = {
    ...real,
    transaction: (body) =>
      real.transaction(() => {
        const result = body();
        commits++;
        if (failing) throw new StoreError("Database 'jobs.db' failed: disk I/O error");
        return result;
      }),
  };
  return {
    driver,
    fail: () => void (failing = true),
    heal: () => void (failing = false),
    commits: () => commits,
  };
}
