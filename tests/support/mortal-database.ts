/**
 * A database in memory whose broker is killed between two statements.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { openMemory } from "../store/sqlite.ts";

/** Creates one; it fails once it has carried out so many more statements. */
export function createMortal(): {
  readonly database: SyncDatabase;
  dieBefore(statement: number): void;
} {
  const real = openMemory() as SyncDatabase;
  let left = Infinity;
  const live = () => {
    if (left-- <= 0) throw new StoreError("The broker was killed");
  };
  const { values, begin: _, ...rest } = real;
  return {
    database: {
      ...rest,
      all: (sql, params) => (live(), real.all(sql, params)),
      ...values && { values: (sql, params) => (live(), values(sql, params)) },
      run: (sql, params) => (live(), real.run(sql, params)),
    },
    dieBefore: (statement) => void (left = statement),
  };
}
