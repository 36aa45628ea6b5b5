/**
 * The PostgreSQL of the tests: a real server, which the gate starts and names in `MILLRACE_POSTGRES`.
 *
 * @module
 */

import { after, describe } from "node:test";
import { env } from "node:process";
// @ts-ignore: without types, as where a broker loads it.
import driver from "pg";
import { openPostgres, type PgPool } from "../../adapters/postgres/mod.ts";
import { withRecording } from "./record-statements.ts";
import type { AsyncConnection, AsyncDatabase } from "../../src/store/database.ts";

/** The address of the server; empty where there is none. */
export const postgresUrl: string = env["MILLRACE_POSTGRES"] ?? "";

/** A database that also runs changes and scripts outside of a transaction. */
export type PostgresDatabase = AsyncDatabase & AsyncConnection & { readonly schema: string };

/** How many suites have not ended: the last one ends the pool. */
let suites = 0;
/** Test files may run as threads of one process. */
const own = crypto.randomUUID().slice(0, 8);
let count = 0;
let pool: PgPool | undefined;

/** Schemas that are empty again: to make the tables takes longer than most tests. */
const used: string[] = [];

/**
 * Defines tests that open databases of the server; where there is none, skips them.
 *
 * @param name The suite's name.
 * @param define Calls `describe()` and `it()`.
 */
export function describePostgres(name: string, define: () => void): void {
  suites++;
  describe(name, { skip: postgresUrl === "" }, () => {
    after(async () => {
      if (--suites > 0) return;
      const ended = pool;
      pool = undefined;
      await ended?.end();
    });
    define();
  });
}

/** A name for a schema that no other test has. */
export function freshSchema(): string {
  return `test_${own}_${++count}`;
}

/** Gives the pool of this process. */
export function sharedPool(): PgPool {
  const terms = { connectionString: postgresUrl, max: 60, pipeline: true, allowExitOnIdle: true };
  return pool ??= new driver.Pool(terms) as PgPool;
}

/**
 * A database on the pool of this process, to be opened.
 *
 * @param name Its schema, which outlives `close()`. Without one it is an empty one, that another database gets afterwards.
 */
export function openShared(name?: string): PostgresDatabase {
  const schema = name ?? used.pop() ?? freshSchema();
  const database = withRecording(openPostgres({ pool: sharedPool(), schema }));
  let isOpen = false;
  return {
    ...database,
    schema,
    async open() {
      await database.open();
      isOpen = true;
    },
    run: (sql, params) => database.transaction((connection) => connection.run(sql, params)),
    script: (sql) => database.transaction((connection) => connection.script(sql)),
    async close() {
      await database.close();
      if (!isOpen || name !== undefined) return;
      isOpen = false;
      await empty(schema);
      used.push(schema);
    },
  };
}

/** As many databases with one content, which is gone once all of them are closed. */
export function openGroup(size: number): readonly PostgresDatabase[] {
  const schema = used.pop() ?? freshSchema();
  let open = size;
  return Array.from({ length: size }, () => {
    const database = openShared(schema);
    let isClosed = false;
    return {
      ...database,
      async close() {
        await database.close();
        if (isClosed) return;
        isClosed = true;
        if (--open > 0) return;
        await empty(schema);
        used.push(schema);
      },
    };
  });
}

/** Deletes all rows, and has what counts by itself begin anew. */
async function empty(schema: string): Promise<void> {
  const client = await sharedPool().connect();
  try {
    await client.query({
      text: `DO $$ DECLARE found record; BEGIN
        FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = '${schema}'
          AND tablename <> 'schema_version' LOOP
          EXECUTE format('DELETE FROM ${schema}.%I', found.tablename);
        END LOOP;
        FOR found IN SELECT sequencename FROM pg_sequences WHERE schemaname = '${schema}' LOOP
          EXECUTE format('ALTER SEQUENCE ${schema}.%I RESTART', found.sequencename);
        END LOOP;
      END $$`,
    });
  } finally {
    client.release();
  }
}
