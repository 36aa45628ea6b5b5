/**
 * PostgreSQL for tests of the store: PGlite, which is PostgreSQL as WebAssembly, in memory.
 *
 * A process has one engine, since starting it takes about two seconds; a database is a schema in it. The engine has one
 * connection, so transactions wait for each other, and none ever meets a locked row or a conflict.
 *
 * PGlite is large and no dependency of the project. The gate installs it with its other tools and names their folder
 * in `MILLRACE_TOOLS`; without that variable it is looked for where the gate puts it.
 *
 * @module
 */

import { after, before, describe } from "node:test";
import { StoreError } from "../../src/errors.ts";
import type { AsyncConnection, AsyncDatabase } from "../../src/store/database.ts";
import {
  isPgliteLeftOut,
  isPgliteMissing,
  type PgliteConnection,
  startEngine,
  stopEngine,
  takeTurn,
} from "./pglite-engine.ts";

/** A database that also runs changes and scripts outside of a transaction. */
export type PgliteDatabase = AsyncDatabase & AsyncConnection;

/** How many suites have not ended: the last one stops the engine. */
let suites = 0;

/**
 * Defines tests that open databases of PGlite; where it is not installed, says so and skips them.
 *
 * @param name The suite's name.
 * @param define Calls `describe()` and `it()`.
 */
export function describePglite(name: string, define: () => void): void {
  if (isPgliteMissing && !isPgliteLeftOut) {
    console.log(`skip  ${name}: PGlite is not installed, 'deno task test types' installs it`);
  }
  suites++;
  describe(name, { skip: isPgliteMissing || isPgliteLeftOut }, () => {
    before(async () => void await startEngine());
    after(() => --suites === 0 ? stopEngine() : undefined);
    define();
  });
}

let count = 0;

/**
 * A database, to be opened.
 *
 * What the engine refuses is a {@linkcode StoreError} whose `cause` is the engine's error, with its SQLSTATE as `code`.
 *
 * @param name Its schema: lower-case letters, digits and `_`. Databases of one name have one content, as those of two
 * brokers would; it outlives `close()` until the last suite ends.
 * @default {"store_1"}, then `store_2`, and so on: a database of one's own
 */
export function openPglite(name: string = `store_${++count}`): PgliteDatabase {
  let isOpen = false;
  let isClosed = false;
  const demandOpen = () => {
    if (isClosed || !isOpen) throw new Error(isClosed ? "it is closed" : "it is not open");
  };
  const connection = toConnection(name, async (work) => {
    demandOpen();
    return await takeTurn(name, work);
  });
  return {
    dialect: "postgres",
    async open() {
      if (isClosed) throw new StoreError(`Database '${name}' is closed`);
      if (isOpen) return;
      await attempt(
        name,
        () => takeTurn(name, (engine) => engine.exec(`CREATE SCHEMA IF NOT EXISTS ${name}`)),
      );
      isOpen = true;
    },
    ...connection,
    async transaction(body) {
      let thrown: { readonly error: unknown } | undefined;
      return await attempt(name, async () => {
        demandOpen();
        return await takeTurn(name, (engine) =>
          engine.transaction(async (inside) => {
            try {
              return await body(toConnection(name, (work) => work(inside)));
            } catch (error) {
              thrown = { error };
              throw error;
            }
          }));
      }).catch((error) => {
        throw thrown === undefined ? error : thrown.error;
      });
    },
    close() {
      isClosed = true;
      return Promise.resolve();
    },
  };
}

/** The three ways to ask; `ask` has `work` done by the engine, or by its transaction. */
function toConnection(
  name: string,
  ask: <Result>(work: (engine: PgliteConnection) => Promise<Result>) => Promise<Result>,
): AsyncConnection {
  const query = (sql: string, params: readonly unknown[]) =>
    attempt(name, () => ask((engine) => engine.query(sql, params)));
  return {
    all: async (sql, params) => (await query(sql, params)).rows,
    run: async (sql, params) => (await query(sql, params)).affectedRows ?? 0,
    script: async (sql) => void await attempt(name, () => ask((engine) => engine.exec(sql))),
  };
}

/** Does the work; what goes wrong becomes a {@linkcode StoreError}. */
async function attempt<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`Database '${name}' failed: ${reason}`, { cause });
  }
}
