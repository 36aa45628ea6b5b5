/**
 * The broker: a store, an engine and one fetch function.
 *
 * @module
 */

import { type Clock, type Random, systemClock, systemRandom } from "../async/clock.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { SyncDatabase } from "../store/database.ts";
import { createStore } from "../store/store.ts";
import { createUpkeep } from "../store/upkeep.ts";
import { createEngine } from "./engine/engine.ts";
import { type Settings, toSettings } from "./engine/settings.ts";
import { createAdminHandler } from "./http/admin.ts";
import { protocol } from "./http/endpoints.ts";
import { createHandler } from "./http/handler.ts";

/** What {@linkcode createBroker} makes a broker from. */
export interface BrokerOptions extends Partial<Settings> {
  /**
   * The database, from an adapter's `openSqlite`. The broker owns it from now on and closes it.
   */
  readonly store: SyncDatabase;
  /** Told of what goes wrong behind an answer; default silent. */
  readonly logger?: Logger;
  /** The time and the timers; default the platform's. */
  readonly clock?: Clock;
  /** Chance, for jitter and ids; default the platform's. */
  readonly random?: Random;
}

/** A broker: give its `fetch` to a server, or straight to a client. */
export interface Broker extends AsyncDisposable {
  /** Answers one request, 503 while the database cannot be used; never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Answers one request of an operator; never rejects. `POST /backup` gives a gzipped tar archive of the database
   * as it is, `POST /compact` gives the space of deleted jobs back to the file system; the broker works on
   * meanwhile. Who can call this can read every payload, and nothing else protects it, so it is mounted nowhere
   * unless you do, on a port that only operators reach.
   */
  readonly adminFetch: (request: Request) => Promise<Response>;
  /**
   * Puts the jobs that a crash left in flight back into their queues and looks for due work. Called by the
   * first request if nobody did; every request waits for it. Calling it again gives the same promise.
   */
  start(): Promise<void>;
  /**
   * Ends the take streams (their unfinished jobs go back uncharged), commits what was accepted, and closes
   * the database. Requests that come later are answered 503. Calling it again gives the same promise.
   */
  stop(options?: { readonly timeoutMs?: number | undefined }): Promise<void>;
  /** The same as `stop`. */
  close(): Promise<void>;
}

/**
 * Creates a broker on a database and brings its tables up to date.
 *
 * Throws {@linkcode StoreError} when the database was written by a newer version or cannot be used, and
 * `RangeError` for an option out of range.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createClient } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const job = await client.enqueue({ type: "greet", queue: "default", payload: "Ada" });
 * console.log(job.status); // ready
 * ```
 */
export function createBroker(options: BrokerOptions): Broker {
  const { clock = systemClock, random = systemRandom, logger = silentLogger } = options;
  const settings = toSettings(options);
  options.store.open();
  const store = createStore(options.store, clock);
  const engine = createEngine({ store, settings, clock, random, logger });
  const checkStore = () => store.check();
  const handle = createHandler(protocol, { engine, checkStore, settings, clock, logger });
  const upkeep = createUpkeep(options.store, clock);
  const handleAdmin = createAdminHandler({ upkeep, clock, logger });
  let starting: Promise<void> | undefined;
  let started = false;
  let closed: Promise<void> | undefined;

  const start = () =>
    starting ??= engine.start().then(() => void (started = true), (error) => {
      starting = undefined; // the next request tries again
      throw error;
    });
  const close = () =>
    closed ??= (async () => {
      await Promise.all([engine.stop(), upkeep.stop()]);
      await store.close();
    })();

  return {
    async fetch(request) {
      if (closed !== undefined) return unavailable("broker is closed");
      try {
        if (!started) await start();
      } catch (error) {
        logger.error("Cannot start", { error });
        return unavailable("broker cannot start");
      }
      return await handle(request);
    },
    async adminFetch(request) {
      if (closed !== undefined) return unavailable("broker is closed");
      return await handleAdmin(request); // One that cannot start may still be saved.
    },
    start,
    stop: close,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function unavailable(error: string): Response {
  return Response.json({ error }, { status: 503 });
}
