/**
 * Brings a database to the version that this code knows.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { SyncDatabase } from "./database.ts";
import { migrations } from "./schema.ts";

/**
 * Runs the migrations that the database lacks, each in a transaction of its own.
 *
 * Throws {@linkcode StoreError} when the database was written by a newer version: an older broker
 * cannot know what the newer one promised about it.
 */
export function migrate(driver: SyncDatabase): void {
  driver.script("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
  const [row] = driver.all("SELECT version FROM schema_version", []);
  const version = Number(row?.["version"] ?? 0);
  if (version > migrations.length) {
    throw new StoreError(
      `Cannot open a database of schema version ${version}: this Millrace knows versions up to ${migrations.length}, a newer one wrote it`,
    );
  }
  for (const [from, sql] of migrations.entries()) {
    if (from < version) continue;
    driver.transaction(() => {
      driver.script(sql);
      if (from === 0) driver.run("INSERT INTO schema_version (version) VALUES (?)", [1]);
      else driver.run("UPDATE schema_version SET version = ?", [from + 1]);
    });
  }
}
