/**
 * The broker: a store, an engine and one fetch function.
 *
 * @module
 */

import { type Clock, type Random, systemRandom, toClock } from "../async/clock.ts";
import { createLimiter } from "../async/limiter.ts";
import { checkNotNegative } from "../async/duration.ts";
import { guardLogger } from "../guard-logger.ts";
import type { Logger } from "../log.ts";
import { checkOptions, type Names, show } from "../options.ts";
import { directKey } from "../protocol/direct.ts";
import type { Database } from "../store/database.ts";
import { createUpkeep } from "../store/upkeep.ts";
import { createDirect } from "./direct/direct.ts";
import { createEngine } from "./engine/engine.ts";
import { createServerTime } from "./engine/server-time.ts";
import { defaultSettings, type Settings, toSettings } from "./engine/settings.ts";
import type { Authenticate } from "./access/grant.ts";
import { createGate } from "./access/gate.ts";
import { createAdminHandler } from "./http/admin.ts";
import { allowOrigins, checkOrigins } from "./http/cors.ts";
import { protocol } from "./http/endpoints.ts";
import { refuseWebPages } from "./http/guard.ts";
import { createHandler } from "./http/handler.ts";

/** What {@linkcode createBroker} makes a broker from. */
export interface BrokerOptions extends Partial<Settings> {
  /**
   * The database, from an adapter's `openSqlite`. The broker owns it from now on: it opens it when it starts, and closes
   * it when it stops.
   */
  readonly store: Database;
  /**
   * Where the broker reports failures that no answer tells of: `createLogger` makes one, `console` fits, `false` is
   * silence.
   *
   * @default {warnings and errors, a line each, on the console}
   */
  readonly logger?: Logger | false | undefined;
  /**
   * The time and the timers. Without one, those of the platform.
   */
  readonly clock?: Clock;
  /**
   * Gives random numbers, for jitter and ids. Without one, `Math.random`.
   */
  readonly random?: Random;
  /**
   * Whether the broker sets timers for work that becomes due: scheduled jobs, cron entries, budgets, jobs past their
   * retention. If not, call {@linkcode Broker.runDue} at the instant that {@linkcode Broker.nextDueAt} gives.
   *
   * @default {true}
   */
  readonly timers?: boolean;
  /**
   * Says what each caller may do: `createTokens` makes one of tokens. It holds for `fetch` and `adminFetch`, but not for
   * {@linkcode Broker.localFetch}, which is for clients and workers of this very process.
   *
   * @default {everybody may do everything}
   */
  readonly auth?: Authenticate | undefined;
  /**
   * The origins of web pages that may call the broker and read its answers, such as `https://shop.example`; `"*"` is any.
   * A page still needs a token if there is an `auth`, and should have one that may do little: whoever opens it can read it.
   *
   * @default {[]}
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * The path below which a program serves the broker beside pages of its own, such as `/millrace`; clients have it in their
   * `url`. Calls that come without it, because a router has cut it off or a client is in this process, are answered too.
   *
   * @default {""}
   */
  readonly basePath?: string | undefined;
}

/** How a broker is stopped. */
export interface StopBrokerOptions {
  /**
   * How long the broker tries to give the jobs of open take streams back to their queues while the database fails, in
   * ms. Jobs that are left then are given back by the next start. `Infinity` sets no limit.
   *
   * @default {10000}
   */
  readonly timeoutMs?: number | undefined;
}

/** A broker: give its `fetch` to a server, or straight to a client. */
export interface Broker extends AsyncDisposable {
  /**
   * Answers one request. Starts the broker if it is not started.
   *
   * @param request A request of a client or a worker.
   * @returns The answer: 503 while the database cannot be used, and after `stop()`. It never rejects.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Answers one request of an operator. `POST /backup` answers with a gzipped tar archive of the database, `POST /compact`
   * gives the space of deleted jobs back to the file system. The broker goes on working meanwhile.
   *
   * Whoever can call this can read every payload. Only with `auth` does it ask who calls. `fetch` does not serve it: serve it
   * yourself, on a port that only operators reach.
   *
   * @param request A request of an operator.
   * @returns The answer. It never rejects.
   */
  readonly adminFetch: (request: Request) => Promise<Response>;
  /**
   * As {@linkcode Broker.fetch}, but asks nobody who they are: for clients and workers of this process. Never serve it.
   *
   * @param request A request of this process.
   * @returns The answer. It never rejects.
   */
  readonly localFetch: (request: Request) => Promise<Response>;
  /**
   * Opens the database, brings its tables up to date, gives jobs that a crash left in flight back to their queues, and
   * looks for due work. The first request calls it if you did not, and every request waits for it. A second call gives
   * the same promise; after a failure, it tries again.
   *
   * @returns A promise that is resolved when the broker is started.
   * @throws {StoreError} If the database was written by a newer version, is in use by another broker or cannot be used.
   */
  start(): Promise<void>;
  /**
   * Ends the take streams, gives their unfinished jobs back without counting an attempt, commits what was accepted, and
   * closes the database. Later requests are answered 503. A second call waits for the first.
   *
   * @param options How long it may take.
   * @returns A promise that is resolved when the database is closed.
   * @throws {RangeError} If `timeoutMs` is not a number of 0 or more.
   */
  stop(options?: StopBrokerOptions): Promise<void>;
  /**
   * The same as {@linkcode Broker.stop}.
   *
   * @deprecated Call {@linkcode Broker.stop}.
   */
  close(): Promise<void>;
  /**
   * Tells when work becomes due next. Starts the broker if it is not started.
   *
   * @returns The instant, in ms since the epoch; undefined when no work waits for a time.
   * @throws {StoreError} If the broker cannot start.
   */
  nextDueAt(): Promise<number | undefined>;
  /**
   * Does all work that is due by now. Starts the broker if it is not started. Work that fails is logged, and is due again
   * a second later.
   *
   * @returns A promise that is resolved when the work is done.
   * @throws {StoreError} If the broker cannot start.
   */
  runDue(): Promise<void>;
}

