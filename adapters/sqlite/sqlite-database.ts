/**
 * What every synchronous SQLite binding shares: how a file is opened and locked, when a statement is
 * prepared, what a failure is called.
 *
 * | State  | Call               | Next   | What happens                                       |
 * | ------ | ------------------ | ------ | -------------------------------------------------- |
 * | new    | open(), succeeds   | open   | the file is made if it is not there, and locked    |
 * | new    | open(), fails      | new    | nothing stays open; `open` may be tried again      |
 * | new    | close()            | closed | nothing: the file was never touched                |
 * | open   | open()             | open   | nothing                                            |
 * | open   | close()            | closed | statements are finalized, the lock is released     |
 * | closed | open()             | closed | is refused                                         |
 * | closed | close()            | closed | nothing                                            |
 *
 * Everything else needs an open database.
 *
 * The lock is SQLite's own (`locking_mode = EXCLUSIVE`): a second broker on the same file is refused. The operating
 * system releases the lock when the process ends, however it ends. And because nobody else reads the file, the
 * write-ahead log needs no shared memory.
 *
 * Once SQLite found the file damaged, every transaction is refused; statements outside of one, which only read, are tried.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { StoreError } from "../../src/errors.ts";
import { checkOptions, show } from "../../src/options.ts";
import type { OpenTransaction, SqlRow, SqlValue, SyncDatabase } from "../../src/store/database.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { ensurePrivateFile } from "./private-file.ts";
import { checkpointPages, logBytes, withUpkeep } from "./upkeep.ts";

/** How a database is opened. */
export interface OpenSqliteOptions {
  /**
   * What a commit survives. `buffered`: the end of the process at any moment, but a power cut may take the last
   * commits with it. `fsync`: a power cut too; every commit then waits for the disk.
   *
   * @default {"buffered"}
   */
  readonly durability?: "buffered" | "fsync";
}

/** What is used of a prepared statement of `node:sqlite` or `bun:sqlite`. */
export interface SqliteStatement {
  all(...params: SqlValue[]): unknown[];
  run(...params: SqlValue[]): { readonly changes: number | bigint };
  /** Bun has it: the rows as lists of their values. */
  values?(...params: SqlValue[]): unknown[][];
  /** Node has it from 24 on, and Deno: makes `all` give lists of values. */
  setReturnArrays?(enabled: boolean): void;
  /** Bun has it, and keeps the file locked until each statement was finalized. */
  finalize?(): void;
}

