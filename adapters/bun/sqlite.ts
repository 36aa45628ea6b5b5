/**
 * SQLite through `bun:sqlite`.
 *
 * @module
 */

import { getBuiltinModule } from "node:process";
import type { SyncDatabase } from "../../src/store/database.ts";
import {
  createSqliteDatabase,
  type OpenSqliteOptions,
  type SqliteBinding,
} from "../sqlite/sqlite-database.ts";

/**
 * Gives an SQLite database to a broker, which opens it when it starts and is then the only one that uses the file.
 *
 * The database's `open` throws a {@linkcode StoreError} if another broker has the file open, or if the file is no
 * database or cannot be opened.
 *
 * @param path A file, made if it is not there, or `:memory:`. A relative one starts at the working folder at the time of this call.
 * @param options What a commit survives.
 * @returns A database that is not open yet: the file was not touched.
 * @throws {TypeError} If `path` is empty, or an option is none of its values.
 *
 * @example
 * ```ts ignore
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/bun";
 *
 * const broker = createBroker({ store: openSqlite("jobs.db") });
 * await broker.stop();
 * ```
 */
export function openSqlite(path: string, options?: OpenSqliteOptions): SyncDatabase {
  // Looked up at run time: an import of "bun:sqlite" could not be checked or published from elsewhere.
  const { Database } = getBuiltinModule("bun:sqlite") as unknown as {
    readonly Database: SqliteBinding;
  };
  return { ...createSqliteDatabase(Database, path, options), rowsAtOnce: 64 };
}
