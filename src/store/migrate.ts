/**
 * Brings a database to the version that this code knows.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Executor } from "./executor.ts";
import { migrations } from "./schema.ts";
import { rows, run, type Transition } from "./transition.ts";

/**
 * Runs the migrations that the database lacks, each in a transaction of its own.
 *
 * @throws {StoreError} If a newer version wrote the database: an older broker cannot know what the newer one promised
 * about it.
 */
export async function migrate(executor: Executor): Promise<void> {
  await executor.commit([createVersionTable]);
  const version = await executor.read(readVersion());
  if (version > migrations.length) {
    throw new StoreError(
      `Cannot open a database of schema version ${version}: this Millrace knows versions up to ${migrations.length}, a newer one wrote it`,
    );
  }
  for (let from = version; from < migrations.length; from++) {
    await executor.commit([() => migrateFrom(from)]);
  }
}

function* createVersionTable(): Transition<void> {
  yield {
    kind: "script",
    sql: "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)",
  };
}

function* readVersion(): Transition<number> {
  const [row] = yield* rows<{ version: number }>("SELECT version FROM schema_version");
  return row?.version ?? 0;
}

function* migrateFrom(from: number): Transition<void> {
  if ((yield* readVersion()) !== from) return; // Another broker was here first.
  yield { kind: "script", sql: migrations[from]! };
  if (from === 0) yield* run("INSERT INTO schema_version (version) VALUES (?)", [1]);
  else yield* run("UPDATE schema_version SET version = ?", [from + 1]);
}
