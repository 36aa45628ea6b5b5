/**
 * The hole that an SQL engine fills.
 *
 * @module
 */

/** What can be bound to a placeholder. Integers stay below 2^53. */
export type SqlValue = string | number | Uint8Array<ArrayBuffer> | null;

/** One row, keyed by column name or alias. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A database as one file, as it was at one moment. */
export interface DatabaseCopy {
  /** How long the file is, in bytes. */
  readonly size: number;
  /** The file's content. Must be read to its end or cancelled: it may hold a file open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * An SQLite database that is open, alone on its file, and answers at once.
 *
 * Statements use `?` placeholders. A driver prepares each text once and keeps it. It has no job logic: it
 * opens, binds, runs and closes. What it may lack: `check`, `copy`, `compact`.
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
  /** Throws {@linkcode StoreError} when what is committed would not be found again: the file was removed or replaced. */
  check?(): void;
  /**
   * Copies the database, with all that is committed when it is called, while work goes on. Rejects with
   * {@linkcode StoreError}, or with the reason of `signal`. Not while another copy is made, or `compact` runs.
   */
  copy?(signal: AbortSignal): Promise<DatabaseCopy>;
  /**
   * Gives the space of what was deleted back to the file system, a piece each time it is asked for the next
   * value; between two, other work may be done. Throws {@linkcode StoreError}.
   */
  compact?(): Iterable<void>;
  /** Closes the file; further calls throw. Closing twice is fine. */
  close(): void;
}
