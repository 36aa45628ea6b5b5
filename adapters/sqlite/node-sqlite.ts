/**
 * SQLite through `node:sqlite`, which Node (22.13 or newer) and Deno carry.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { SyncDatabase } from "../../src/store/database.ts";
import { createSqliteDatabase, type OpenSqliteOptions } from "./sqlite-database.ts";

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
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/node";
 *
 * const broker = createBroker({ store: openSqlite(":memory:") });
 * await broker.stop();
 * ```
 */
export function openSqlite(path: string, options?: OpenSqliteOptions): SyncDatabase {
  // Each call of this binding costs about as much as inserting a row; with 8 rows a sixth is left to be won.
  return { ...createSqliteDatabase(DatabaseSync, path, options), rowsAtOnce: 64 };
}