/** What is used of an open connection of `node:sqlite` or `bun:sqlite`. */
export interface SqliteConnection {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** The class of a binding that opens a file: `DatabaseSync` of `node:sqlite`, `Database` of `bun:sqlite`. */
export type SqliteBinding = new (path: string) => SqliteConnection;

/** A second broker waits this long for a first that is about to end. */
const busyTimeoutMs = 1000;

/**
 * Creates a database on a file, or in memory. The file is neither made nor read before `open`.
 *
 * @param binding What opens the file.
 * @param path The file, relative to the working folder at the time of this call; or `:memory:`.
 * @throws {TypeError} If `path` is empty, or `durability` is none of the two.
 */
export function createSqliteDatabase(
  binding: SqliteBinding,
  path: string,
  options: OpenSqliteOptions = {},
): SyncDatabase {
  checkOptions("openSqlite", options, { durability: 1 });
  const { durability = "buffered" } = options;
  if (typeof path !== "string") {
    throw new TypeError(`Cannot use 'path' ${show(path)}: expected a file name or ':memory:'`);
  }
  if (path === "") {
    throw new TypeError("Option 'path' is empty, expected a file name or ':memory:'");
  }
  if (durability !== "buffered" && durability !== "fsync") {
    throw new TypeError(`Option 'durability' is '${durability}', expected 'buffered' or 'fsync'`);
  }
  const inMemory = path === ":memory:";
  const name = inMemory ? path : basename(path);
  const file = inMemory ? path : resolve(path);
  const synchronous = durability === "fsync" ? "FULL" : "NORMAL";
  const connect = () => openFile(binding, file, { path, name, synchronous });
  const database = fromConnection(connect, name);
  return inMemory ? database : withUpkeep(database, file, name);
}

/** Opens and locks the file, or leaves nothing open. */
function openFile(
  binding: SqliteBinding,
  file: string,
  { path, name, synchronous }: {
    readonly path: string;
    readonly name: string;
    readonly synchronous: "FULL" | "NORMAL";
  },
): SqliteConnection {
  let connection: SqliteConnection | undefined;
  // SQLite would make it readable for all. The log gets the mode of the file.
  if (file !== ":memory:") ensurePrivateFile(file);
  try {
    connection = new binding(file);
    connection.exec(`
      PRAGMA busy_timeout = ${busyTimeoutMs};
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous};
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
      PRAGMA wal_autocheckpoint = ${checkpointPages};
      PRAGMA journal_size_limit = ${logBytes};
      BEGIN IMMEDIATE;
      COMMIT;
    `);
    return connection;
  } catch (cause) {
    connection?.close();
    if (isLocked(cause)) {
      throw new StoreError(`Database '${name}' is in use by another broker`, { cause });
    }
    throw new StoreError(`Cannot open database '${path}': ${reasonOf(file, cause)}`, { cause });
  }
}

function fromConnection(connect: () => SqliteConnection, name: string): SyncDatabase {
  const statements = new Map<string, SqliteStatement>();
  /** Those that give lists of values: what a statement gives is said when it is made, and not at each run. */
  const listing = new Map<string, SqliteStatement>();
  let connection: SqliteConnection | undefined;
  let closed = false;
  /** Remembered until the process ends: what is written to a damaged file damages more of it. */
  let damage: UnusableStoreError | undefined;

  const attempt = <Result>(work: (connection: SqliteConnection) => Result): Result => {
    if (connection === undefined) {
      throw new StoreError(`Database '${name}' is ${closed ? "closed" : "not open"}`);
    }
    try {
      return work(connection);
    } catch (cause) {
      if (!isDamage(cause)) {
        throw new StoreError(`Database '${name}' failed: ${messageOf(cause)}`, { cause });
      }
      throw damage ??= new UnusableStoreError(
        `Database '${name}' is damaged: ${messageOf(cause)}`,
        { cause },
      );
    }
  };
  const prepare = (connection: SqliteConnection, sql: string): SqliteStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, statement = connection.prepare(sql));
    return statement;
  };
  const prepareListing = (connection: SqliteConnection, sql: string): SqliteStatement => {
    let statement = listing.get(sql);
    if (statement === undefined) {
      listing.set(sql, statement = connection.prepare(sql));
      statement.setReturnArrays?.(true);
    }
    return statement;
  };
  const run = (sql: string, params: readonly SqlValue[]): number =>
    attempt((connection) => Number(prepare(connection, sql).run(...params).changes));

  const begin = (): OpenTransaction => {
    if (damage !== undefined) throw damage;
    run("BEGIN IMMEDIATE", []);
    return openTransaction;
  };
  const openTransaction: OpenTransaction = {
    commit: () => void run("COMMIT", []),
    rollback() {
      try {
        run("ROLLBACK", []);
      } catch {
        // A full disk makes SQLite roll back by itself. The first error is the one that matters.
      }
    },
  };

  return {
    dialect: "sqlite",
    open() {
      if (closed) throw new StoreError(`Database '${name}' is closed`);
      connection ??= connect();
    },
    run,
    all: (sql, params) =>
      attempt((connection) => prepare(connection, sql).all(...params) as SqlRow[]),
    values: (sql, params) =>
      attempt((connection) => {
        const statement = prepareListing(connection, sql);
        if (statement.values !== undefined) return statement.values(...params) as SqlValue[][];
        const found = statement.all(...params);
        return statement.setReturnArrays !== undefined
          ? found as SqlValue[][]
          : (found as SqlRow[]).map(Object.values);
      }),
    script: (sql) => attempt((connection) => void connection.exec(sql)),
    transaction(body) {
      const transaction = begin();
      try {
        const result = body();
        transaction.commit();
        return result;
      } catch (error) {
        transaction.rollback();
        throw error;
      }
    },
    begin,
    close() {
      closed = true;
      for (const made of [statements, listing]) {
        for (const statement of made.values()) statement.finalize?.();
        made.clear();
      }
      connection?.close();
      connection = undefined;
    },
  };
}

/** Told by its text: Deno's errors carry no SQLite code. */
function isLocked(error: unknown): boolean {
  return messageOf(error).includes("database is locked");
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: a page is not what it has to be. Told by its text for the same reason. */
function isDamage(error: unknown): boolean {
  return /^(database disk image is malformed|file is not a database)$/m.test(messageOf(error));
}

/** What a person can correct, where SQLite says only "unable to open database file". */
function reasonOf(file: string, cause: unknown): string {
  if (existsSync(file) && statSync(file).isDirectory()) return "it is a folder";
  if (file !== ":memory:" && !existsSync(dirname(file))) {
    return `folder '${dirname(file)}' does not exist`;
  }
  return messageOf(cause);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
