/**
 * Brings a database to the version that this code knows.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { lockRows } from "./dialect.ts";
import type { Executor } from "./executor-port.ts";
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

/** The table has its one row from the start, so that brokers which migrate at once can wait for each other. */
function* createVersionTable(): Transition<void> {
  yield {
    kind: "script",
    sql: "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)",
  };
  yield* run(
    "INSERT INTO schema_version (version) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)",
  );
}

function* readVersion(lock: typeof lockRows | "" = ""): Transition<number> {
  const [row] = yield* rows<{ version: number }>(`SELECT version FROM schema_version ${lock}`);
  return row!.version;
}

function* migrateFrom(from: number): Transition<void> {
  if ((yield* readVersion(lockRows)) !== from) return; // Another broker was here first.
  yield { kind: "script", sql: migrations[from]! };
  yield* run("UPDATE schema_version SET version = ?", [from + 1]);
}
