/**
 * What is used of the driver `pg`, and the pool that is made when only an address is given.
 *
 * Two drivers were tried, `pg` and `postgres` (postgres.js). `pg` was taken: it is the one that is kept up, applications and
 * query builders already have a pool of it, each query can say how its values are read without a setting that others
 * would notice, and statements of a transaction that do not wait for each other go out in one piece (`pipeline`), which
 * was faster on each runtime.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";

/** A query, as `pg` takes it. */
export interface PgQuery {
  /** What the prepared statement is called; it is prepared once for each connection. */
  readonly name?: string;
  /** The statement. */
  readonly text: string;
  /** The values of its parameters. */
  readonly values?: unknown[];
  /** Makes each row a list of its values. */
  readonly rowMode?: "array";
  /** Gives what reads the values of a type. */
  readonly types?: { getTypeParser(type: number, format?: string): (value: string) => unknown };
}

/** What a query gives. */
export interface PgResult {
  /** Its rows. */
  // deno-lint-ignore no-explicit-any
  readonly rows: any[];
  /** How many rows it read or changed. */
  readonly rowCount: number | null;
  /** What was done, such as `COMMIT`. */
  readonly command?: string;
}

/** What a client that listens is told. */
export interface PgNotification {
  /** What was said. */
  readonly payload?: string;
}

/** What is used of a client of `pg` that was taken from a pool. */
export interface PgClient {
  /** Runs a query. */
  query(query: PgQuery): Promise<PgResult>;
  /** Whether it sends a query before the one before is answered. */
  readonly pipeline?: boolean;
  /** Its connection, whose socket can be told to wait for more. */
  readonly connection?: { readonly stream?: { cork?(): void; uncork?(): void } };
  /** Gives it back to its pool; `true` or an error ends its connection. */
  release(error?: Error | boolean): void;
  /** Has errors and the end of its connection told, and what comes by LISTEN. */
  // deno-lint-ignore no-explicit-any
  on(event: "error" | "end" | "notification", listener: (told: any) => void): any;
  /** Has them not told any more. */
  // deno-lint-ignore no-explicit-any
  off(event: "error" | "end" | "notification", listener: (told: any) => void): any;
}

/** What is used of a pool of `pg`: `new Pool(…)` of that package is one. */
export interface PgPool {
  /** Takes a client, or makes one. */
  connect(): Promise<PgClient>;
  /** Ends all connections. */
  end(): Promise<void>;
  /** Has errors of its connection told. */
  // deno-lint-ignore no-explicit-any
  on(event: "error", listener: (error: Error) => void): any;
  /** Has them not told any more. */
  // deno-lint-ignore no-explicit-any
  off(event: "error", listener: (error: Error) => void): any;
}

/** How a pool is made. */
export interface PoolTerms {
  readonly url: string;
  readonly schema: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
}

/** The class that is used of `pg`. */
interface PgModule {
  readonly Pool: new (options: object) => PgPool;
}

/**
 * Makes a pool whose connections look for tables in the schema. It connects when it is first asked.
 *
 * @throws {StoreError} If the package `pg` is not installed.
 */
export async function createPool(terms: PoolTerms): Promise<PgPool> {
  const { Pool } = await loadDriver();
  return new Pool({
    connectionString: terms.url,
    max: terms.maxConnections,
    connectionTimeoutMillis: terms.connectTimeoutMs,
    query_timeout: terms.queryTimeoutMs,
    keepAlive: true,
    pipeline: true,
    // Before anybody else gets the connection.
    onConnect: (client: PgClient) =>
      client.query({ text: `SET search_path TO ${quoteName(terms.schema)}` }),
  });
}

async function loadDriver(): Promise<PgModule> {
  try {
    // @ts-ignore: its types are in a package of its own, which nobody who installs this one need have.
    const loaded = await import("pg");
    return (loaded.default ?? loaded) as PgModule;
  } catch (cause) {
    throw new StoreError(
      "Cannot load the package 'pg': expected it beside this one, npm install pg",
      {
        cause,
      },
    );
  }
}

/** The name of a schema or table, as SQL has it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
