/**
 * The ports that an SQL engine fills: one for an engine that answers at once, one for an engine that answers later.
 *
 * A database has no job logic. It opens, binds, runs and closes. The store writes its statements for SQLite, with `?` for
 * parameters, and `dialect.ts` translates them for PostgreSQL.
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
  /** The content of the file. Read it to its end or cancel it: it may hold a file open. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** How a database is compacted. */
export interface CompactOptions {
  /**
   * Whether one piece may take as long as it needs: seconds for each GB of a database that was not made to be compacted in
   * pieces.
   *
   * @default {false}
   */
  readonly mayBlock?: boolean;
}

/** A transaction that was begun. One of the two ends it. */
export interface OpenTransaction {
  /**
   * Makes its changes durable.
   *
   * @throws {StoreError} If the disk fails; then nothing was changed.
   */
  commit(): void;
  /** Undoes its changes. */
  rollback(): void;
}

/**
 * An SQLite database that answers at once, and that nobody else writes to while it is open.
 *
 * The broker's `start()` opens it. It prepares each statement once and keeps it. `check`, `copy` and `compact` are
 * optional.
 */
export interface SyncDatabase {
  /** The SQL that it speaks. */
  readonly dialect: "sqlite";
  /**
   * How many rows are best inserted with one statement.
   *
   * @default {1}
   */
  readonly rowsAtOnce?: number;
  /**
   * Opens the database, if it is not open.
   *
   * @throws {StoreError} If it is in use, is no database or cannot be opened. The caller may try again.
   */
  open(): void;
  /**
   * Runs one statement.
   *
   * @param sql The statement, with `?` for each parameter.
   * @param params The values of the parameters, in their order.
   * @returns Its rows.
   * @throws {StoreError} If the disk fails.
   */
  all(sql: string, params: readonly SqlValue[]): SqlRow[];
  /**
   * Runs one statement, as `all`. Without it `all` is called: naming each value of many rows takes an engine longer than
   * reading them.
   *
   * @param sql The statement, with `?` for each parameter.
   * @param params The values of the parameters, in their order.
   * @returns Its rows, each as the list of its values, in the order of the columns.
   * @throws {StoreError} If the disk fails.
   */
  values?(sql: string, params: readonly SqlValue[]): SqlValue[][];
  /**
   * Runs one statement.
   *
   * @param sql The statement, with `?` for each parameter.
   * @param params The values of the parameters, in their order.
   * @returns How many rows it changed.
   * @throws {StoreError} If the disk fails.
   */
  run(sql: string, params: readonly SqlValue[]): number;
  /** Runs several statements that take no parameters, as migrations are. */
  script(sql: string): void;
  /** Runs `body` in one transaction: commits when it returns, rolls back and rethrows when it throws. */
  transaction<Result>(body: () => Result): Result;
  /**
   * Begins a transaction that stays open while other work gets a turn. Nothing else is asked of the database before it
   * ends. Without it, a large transaction holds the event loop until it is done.
   */
  begin?(): OpenTransaction;
  /**
   * Checks that the file on the disk is still the one that was opened.
   *
   * @throws {StoreError} If the file was removed or replaced.
   */
  check?(): void;
  /**
   * Copies the database, with all that is committed when it is called, while work goes on. Only one copy or `compact` runs
   * at a time.
   *
   * @param signal Aborts the copy.
   * @returns The copy.
   * @throws {StoreError} If the database cannot be copied. An aborted copy rejects with the reason of `signal`.
   */
  copy?(signal: AbortSignal): Promise<DatabaseCopy>;
  /**
   * Gives the space of what was deleted back to the file system, a piece for each value of the iterator. Other work may
   * be done between two pieces.
   *
   * @param options What a piece may cost.
   * @returns The pieces; each does its work when it is asked for.
   * @throws {StoreError} If the disk fails, or if the work cannot be done in small pieces and `mayBlock` is not given.
   */
  compact?(options?: CompactOptions): Iterable<void>;
  /** Closes the database; further calls throw. Closing twice is fine. */
  close(): void;
}