/**
 * Creates a broker on a database. It opens the database when it starts: at the first request, or by `start()`.
 *
 * @param options The database, and the settings that differ from the protocol's defaults.
 * @returns The broker, not started.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is of a wrong kind.
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
  checkOptions<BrokerOptions>("createBroker", options, {
    ...defaultSettings as unknown as Names<Settings>,
    store: 1,
    logger: 1,
    clock: 1,
    random: 1,
    timers: 1,
    auth: 1,
    allowedOrigins: 1,
    basePath: 1,
  });
  if (typeof options.store?.open !== "function") {
    throw new TypeError(
      `Cannot use 'store' ${show(options.store)}: expected a database, as openSqlite gives one`,
    );
  }
  const { random = systemRandom } = options;
  const logger = guardLogger(options.logger);
  const { store: database, timers = true } = options;
  const { clock, synchronize } = createServerTime(database, toClock(options.clock));
  const settings = toSettings(options);
  const engine = createEngine({ database, settings, clock, synchronize, random, logger, timers });
  const gate = options.auth === undefined ? undefined : createGate({
    authenticate: options.auth,
    clock,
    logger,
    find: (id) => engine.get(id),
  });
  const services = { engine, settings, clock, logger, streamLimiter: createLimiter(clock, 1) };
  const { basePath = "" } = options;
  checkBasePath(basePath);
  const handleLocal = createHandler(protocol, services, { limits: settings, clock, basePath });
  const handle = gate === undefined ? handleLocal : createHandler(protocol, services, {
    limits: settings,
    clock,
    basePath,
    admit: ({ request, access, ...asked }) => gate.admit(request, access, asked),
  });
  const { allowedOrigins = [] } = options;
  checkOrigins(allowedOrigins);
  const handleGuarded = allowedOrigins.length > 0
    ? allowOrigins(handle, allowedOrigins)
    : settings.allowBrowsers
    ? handle
    : refuseWebPages(handle);
  const upkeep = createUpkeep(database, clock);
  const handleAdmin = createAdminHandler(
    { upkeep, clock, logger },
    gate && (({ request, access }) => gate.admit(request, access)),
  );
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
    checkNotNegative("timeoutMs", timeoutMs);
    await (stopped ??= end(timeoutMs));
  };

  const startedBefore = (answer: typeof handle) => async (request: Request) => {
    if (stopped !== undefined) return unavailable("broker is closed");
    try {
      if (!started) await start();
    } catch (error) {
      logger.error("Cannot start", { error });
      return unavailable("broker cannot start");
    }
    return await answer(request);
  };
  const fetch = startedBefore(handleGuarded);

  const isReady = () => {
    if (stopped !== undefined) return false;
    return started || start().then(() => stopped === undefined, () => false);
  };

  // A client in the same process need not make requests, but where callers have to say who they are.
  const direct = { [directKey]: createDirect({ engine, settings, clock, logger, isReady }) };

  return {
    fetch: gate === undefined ? Object.assign(fetch, direct) : fetch,
    localFetch: Object.assign(startedBefore(handleLocal), direct),
    async adminFetch(request) {
      if (stopped !== undefined) return unavailable("broker is closed");
      try {
        if (!started) await start();
      } catch (error) {
        // The database of a broker that cannot start can still be backed up.
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

function checkBasePath(basePath: string): void {
  if (basePath === "" || /^(\/[^/?#]+)+$/.test(basePath)) return;
  throw new TypeError(
    `Option 'basePath' is ${
      show(basePath)
    }, expected a path such as '/millrace', without a '/' behind it`,
  );
}

function unavailable(error: string): Response {
  return Response.json({ error }, { status: 503 });
}
