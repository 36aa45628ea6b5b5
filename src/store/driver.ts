/**
 * The hole that an SQL engine fills.
 *
 * @module
 */

/** What can be bound to a placeholder. Integers stay below 2^53. */
export type SqlValue = string | number | Uint8Array<ArrayBuffer> | null;

/** One row, keyed by column name or alias. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * An SQLite database that is open, alone on its file, and answers at once.
 *
 * Statements use `?` placeholders. A driver prepares each text once and keeps it. It has no job logic: it
 * opens, binds, runs and closes.
 */
export interface SqliteDriver {
  /** Runs one statement and returns its rows. Throws {@linkcode StoreError} for what the disk does. */
  all(sql: string, params: readonly SqlValue[]): SqlRow[];
  /** Runs one statement and returns how many rows it changed. */
  run(sql: string, params: readonly SqlValue[]): number;
  /** Runs several statements that take no parameters, as migrations are. */
  script(sql: string): void;
  /** Runs `body` in one transaction: commits when it returns, rolls back and rethrows when it throws. */
  transaction<T>(body: () => T): T;
  /** Closes the file; further calls throw. Closing twice is fine. */
  close(): void;
}
