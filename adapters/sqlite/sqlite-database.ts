/**
 * What every synchronous SQLite binding shares: how a file is opened and locked, when a statement is
 * prepared, what a failure is called.
 *
 * The lock is SQLite's own (`locking_mode = EXCLUSIVE`): a second broker on the same file is refused, the
 * operating system lets go of it when the process dies however it dies, and with nobody else to
 * look out for the write-ahead log needs no shared memory.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { StoreError } from "../../src/errors.ts";
import type { SqlRow, SqlValue, SyncDatabase } from "../../src/store/database.ts";
import { withUpkeep } from "./upkeep.ts";

/** How a database is opened. */
export interface OpenSqliteOptions {
  /**
   * What a commit survives. `buffered` (default): the death of the process at any moment, but a power cut may take
   * the last commits with it. `fsync`: a power cut too; every commit then waits for the disk.
   */
  readonly durability?: "buffered" | "fsync";
}

/** What is used of a prepared statement of `node:sqlite` or `bun:sqlite`. */
export interface SqliteStatement {
  all(...params: SqlValue[]): unknown[];
  run(...params: SqlValue[]): { readonly changes: number | bigint };
  /** Bun has it, and keeps the file locked until each statement was finalized. */
  finalize?(): void;
}

/** What is used of an open database of `node:sqlite` or `bun:sqlite`. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** A second broker waits this long for a first that is on its way out. */
const busyTimeoutMs = 1000;

/** What the log keeps of the space that a large transaction, or a backup, made it take: SQLite keeps all else. */
const logBytes = 16 * 1024 * 1024;

/**
 * The database at `path`, through a binding. `open` opens the file and locks it.
 *
 * @throws {TypeError} If an option cannot be.
 */
export function openDriver(
  binding: new (path: string) => SqliteDatabase,
  path: string,
  options: OpenSqliteOptions = {},
): SyncDatabase {
  const { durability = "buffered" } = options;
  if (path === "") {
    throw new TypeError("Option 'path' is empty, expected a file name or ':memory:'");
  }
  if (durability !== "buffered" && durability !== "fsync") {
    throw new TypeError(`Option 'durability' is '${durability}', expected 'buffered' or 'fsync'`);
  }
  const name = path === ":memory:" ? path : basename(path);
  const connection = createConnection(() => openFile(binding, path, { name, durability }), name);
  return path === ":memory:" ? connection : withUpkeep(connection, resolve(path), name);
}

/** Opens and locks the file. */
function openFile(
  binding: new (path: string) => SqliteDatabase,
  path: string,
  { name, durability }: { readonly name: string; readonly durability: "buffered" | "fsync" },
): SqliteDatabase {
  let database: SqliteDatabase | undefined;
  try {
    database = new binding(path);
    database.exec(`
      PRAGMA busy_timeout = ${busyTimeoutMs};
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${durability === "fsync" ? "FULL" : "NORMAL"};
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
      PRAGMA journal_size_limit = ${logBytes};
      BEGIN IMMEDIATE;
      COMMIT;
    `);
    return database;
  } catch (cause) {
    database?.close();
    if (isLocked(cause)) {
      throw new StoreError(`Database '${name}' is in use by another broker`, { cause });
    }
    throw new StoreError(`Cannot open database '${path}': ${reason(path, cause)}`, { cause });
  }
}

function createConnection(openFile: () => SqliteDatabase, name: string): SyncDatabase {
  const statements = new Map<string, SqliteStatement>();
  let database: SqliteDatabase | undefined;
  let closed = false;

  const opened = (): SqliteDatabase => {
    if (database !== undefined) return database;
    throw new Error(closed ? "it is closed" : "it is not open");
  };
  const prepare = (sql: string): SqliteStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, statement = opened().prepare(sql));
    return statement;
  };
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (cause) {
      throw new StoreError(`Database '${name}' failed: ${messageOf(cause)}`, { cause });
    }
  };
  const run = (sql: string, params: readonly SqlValue[]): number =>
    attempt(() => Number(prepare(sql).run(...params).changes));

  return {
    dialect: "sqlite",
    open() {
      if (closed) throw new StoreError(`Database '${name}' is closed`);
      database ??= openFile();
    },
    run,
    all: (sql, params) => attempt(() => prepare(sql).all(...params) as SqlRow[]),
    script: (sql) => attempt(() => void opened().exec(sql)),
    transaction(body) {
      run("BEGIN IMMEDIATE", []);
      try {
        const result = body();
        run("COMMIT", []);
        return result;
      } catch (error) {
        try {
          run("ROLLBACK", []);
        } catch {
          // A full disk makes SQLite roll back by itself; the first error is the one to tell.
        }
        throw error;
      }
    },
    close() {
      if (closed) return;
      closed = true;
      for (const statement of statements.values()) statement.finalize?.();
      statements.clear();
      database?.close();
      database = undefined;
    },
  };
}

/** By its text: Deno's errors carry no SQLite code. */
function isLocked(error: unknown): boolean {
  return messageOf(error).includes("database is locked");
}

/** What a person can do something about, where SQLite says only "unable to open database file". */
function reason(path: string, cause: unknown): string {
  if (existsSync(path) && statSync(path).isDirectory()) return "it is a folder";
  if (path !== ":memory:" && !existsSync(dirname(path))) {
    return `folder '${dirname(path)}' does not exist`;
  }
  return messageOf(cause);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
