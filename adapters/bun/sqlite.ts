/**
 * The store's engine on `bun:sqlite`.
 *
 * @module
 */

import { getBuiltinModule } from "node:process";
import type { SyncDatabase } from "../../src/store/database.ts";
import { openDriver, type OpenSqliteOptions, type SqliteDatabase } from "../sqlite/driver.ts";

/**
 * Opens an SQLite database for a broker, alone on its file.
 *
 * `path` is a file, made if it is not there, or `:memory:`. Throws {@linkcode StoreError} when another broker
 * has the file open, when it is no database, or when it cannot be opened.
 *
 * @example
 * ```ts ignore
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/bun";
 *
 * const broker = createBroker({ store: openSqlite("jobs.db") });
 * ```
 */
export function openSqlite(path: string, options?: OpenSqliteOptions): SyncDatabase {
  // Asked for at run time: an import of "bun:sqlite" could not be checked or published from elsewhere.
  const { Database } = getBuiltinModule("bun:sqlite") as unknown as {
    readonly Database: new (path: string) => SqliteDatabase;
  };
  return openDriver(Database, path, options);
}
