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
import { isFull, isLoginRefused, isOutage } from "./failures.ts";
import type { Hosts } from "./hosts.ts";
import { pause } from "./in-time.ts";
import type { PgClient, PgPool } from "./pool.ts";
import { prepareSession } from "./session-limits.ts";
import { createTimelines } from "./timelines.ts";

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
  readonly connection: {
    readonly stream: { readonly bytesRead?: number; destroy(error: Error): void };
  };
  connect(done: (error?: Error) => void): void;
  once(event: "end", listener: () => void): void;
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

/** How long to wait before a server that makes no other connection is asked again, in ms. */
const fullPauseMs = 100;

/**
 * Makes a pool whose connections look for tables in the schema, and keep to limits of time. It connects when it is first asked.
 *
 * All connections lead to one server. When another one is found to be the primary, those to the one before end at once: if it goes
 * on by mistake, it takes writes that nobody else sees. They end as well when a new connection got no answer in its time and none of
 * them heard a word meanwhile: nobody waits any longer for a server that froze or vanished.
 *
 * @throws {StoreError} If the package `pg` is not installed.
 */
export async function createPool(terms: PoolTerms): Promise<PgPool> {
  const { Pool, Client } = await loadDriver();
  const { hosts, schema, maxConnections, connectTimeoutMs, queryTimeoutMs } = terms;
  const prepare = prepareSession(schema, queryTimeoutMs, connectTimeoutMs);
  const demandNewest = createTimelines();
  const connected = new Set<HostClient>();
  let primary: string | undefined;

  class HostClient extends Client {
    readonly url: string;
    constructor(options: object) {
      const url = hosts.current();
      super({ ...options, connectionString: url });
      this.url = url;
    }
    override connect(done: (error?: Error) => void): void {
      const startedAt = performance.now();
      const before = new Map([...connected].map((client) => [client, client.heard]));
      super.connect((error) => {
        if (error !== undefined && error !== null) {
          hosts.rule(this.url);
          const isLate = performance.now() - startedAt > connectTimeoutMs * 0.9;
          const others = [...connected].filter(({ url }) => url === this.url);
          if (isLate && others.every((client) => client.heard === before.get(client))) {
            endAll(others, "the server does not answer");
          }
        } else {
          connected.add(this);
          this.once("end", () => connected.delete(this));
        }
        done(error);
      });
    }
    /** How many bytes came from the server. */
    get heard(): number {
      return this.connection.stream.bytesRead ?? NaN; // Not even equal to itself.
    }
  }

  const endAll = (clients: Iterable<HostClient>, message: string): void => {
    for (const { connection } of clients) connection.stream.destroy(new Error(message));
  };

  /** The server with this address takes writes, and none is known that took its place. */
  const found = (url: string): void => {
    hosts.keep(url);
    if (primary === url) return;
    primary = url;
    const others = [...connected].filter(({ url }) => url !== primary);
    endAll(others, "another server is the primary now");
  };

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
      const { url } = client as PgClient & HostClient;
      try {
        await prepare(client);
        if (hosts.count > 1) {
          await demandNewest(client, connectTimeoutMs);
          found(url);
        }
      } catch (error) {
        if (isOutage(error)) hosts.rule(url);
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
        // One of this pool's own may become free. The one that listens does not.
        const waits = isFull(error) || isLoginRefused(error) && connected.size > 1;
        if (waits && performance.now() < lastTryAt) await pause(fullPauseMs);
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