/** A connection of an {@linkcode AsyncDatabase}, in a transaction. */
export interface AsyncConnection {
  /** Runs one statement and gives its rows. */
  all(sql: string, params: readonly SqlValue[]): Promise<SqlRow[]>;
  /** Runs one statement and gives how many rows it changed. */
  run(sql: string, params: readonly SqlValue[]): Promise<number>;
  /** Runs several statements that take no parameters, as migrations are. */
  script(sql: string): Promise<void>;
  /**
   * Runs one statement once for each set of parameters, in their order, and gives how many rows each run changed. Without
   * it `run` is called for each, and waited for.
   */
  runEach?(sql: string, sets: readonly (readonly SqlValue[])[]): Promise<number[]>;
  /**
   * Runs one statement and gives its rows, each as the list of its values. Without it `all` is called, which names each
   * value.
   */
  values?(sql: string, params: readonly SqlValue[]): Promise<SqlValue[][]>;
  /**
   * Whether a statement may be sent before the one before is answered. After one that failed, the transaction takes no more
   * and cannot be committed.
   *
   * @default {false}
   */
  readonly isPipelined?: boolean;
}

/**
 * How brokers of one database tell each other what they did. News may be lost, and then each looks after a while. Nobody but
 * brokers may be able to tell news, as they are believed; there is an open channel besides, on which anybody can talk.
 */
export interface DatabaseNews {
  /**
   * Hears news of all brokers, those of its own too.
   *
   * @param hear Gets each text.
   * @param missed Called when news may have been lost.
   * @param overhear Gets each text of the open channel.
   * @returns What ends it.
   */
  listen(
    hear: (text: string) => void,
    missed: () => void,
    overhear: (text: string) => void,
  ): Promise<() => Promise<void>>;
  /**
   * Tells all brokers.
   *
   * @param texts What to say; each has fewer than 8000 bytes.
   * @param openly Whether to say it on the open channel too, for earlier brokers.
   */
  tell(texts: readonly string[], openly: boolean): Promise<void>;
}

/**
 * A PostgreSQL database, which answers later, and which others may write to at the same time.
 *
 * Statements come with `$1`, `$2`, … for their parameters. Integers come back as numbers, bytes as `Uint8Array`. An
 * error of the engine, or the `cause` of the {@linkcode StoreError} around it, carries its SQLSTATE as `code`.
 */
export interface AsyncDatabase {
  /** The SQL that it speaks. */
  readonly dialect: "postgres";
  /** Connects, if it has not. */
  open(): Promise<void>;
  /** Runs one statement outside of any transaction and gives its rows. */
  all(sql: string, params: readonly SqlValue[]): Promise<SqlRow[]>;
  /** The same with each row as the list of its values. Without it `all` is called, which names each value. */
  values?(sql: string, params: readonly SqlValue[]): Promise<SqlValue[][]>;
  /**
   * Runs `body` in one transaction at READ COMMITTED: commits when its promise is resolved, rolls back when it is
   * rejected.
   *
   * @throws What `body` rejects with, or what the engine says of the commit.
   */
  transaction<Result>(body: (connection: AsyncConnection) => Promise<Result>): Promise<Result>;
  /**
   * Runs `body` while no other broker of the same database is in such a call: for migrations. Without it, brokers that start
   * at once rely on the locks of the tables.
   */
  alone?<Result>(body: () => Promise<Result>): Promise<Result>;
  /** How brokers hear of each other at once. Without it, each looks at what others did every few seconds. */
  readonly news?: DatabaseNews;
  /** The time of the server, in ms since the epoch: it decides where the clocks of brokers differ. */
  now?(): Promise<number>;
  /** Closes all connections. Closing twice is fine. */
  close(): Promise<void>;
}

/** A database for a broker: from an adapter's `openSqlite`, or any object that fills one of the ports. */
export type Database = SyncDatabase | AsyncDatabase;
