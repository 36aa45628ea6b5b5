/**
 * A database of PostgreSQL for a broker.
 *
 * | State  | Call               | Next   | What happens                                                      |
 * | ------ | ------------------ | ------ | ----------------------------------------------------------------- |
 * | new    | open(), succeeds   | open   | it connected, the server can be used, and the schema is there     |
 * | new    | open(), fails      | new    | `open` may be tried again                                         |
 * | open   | open()             | open   | nothing                                                           |
 * | any    | close()            | closed | a pool that was made here ends; one that was given does not       |
 *
 * Everything else needs an open database.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { checkOptions, show } from "../../src/options.ts";
import { defaultSchema, mostNameBytes, nameBytes } from "../../src/protocol/outbox.ts";
import type {
  AsyncConnection,
  AsyncDatabase,
  DatabaseNews,
  SqlRow,
  SqlValue,
} from "../../src/store/database.ts";
import { createPool, type PoolTerms } from "./create-pool.ts";
import { createFailures } from "./failures.ts";
import { createNews } from "./news.ts";
import { readHosts } from "./hosts.ts";
import { demandSession } from "./pooler.ts";
import type { PgClient, PgPool, PgQuery } from "./pool.ts";
import { toQuery } from "./query.ts";
import { prepareSchema } from "./schema.ts";
import { createSessions, type Sessions } from "./sessions.ts";

/** How a database of PostgreSQL is opened. */
export interface OpenPostgresOptions {
  /**
   * Its address, such as `postgres://user:password@host:5432/name`; what else can stand there (`?sslmode=verify-full`) is told
   * by the driver `pg`. It may name several servers, `postgres://user@one:5432,two:5432/name`, of which one is the primary and
   * the others follow it: whichever takes writes is used, also after a failover. Give this or `pool`.
   */
  readonly url?: string | undefined;
  /**
   * A pool of the driver `pg`, for at least two connections, of which one listens; better for ten. It is not ended with the broker, and what is set for its
   * sessions stays as it is. Give this or `url`.
   */
  readonly pool?: PgPool | undefined;
  /**
   * The schema that has the broker's tables. It is made if it is not there. Brokers with one schema are one queue.
   *
   * @default {"millrace"}
   */
  readonly schema?: string | undefined;
  /**
   * How many connections there may be at once. Only with `url`.
   *
   * @default {10}
   */
  readonly maxConnections?: number | undefined;
  /**
   * How long a connection may be waited for, in ms. Whoever cannot be served for that reason is told to come again (503).
   *
   * @default {10000}
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long the server may take for one statement before it gives it up, in ms. Only with `url`.
   *
   * @default {60000}
   */
  readonly queryTimeoutMs?: number | undefined;
}

/**
 * Gives a database of PostgreSQL (13 or newer) to a broker, which connects when it starts. The package `pg` has to be installed.
 *
 * The database's `open` throws a {@linkcode StoreError} if the server cannot be reached or used.
 *
 * @param options Where it is.
 * @returns A database that is not open yet.
 * @throws {TypeError} If neither or both of `url` and `pool` are given, or an option is of a wrong kind.
 * @throws {RangeError} If a number is out of range, or `pool` is for one connection only.
 *
 * @example
 * ```ts ignore
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openPostgres } from "@millrace/millrace/postgres";
 *
 * const broker = createBroker({ store: openPostgres({ url: "postgres://localhost/jobs" }) });
 * ```
 */
export function openPostgres(options: OpenPostgresOptions): AsyncDatabase {
  const terms = toTerms(options);
  const failures = createFailures();
  let opening: Promise<Sessions> | undefined;
  let sessions: Sessions | undefined;
  let news: DatabaseNews | undefined;
  let closed = false;

  const connect = async (): Promise<Sessions> => {
    const { schema, connectTimeoutMs } = terms;
    const isOwn = options.pool === undefined;
    const pool = options.pool ?? await createPool(terms);
    const made = createSessions({ pool, schema, isOwn, connectTimeoutMs });
    try {
      await made.use(async (client) => {
        await demandSession(client, pool);
        await prepareSchema(client, schema);
      });
    } catch (error) {
      await made.end().catch(() => {});
      throw error;
    }
    news = createNews({ pool, sessions: made, schema, connectTimeoutMs });
    return sessions = made;
  };

  const demandOpen = (): Sessions => {
    if (sessions === undefined || closed) {
      throw new StoreError(
        `Cannot ask PostgreSQL: the database is ${closed ? "closed" : "not open"}`,
      );
    }
    return sessions;
  };

  /** Does the work; what the server says of it becomes a {@linkcode StoreError}. */
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await work();
      failures.over();
      return result;
    } catch (error) {
      throw failures.of(error);
    }
  };

  return {
    dialect: "postgres",
    async open() {
      if (closed) throw new StoreError("Cannot open PostgreSQL: the database is closed");
      await attempt(() =>
        opening ??= connect().catch((error) => {
          opening = undefined;
          throw error;
        })
      );
    },
    all: (sql, params) =>
      attempt(async () => (await demandOpen().read(toQuery(sql, params))).rows as SqlRow[]),
    values: (sql, params) =>
      attempt(async () =>
        (await demandOpen().read({ ...toQuery(sql, params), rowMode: "array" })).rows
      ),
    async transaction(body) {
      let thrown: { readonly error: unknown } | undefined;
      try {
        return await attempt(() =>
          demandOpen().transaction(async (client) => {
            try {
              return await body(toConnection(client, failures.of));
            } catch (error) {
              thrown = { error };
              throw error;
            }
          })
        );
      } catch (error) {
        throw thrown === undefined ? error : thrown.error;
      }
    },
    alone: (body) => attempt(() => demandOpen().alone(body)),
    news: {
      listen: (...told) => attempt(() => (demandOpen(), news!.listen(...told))),
      tell: (...told) => attempt(() => (demandOpen(), news!.tell(...told))),
    },
    async now() {
      const text = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";
      return (await attempt(() => demandOpen().read(toQuery(text, [])))).rows[0].now;
    },
    async close() {
      closed = true;
      await opening?.catch(() => {});
      await sessions?.end();
    },
  };
}

