/**
 * The store's engine on `node:sqlite`, which Node (22.13 or newer) and Deno carry.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { SyncDatabase } from "../../src/store/database.ts";
import { openDriver, type OpenSqliteOptions } from "./driver.ts";

/**
 * Opens an SQLite database for a broker, alone on its file.
 *
 * `path` is a file, made if it is not there, or `:memory:`. Throws {@linkcode StoreError} when another broker
 * has the file open, when it is no database, or when it cannot be opened.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/node";
 *
 * const broker = createBroker({ store: openSqlite(":memory:") });
 * await broker.close();
 * ```
 */
export function openSqlite(path: string, options?: OpenSqliteOptions): SyncDatabase {
  return openDriver(DatabaseSync, path, options);
}
