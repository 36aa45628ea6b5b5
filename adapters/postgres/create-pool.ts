/**
 * The pool that is made when only an address is given.
 *
 * Two drivers were tried, `pg` and `postgres` (postgres.js). `pg` was taken: it is the one that is kept up, applications and
 * query builders already have a pool of it, each query can say how its values are read without a setting that others
 * would notice, and statements of a transaction that do not wait for each other go out in one piece (`pipeline`), which
 * was faster on each runtime.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { isFull, isOutage } from "./failures.ts";
import type { Hosts } from "./hosts.ts";
import { pause } from "./in-time.ts";
import type { PgClient, PgPool } from "./pool.ts";
import { prepareSession } from "./session-limits.ts";

/** How a pool is made. */
export interface PoolTerms {
  readonly hosts: Hosts;
  readonly schema: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
}

/** The client that `pg` makes for each connection, before it is connected. */
interface PgConnecting {
  connect(done: (error?: Error) => void): void;
}

/** The classes that are used of `pg`. */
interface PgModule {
  readonly Pool: new (options: object) => PgPool;
  readonly Client: new (options: object) => PgConnecting;
}

/** A connection that nobody uses is looked after by the system from then on: a server that vanished is noticed. */
const keepAliveAfterMs = 10_000;

/** How long the answer of a server is waited for that has given a statement up. */
const graceMs = 1000;

/** How long to wait before a server without room for another connection is asked again. */
const fullPauseMs = 100;

/**
 * Makes a pool whose connections look for tables in the schema, and keep to limits of time. It connects when it is first asked.
 *
 * @throws {StoreError} If the package `pg` is not installed.
 */
export async function createPool(terms: PoolTerms): Promise<PgPool> {
  const { Pool, Client } = await loadDriver();
  const { hosts, schema, maxConnections, connectTimeoutMs, queryTimeoutMs } = terms;
  const prepare = prepareSession(schema, queryTimeoutMs);

  class HostClient extends Client {
    readonly url: string;
    constructor(options: object) {
      const url = hosts.current();
      super({ ...options, connectionString: url });
      this.url = url;
    }
    override connect(done: (error?: Error) => void): void {
      super.connect((error) => {
        if (error !== undefined && error !== null) hosts.rule(this.url);
        done(error);
      });
    }
  }

  const pool = new Pool({
    Client: HostClient,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs + graceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    pipeline: true,
    // Before anybody else gets the connection.
    async onConnect(client: PgClient) {
      try {
        await prepare(client);
      } catch (error) {
        if (isOutage(error)) hosts.rule((client as PgClient & HostClient).url);
        throw error;
      }
    },
  });

  const connect = async (): Promise<PgClient> => {
    const lastTryAt = performance.now() + connectTimeoutMs;
    for (let tries = 1;; tries++) {
      const asked = hosts.current();
      try {
        return await pool.connect();
      } catch (error) {
        // One of this pool's own may become free before the server has room for another one.
        if (isFull(error) && performance.now() < lastTryAt) await pause(fullPauseMs);
        else if (!isOutage(error) || tries >= hosts.count || hosts.current() === asked) throw error;
      }
    }
  };
  return {
    connect,
    end: () => pool.end(),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
  };
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
