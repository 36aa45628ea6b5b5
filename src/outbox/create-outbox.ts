/**
 * Enqueuing within a transaction of the application's own database.
 *
 * @module
 */

import { type Clock, toClock } from "../async/clock.ts";
import type { ByHand } from "../client/typed-job.ts";
import type { Enqueueable } from "../client/client.ts";
import type { EnqueueArgs, EnqueueManyArgs } from "../client/enqueue-args.ts";
import { type EnqueueMiddleware, type Enqueues, withMiddleware } from "../client/middleware.ts";
import { checkOptions, show } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import { demandPlace, type NewEntry, type OutboxPlace, toOutboxTables } from "./outbox-tables.ts";
import { type Refused, toRefused } from "./refused.ts";
import { toEntry, toEntryNow, toManyEntries } from "./to-entries.ts";
import { type Runner, toRunner, toSyncRunner } from "./to-runner.ts";
import type { SqliteConnection, TransactionLike } from "./transaction-like.ts";

/** How an outbox is made. */
export interface OutboxOptions extends OutboxPlace {
  /**
   * Whether brokers are told of entries by NOTIFY, when the transaction commits. Otherwise they find them by themselves, within
   * ten seconds. PostgreSQL lets transactions that notify commit one after the other. Not with SQLite.
   *
   * @default {true}
   */
  readonly notify?: boolean | undefined;
  /**
   * Functions around each job that is enqueued, outermost first, as `withMiddleware` has them; of the stored job they are shown
   * its id.
   *
   * @default {[]}
   */
  readonly layers?: readonly EnqueueMiddleware[] | undefined;
  /**
   * The time: what ids begin with, and on SQLite when entries were written.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
}

/** What is known of a job when its transaction has not committed. */
export interface OutboxReceipt {
  /**
   * The id that it has once a broker has taken it over: soon after the transaction has committed, and never if it is rolled
   * back, if another job has its unique key, or if the job is folded into one of its batch.
   */
  readonly id: string;
}

/** What follows the first argument of `enqueue` within a transaction. */
export type WithinRest<Input, Settings> = [Input] extends [ByHand] ? []
  : undefined extends Input ? [payload?: NoInfer<Input>, options?: NoInfer<Settings>]
  : [payload: NoInfer<Input>, options?: NoInfer<Settings>];

/** What follows the first argument of `enqueueMany` within a transaction. */
export type WithinManyRest<Input, Settings> = [Input] extends [ByHand] ? []
  : [payloads: readonly NoInfer<Input>[], options?: NoInfer<Settings>];

/** Enqueues within one transaction. Payloads and settings are checked at once; whether a broker accepts the job shows later. */
export interface Within {
  /**
   * Enqueues one job: of a definition, or put together by its `of` or by hand.
   *
   * @param what What kind of job it is; or the job, put together.
   * @param rest With a definition, the payload, and then settings of this job.
   * @returns The id that the job is going to have.
   * @throws {PayloadError} If the payload does not fit; nothing is written then.
   * @throws What the driver says of the statement; the transaction is lost then, as with any statement that fails.
   */
  enqueue<Input = ByHand, Settings = ByHand>(
    what: Enqueueable<Input, Settings> | EnqueueRequest | PreparedJob,
    ...rest: WithinRest<Input, Settings>
  ): Promise<OutboxReceipt>;
  /**
   * Enqueues many jobs, on PostgreSQL with one statement: of one definition, or of several and put together by their `of`, or
   * by hand.
   *
   * @param what What kind of jobs they are; or the jobs, put together.
   * @param rest With a definition, what each job is about, and then settings of these jobs.
   * @returns The ids that they are going to have, in the order in which they were given.
   * @throws {PayloadError} If a payload does not fit; the message says which. Nothing is written then.
   */
  enqueueMany<Input = ByHand, Settings = ByHand>(
    what: Enqueueable<Input, Settings> | readonly (EnqueueRequest | PreparedJob)[],
    ...rest: WithinManyRest<Input, Settings>
  ): Promise<OutboxReceipt[]>;
}

/** Enqueues within one transaction of a database that answers at once, whose transactions often cannot wait. */
export interface WithinSync {
  /**
   * Enqueues one job of a definition.
   *
   * @param definition What kind of job it is.
   * @param rest The payload, and then settings of this job.
   * @returns The id that the job is going to have.
   * @throws {PayloadError} If the payload does not fit; nothing is written then.
   * @throws {TypeError} If the schema of the payload answers later.
   */
  enqueue<Input, Settings>(
    definition: Enqueueable<Input, Settings>,
    ...rest: WithinRest<Input, Settings>
  ): OutboxReceipt;
}

/** An outbox: jobs that are stored beside an application's own rows, in the same transaction. */
export interface Outbox {
  /**
   * Enqueues within a transaction: the jobs are there if and only if it commits.
   *
   * @param transaction That of `pg` (a client that has begun one), postgres.js, Drizzle, Kysely, Prisma, Knex, TypeORM,
   * PGlite, `Bun.sql` or a database of SQLite; or any function that runs a statement in it.
   * @throws {TypeError} If it is none of these, or surely no transaction: a pool, or a whole database.
   */
  within(transaction: TransactionLike): Within;
  /**
   * The same where a transaction must not wait, as that of `better-sqlite3`, or where others could come between.
   *
   * @param database `node:sqlite`, `bun:sqlite` or `better-sqlite3`, which has begun a transaction.
   * @throws {TypeError} If it is none of these, or the outbox has layers, which may answer later.
   */
  withinSync(database: SqliteConnection): WithinSync;
  /**
   * What was refused.
   *
   * @param database A transaction as above, or what single statements can be run on, such as a pool.
   */
  refused(database: TransactionLike): Refused;
  /** The statements that make its tables in a database of your own, for a migration. Brokers make those of their schema. */
  readonly sql: string;
}

/**
 * Creates an outbox. It holds no connection and needs no closing.
 *
 * Without options it writes to that of the brokers of `openPostgres`, in the same database as the application's tables. The
 * user who writes needs `GRANT USAGE ON SCHEMA millrace` and `GRANT INSERT ON millrace.outbox`, and nothing else. For another
 * database, or SQLite, `createOutboxRelay` hands on what is written.
 *
 * @param options Where it is.
 * @throws {TypeError} If an option is of a wrong kind.
 *
 * @example
 * ```ts ignore
 * import pg from "pg";
 * import { defineJob } from "@millrace/millrace/client";
 * import { createOutbox } from "@millrace/millrace/outbox";
 *
 * const welcome = defineJob<{ user: number }>({ type: "welcome", queue: "mail" });
 * const pool = new pg.Pool({ connectionString: "postgres://localhost/shop" });
 * const outbox = createOutbox();
 *
 * const client = await pool.connect();
 * try {
 *   await client.query("BEGIN");
 *   const { rows: [user] } = await client.query("INSERT INTO users DEFAULT VALUES RETURNING id");
 *   await outbox.within(client).enqueue(welcome, { user: user.id });
 *   await client.query("COMMIT");
 * } catch (error) {
 *   await client.query("ROLLBACK");
 *   throw error;
 * } finally {
 *   client.release();
 * }
 * ```
 */
export function createOutbox(options: OutboxOptions = {}): Outbox {
  checkOptions<OutboxOptions>("createOutbox", options, {
    dialect: 1,
    schema: 1,
    table: 1,
    notify: 1,
    layers: 1,
    clock: 1,
  });
  const { dialect = "postgres", notify = true, layers = [] } = options;
  demandPlace(options);
  if (typeof notify !== "boolean") {
    throw new TypeError(`Cannot use 'notify' ${show(notify)}: expected true or false`);
  }
  const clock = toClock(options.clock);
  const tables = toOutboxTables(options, notify && dialect === "postgres");

  const write = async (run: Runner, entries: readonly NewEntry[]): Promise<OutboxReceipt[]> => {
    if (entries.length === 0) return [];
    for (const one of tables.insert(entries, clock.now())) await run(one);
    return entries.map(toReceipt);
  };

  return {
    within(transaction) {
      const run = toRunner(transaction, { of: "within", dialect, isTransaction: true });
      const within = {
        enqueue: async (...args: unknown[]) =>
          (await write(run, await toEntry(args as EnqueueArgs, clock)))[0]!,
        enqueueMany: async (...args: unknown[]) =>
          await write(run, await toManyEntries(args as EnqueueManyArgs, clock)),
      };
      if (layers.length === 0) return within as Within;
      return withMiddleware(within as unknown as Enqueues, layers) as unknown as Within;
    },
    withinSync(database) {
      if (layers.length > 0) {
        throw new TypeError(
          "Cannot use 'withinSync' of an outbox with 'layers': they answer later",
        );
      }
      const run = toSyncRunner(database, "withinSync");
      return {
        enqueue(definition, ...[payload, settings]) {
          const entry = toEntryNow(definition as Enqueueable<unknown, unknown>, payload, {
            settings,
            clock,
          });
          for (const one of tables.insert([entry], clock.now())) run(one);
          return toReceipt(entry);
        },
      };
    },
    refused: (database) =>
      toRefused(tables, toRunner(database, { of: "refused", dialect, isTransaction: false })),
    sql: tables.sql,
  };
}

function toReceipt({ id }: NewEntry): OutboxReceipt {
  return { id };
}
