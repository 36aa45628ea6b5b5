/**
 * SQLite for tests of the store: `bun:sqlite` on Bun, `node:sqlite` elsewhere.
 *
 * @module
 */

import type { SyncDatabase } from "../../src/store/database.ts";

const { openSqlite } = await import(
  "Bun" in globalThis ? "../../adapters/bun/sqlite.ts" : "../../adapters/sqlite/node-sqlite.ts"
);

/** A database in memory, to be opened. */
export function openMemory(): SyncDatabase {
  return openSqlite(":memory:");
}