/** The statements of a transaction. */
function toConnection(client: PgClient, toError: (cause: unknown) => StoreError): AsyncConnection {
  const query = async (
    sql: string,
    params: readonly SqlValue[],
    more?: Pick<PgQuery, "rowMode">,
  ) => {
    try {
      return await client.query({ ...toQuery(sql, params), ...more });
    } catch (error) {
      throw toError(error);
    }
  };
  const run = async (sql: string, params: readonly SqlValue[]) =>
    (await query(sql, params)).rowCount ?? 0;
  return {
    isPipelined: client.pipeline === true,
    all: async (sql, params) => (await query(sql, params)).rows as SqlRow[],
    values: async (sql, params) => (await query(sql, params, { rowMode: "array" })).rows,
    run,
    async script(sql) {
      try {
        // To change large tables may take longer than anything else; who waits for the answer waits as long.
        const text = `SET LOCAL statement_timeout = 0; ${sql}`;
        await client.query({ text, query_timeout: longestTimeoutMs });
      } catch (error) {
        throw toError(error);
      }
    },
    async runEach(sql, sets) {
      // None waits for the one before; after one that fails, the server refuses the others.
      if (client.pipeline === true) return await Promise.all(sets.map((set) => run(sql, set)));
      const counts: number[] = [];
      for (const set of sets) counts.push(await run(sql, set));
      return counts;
    },
  };
}

/** The longest that a timer can be set for. */
const longestTimeoutMs = 2 ** 31 - 1;

function toTerms(options: OpenPostgresOptions): PoolTerms {
  checkOptions<OpenPostgresOptions>("openPostgres", options, {
    url: 1,
    pool: 1,
    schema: 1,
    maxConnections: 1,
    connectTimeoutMs: 1,
    queryTimeoutMs: 1,
  });
  const { url = "", pool, schema = defaultSchema } = options;
  const { maxConnections = 10, connectTimeoutMs = 10_000, queryTimeoutMs = 60_000 } = options;
  if ((options.url === undefined) === (pool === undefined)) {
    throw new TypeError(
      `Options of 'openPostgres' have ${pool === undefined ? "no" : "a"} 'url' and ${
        pool === undefined ? "no" : "a"
      } 'pool', expected one of them`,
    );
  }
  const hosts = readHosts(pool === undefined ? url : "postgres://");
  if (pool !== undefined && typeof pool?.connect !== "function") {
    throw new TypeError(`Cannot use 'pool' ${show(pool)}: expected a pool of the package 'pg'`);
  }
  if (typeof schema !== "string" || schema === "" || nameBytes(schema) > mostNameBytes) {
    throw new TypeError(`Option 'schema' is ${show(schema)}, expected 1 to ${mostNameBytes} bytes`);
  }
  const most = pool?.options?.max;
  if (most !== undefined && !(most >= leastConnections)) {
    throw new RangeError(
      `Option 'pool' has a 'max' of ${
        show(most)
      }, expected ${leastConnections} or more: one connection listens all the time`,
    );
  }
  demandCount("maxConnections", maxConnections, 3);
  demandCount("connectTimeoutMs", connectTimeoutMs, 1);
  demandCount("queryTimeoutMs", queryTimeoutMs, 1);
  return { hosts, schema, maxConnections, connectTimeoutMs, queryTimeoutMs };
}

/** How many connections a broker cannot do without. */
const leastConnections = 2;

function demandCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return;
  throw new RangeError(
    `Option '${name}' is ${show(value)}, expected an integer of ${least} or more`,
  );
}
