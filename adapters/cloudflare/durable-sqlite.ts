/**
 * The SQLite database of a Durable Object.
 *
 * What differs from a file, as tried on workerd:
 *
 * | There                                        | Here                                                        |
 * | -------------------------------------------- | ----------------------------------------------------------- |
 * | `BEGIN`, `COMMIT` and `PRAGMA` are refused   | `transactionSync`; nothing is opened or locked              |
 * | 100 parameters a statement at most           | one row a statement                                         |
 * | a cursor counts rows of indexes as well      | `changes()` is asked                                        |
 * | bytes come back as an `ArrayBuffer`          | a `Uint8Array` on it                                        |
 * | a text or a row has about 2 MB at most       | payloads are refused that are larger (`broker-object.ts`)   |
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import type { SqlRow, SqlValue, SyncDatabase } from "../../src/store/database.ts";

/** What is used of the rows of a statement. */
export interface DurableCursor {
  /** The rows, keyed by column. */
  toArray(): Record<string, unknown>[];
  /** The rows as lists of their values. */
  raw(): Iterable<unknown[]>;
}

/** What is used of `ctx.storage` of a Durable Object with SQLite. */
export interface DurableStorage {
  /** Runs statements. */
  readonly sql: { exec(query: string, ...bindings: unknown[]): DurableCursor };
  /** Commits when `body` returns, rolls back when it throws. */
  transactionSync<Result>(body: () => Result): Result;
  /** When the object is to be woken, in ms since the epoch; null if it is not. */
  getAlarm(): Promise<number | null>;
  /** Has the object woken at an instant, in ms since the epoch, and at no other one. */
  setAlarm(at: number): Promise<void>;
}

/**
 * Opens the database of a Durable Object.
 *
 * @param storage `ctx.storage` of the object, which has to be one with SQLite (`new_sqlite_classes`).
 * @returns For the `store` of a broker.
 */
export function openDurableSqlite(
  storage: Pick<DurableStorage, "sql" | "transactionSync">,
): SyncDatabase {
  const { sql } = storage;

  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError(`Database of the Durable Object failed: ${reason}`, { cause });
    }
  };

  return {
    dialect: "sqlite",
    open() {},
    all: (text, params) =>
      attempt(() => {
        const rows = sql.exec(text, ...params).toArray();
        for (const row of rows) {
          for (const name in row) {
            if (row[name] instanceof ArrayBuffer) row[name] = new Uint8Array(row[name]);
          }
        }
        return rows as SqlRow[];
      }),
    values: (text, params) =>
      attempt(() => {
        const rows = [...sql.exec(text, ...params).raw()];
        for (const row of rows) {
          for (const [at, value] of row.entries()) {
            if (value instanceof ArrayBuffer) row[at] = new Uint8Array(value);
          }
        }
        return rows as SqlValue[][];
      }),
    run: (text, params) =>
      attempt(() => {
        sql.exec(text, ...params);
        const [count] = [...sql.exec("SELECT changes()").raw()];
        return count![0] as number;
      }),
    script: (text) => attempt(() => void sql.exec(text)),
    transaction(body) {
      // What `body` throws comes out as it is: only the commit is the database's.
      let failure: { readonly error: unknown } | undefined;
      try {
        return storage.transactionSync(() => {
          try {
            return body();
          } catch (error) {
            failure = { error };
            throw error;
          }
        });
      } catch (error) {
        if (failure !== undefined) throw failure.error;
        return attempt(() => {
          throw error;
        });
      }
    },
    close() {},
  };
}
