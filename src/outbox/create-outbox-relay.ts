/**
 * Hands on what applications have written to an outbox in a database of their own: to any server of the protocol.
 *
 * | State   | Event             | Next    | What happens                                                                   |
 * | ------- | ----------------- | ------- | ------------------------------------------------------------------------------ |
 * | new     | `start`           | running | it takes a piece of the entries for a while, sends each, and deletes it        |
 * | running | there were entries | running | it takes the next piece at once: how many one has depends on how long they are |
 * | running | there were none   | running | it looks again after `pollMs`, or when it is woken                             |
 * | running | something fails   | running | it leaves the rest to the next look, and waits longer each time, up to 30 s    |
 * | running | an entry is refused | running | the entry goes to those that were refused, with the reason                   |
 * | any     | `stop`            | stopped | what is on its way may come to its end; the rest is left as it is              |
 *
 * A relay that is killed between sending and deleting sends again. A Millrace broker then stores nothing: the job is put by its id,
 * and by a key that it remembers when the job is done and gone.
 *
 * @module
 */

import { backoffMs } from "../async/backoff.ts";
import { type Clock, type Random, systemRandom, toClock } from "../async/clock.ts";
import type { Startable, StopOptions } from "../async/stoppable.ts";
import type { ClientOptions } from "../client/options.ts";
import { guardLogger } from "../guard-logger.ts";
import type { Logger } from "../log.ts";
import { checkOptions, demandObject } from "../options.ts";
import { demandPlace, type OutboxPlace, toOutboxTables } from "./outbox-tables.ts";
import { createPassing, type Passed } from "./passing.ts";
import { toRunner } from "./to-runner.ts";
import type { TransactionLike } from "./transaction-like.ts";

/** How a relay is made. */
export interface OutboxRelayOptions extends OutboxPlace {
  /** Where the outbox is: what single statements can be run on, such as a pool of `pg`, or a database of SQLite. */
  readonly database: TransactionLike;
  /** The server that gets the jobs: the options of `createClient`. A Millrace broker with tokens wants the scope `manage`. */
  readonly to: ClientOptions;
  /**
   * How many entries are taken at once; fewer if their texts are more than 8 MiB together.
   *
   * @default {200}
   */
  readonly batchSize?: number | undefined;
  /**
   * How many bytes the text of an entry may have: what the server takes in one call (`maxBodyBytes` of a broker). A longer one is
   * refused, and is not read.
   *
   * @default {67108864}
   */
  readonly maxEntryBytes?: number | undefined;
  /**
   * How many calls are under way at once. 1 keeps the order of the entries.
   *
   * @default {16}
   */
  readonly concurrency?: number | undefined;
  /**
   * How long it waits until it looks again, in ms.
   *
   * @default {1000}
   */
  readonly pollMs?: number | undefined;
  /**
   * For how long entries are kept from other relays, in ms: longer than it takes to send `batchSize` of them.
   *
   * @default {60000}
   */
  readonly holdMs?: number | undefined;
  /**
   * Where it tells what it could not do.
   *
   * @default {warnings on the console}
   */
  readonly logger?: Logger | false | undefined;
  /**
   * The time and the timers.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
  /**
   * Where random numbers come from, for the pauses after failures.
   *
   * @default {Math.random}
   */
  readonly random?: Random | undefined;
}

/** Hands on what is written to an outbox, until it is stopped. Several may run at once, and share the work. */
export interface OutboxRelay extends Startable {
  /** Has it look at once, such as after a transaction of the same process. */
  wake(): void;
  /**
   * Hands on one piece and does nothing else, for programs that are started now and then. It need not be started.
   *
   * @returns What became of its entries.
   * @throws What the database or the server says if it cannot be done now.
   */
  runOnce(): Promise<Passed>;
}

/** The longest pause after failures, in ms. */
const longestPauseMs = 30_000;

