/**
 * Rows for tests of a database: enough of them make it large.
 *
 * @module
 */

import type { SyncDatabase } from "../../src/store/database.ts";

/** Makes a database as the adapter under test does; it is not open yet. */
export type CreateDatabase = (
  path: string,
  options?: { durability?: "buffered" | "fsync" },
) => SyncDatabase;

/** What each row holds. */
export const bytes: Uint8Array<ArrayBuffer> = new Uint8Array(900);

/** Commits `count` rows to table `t`, which is made if need be. 1,000 rows are about 1 MB. */
export function fill(database: SyncDatabase, count: number): void {
  database.script("CREATE TABLE IF NOT EXISTS t (a)");
  database.transaction(() => {
    for (let at = 0; at < count; at++) database.run("INSERT INTO t VALUES (?)", [bytes]);
  });
}

/** Counts the rows of table `t`. */
export function rowsOf(database: SyncDatabase): number {
  return Number(database.all("SELECT count(*) AS n FROM t", [])[0]?.["n"]);
}
