/**
 * The broker: a store, an engine and one fetch function.
 *
 * @module
 */

import { type Clock, type Random, systemClock, systemRandom } from "../async/clock.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { Database } from "../store/database.ts";
import { createUpkeep } from "../store/upkeep.ts";
import { createEngine } from "./engine/engine.ts";
import { type Settings, toSettings } from "./engine/settings.ts";
import { createAdminHandler } from "./http/admin.ts";
import { protocol } from "./http/endpoints.ts";
import { createHandler } from "./http/handler.ts";

/** What {@linkcode createBroker} makes a broker from. */
export interface BrokerOptions extends Partial<Settings> {
  /**
   * The database, from an adapter's `openSqlite`. The broker owns it from now on: it opens it when it starts, and closes
   * it when it stops.
   */
  readonly store: Database;
  /**
   * Told of what goes wrong behind an answer; `console` will do.
   *
   * @default silent
   */
  readonly logger?: Logger;
  /**
   * The time and the timers.
   *
   * @default the platform's
   */
  readonly clock?: Clock;
  /**
   * Chance, for jitter and ids.
   *
   * @default the platform's
   */
  readonly random?: Random;
  /**
   * Whether the broker wakes by itself for the work that time brings: jobs that become ready, cron entries, budgets, jobs
   * past their retention. Without, call {@linkcode Broker.runDue} when {@linkcode Broker.nextDueAt} has come.
   *
   * @default {true}
   */
  readonly timers?: boolean;
}

/** How a broker is stopped. */
export interface StopBrokerOptions {
  /**
   * How long the jobs of open take streams may take to go back to their queues, in ms, while the database fails. After
   * that the next start gives them back.
   *
   * @default {10000}
   */
  readonly timeoutMs?: number | undefined;
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
   * Opens the database, brings its tables up to date, puts the jobs that a crash left in flight back into their queues
   * and looks for due work. Called by the first request if nobody did; every request waits for it. Calling it again
   * gives the same promise; after a failure, it tries again.
   *
   * @throws {StoreError} If the database was written by a newer version, is in use by another broker or cannot be used.
   */
  start(): Promise<void>;
  /**
   * Ends the take streams (their unfinished jobs go back uncharged), commits what was accepted, and closes
   * the database. Requests that come later are answered 503. Calling it again gives the same promise.
   *
   * @param options How long it may take.
   * @throws {RangeError} If `timeoutMs` is not a number of 0 or more.
   */
  stop(options?: StopBrokerOptions): Promise<void>;
  /**
   * The same as {@linkcode Broker.stop}.
   *
   * @deprecated Call `stop()`, which all that lives long has.
   */
  close(): Promise<void>;
  /**
   * When there is work that time alone brings; starts the broker if nobody did.
   *
   * @returns The instant, in ms since the epoch; undefined when there is none.
   */
  nextDueAt(): Promise<number | undefined>;
  /**
   * Does all the work that time has brought by now; starts the broker if nobody did. What fails is logged, and is due
   * again a second later.
   */
  runDue(): Promise<void>;
}

/**
 * Creates a broker on a database. Nothing is opened before it is started, which the first request does.
 *
 * @param options The database, and what differs from the protocol's defaults.
 * @returns The broker.
 * @throws {RangeError} If an option is out of range.
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
  const { store: database, timers = true } = options;
  const settings = toSettings(options);
  const engine = createEngine({ database, settings, clock, random, logger, timers });
  const handle = createHandler(protocol, { engine, settings, clock, logger });
  const upkeep = createUpkeep(database, clock);
  const handleAdmin = createAdminHandler({ upkeep, clock, logger });
  let starting: Promise<void> | undefined;
  let started = false;
  let stopped: Promise<void> | undefined;

  const start = () =>
    starting ??= engine.start().then(() => void (started = true), (error) => {
      starting = undefined; // The next call tries again.
      throw error;
    });

  const end = async (timeoutMs: number) => {
    const ended = Promise.all([engine.stop(), upkeep.stop()]);
    let disarm = () => {};
    const late = new Promise<void>((resolve) => {
      if (timeoutMs < Infinity) disarm = clock.setTimer(resolve, timeoutMs);
    });
    await Promise.race([
      ended.catch((error) => logger.error("Cannot stop cleanly", { error })),
      late,
    ]);
    disarm();
    await engine.close();
  };

  const stop = async ({ timeoutMs = 10_000 }: StopBrokerOptions = {}) => {
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`Cannot use 'timeoutMs' ${timeoutMs}: expected a number of 0 or more`);
    }
    await (stopped ??= end(timeoutMs));
  };

  return {
    async fetch(request) {
      if (stopped !== undefined) return unavailable("broker is closed");
      try {
        if (!started) await start();
      } catch (error) {
        logger.error("Cannot start", { error });
        return unavailable("broker cannot start");
      }
      return await handle(request);
    },
    async adminFetch(request) {
      if (stopped !== undefined) return unavailable("broker is closed");
      try {
        if (!started) await start();
      } catch (error) {
        // One that cannot start may still be saved.
        logger.error("Cannot start", { error });
      }
      return await handleAdmin(request);
    },
    start,
    stop,
    close: () => stop(),
    async nextDueAt() {
      await start();
      return engine.nextDueAt();
    },
    async runDue() {
      await start();
      await engine.runDue();
    },
    [Symbol.asyncDispose]: () => stop(),
  };
}

function unavailable(error: string): Response {
  return Response.json({ error }, { status: 503 });
}