/**
 * Creates a relay that is not started: for an outbox in SQLite, or in a PostgreSQL that is not that of the brokers. Its tables are made
 * by the `sql` of `createOutbox`.
 *
 * With a Millrace broker each entry becomes one job, whatever is killed, as long as a relay comes back within the time for which
 * the broker remembers calls: ten minutes unless its operator says otherwise. Later, an entry whose deletion was missed is stored
 * again if its job is done and gone. With another server it is stored once at least, and the server chooses the id.
 *
 * @param options Where the outbox is, and where the jobs go.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createOutbox, createOutboxRelay } from "@millrace/millrace/outbox";
 *
 * const welcome = defineJob<{ user: number }>({ type: "welcome", queue: "mail" });
 * const outbox = createOutbox({ dialect: "sqlite" });
 * const db = new DatabaseSync(":memory:");
 * db.exec(`CREATE TABLE users (id INTEGER PRIMARY KEY); ${outbox.sql}`);
 *
 * db.exec("BEGIN");
 * const { lastInsertRowid } = db.prepare("INSERT INTO users DEFAULT VALUES").run();
 * outbox.withinSync(db).enqueue(welcome, { user: Number(lastInsertRowid) });
 * db.exec("COMMIT");
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const to = { fetch: broker.fetch };
 * await using relay = createOutboxRelay({ database: db, dialect: "sqlite", to });
 * await relay.runOnce(); // or `relay.start()`, which goes on
 * console.log(await createClient(to).count()); // 1
 * ```
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  checkOptions<OutboxRelayOptions>("createOutboxRelay", options, {
    database: 1,
    to: 1,
    dialect: 1,
    schema: 1,
    table: 1,
    batchSize: 1,
    maxEntryBytes: 1,
    concurrency: 1,
    pollMs: 1,
    holdMs: 1,
    logger: 1,
    clock: 1,
    random: 1,
  });
  const { dialect = "postgres", batchSize = 200, concurrency = 16, pollMs = 1000 } = options;
  const { holdMs = 60_000, maxEntryBytes = 64 * 1024 * 1024, random = systemRandom } = options;
  demandPlace(options);
  const numbers = { batchSize, maxEntryBytes, concurrency, pollMs, holdMs };
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new RangeError(`Cannot use '${name}' ${value}: expected an integer of 1 or more`);
  }
  demandObject("createOutboxRelay", options.to, "'to'");
  const clock = toClock(options.clock);
  const logger = guardLogger(options.logger);
  const pass = createPassing({
    tables: toOutboxTables(options, false),
    run: toRunner(options.database, { of: "createOutboxRelay", dialect, isTransaction: false }),
    to: options.to,
    terms: { batchSize, maxEntryBytes, concurrency, holdMs },
    clock,
    logger,
  });

  const ending = new AbortController();
  let started: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();
  let isAwaited = false;
  const noteWake = () => {
    isAwaited = true;
  };
  let wake: () => void = noteWake;

  /** Waits until it is time to look again, it is woken, or it is stopped. */
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const go = () => {
        disarm();
        ending.signal.removeEventListener("abort", go);
        wake = noteWake;
        isAwaited = false;
        resolve();
      };
      const disarm = clock.setTimer(go, ms);
      ending.signal.addEventListener("abort", go, { once: true });
      if (isAwaited || ending.signal.aborted) go();
      else wake = go;
    });

  const run = async () => {
    let failures = 0;
    while (!ending.signal.aborted) {
      try {
        const { found } = await pass(ending.signal);
        failures = 0;
        if (found === 0) await rest(pollMs);
      } catch (error) {
        if (ending.signal.aborted) return;
        const range = { baseMs: pollMs, maxMs: Math.max(pollMs, longestPauseMs) };
        const pauseMs = backoffMs(++failures, range, random);
        logger.error("Cannot hand on the jobs of an outbox, trying again", { error, pauseMs });
        await rest(pauseMs);
      }
    }
  };

  const stop = async ({ timeoutMs = 30_000 }: StopOptions = {}) => {
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`Cannot use 'timeoutMs' ${timeoutMs}: expected a number of 0 or more`);
    }
    ending.abort();
    await Promise.race([
      running,
      new Promise<void>((resolve) => {
        const disarm = Number.isFinite(timeoutMs) ? clock.setTimer(resolve, timeoutMs) : () => {};
        void running.then(disarm);
      }),
    ]);
  };

  return {
    start() {
      if (ending.signal.aborted) {
        return Promise.reject(new Error("Cannot start a relay that was stopped"));
      }
      if (started === undefined) {
        started = Promise.resolve();
        running = run();
      }
      return started;
    },
    stop,
    wake: () => wake(),
    runOnce: () => pass(),
    [Symbol.asyncDispose]: () => stop(),
  };
}
