/**
 * Brokers on a real PostgreSQL with an outbox, and transactions of an application.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Broker, createBroker, type Database } from "../../src/broker/mod.ts";
import { type Client, createClient } from "../../src/client/mod.ts";
import { createOutbox, type Outbox } from "../../src/outbox/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { openGroup, type PostgresDatabase, sharedPool } from "./server.ts";

/** A broker that shares its database. */
export interface Shared {
  readonly broker: Broker;
  readonly client: Client;
  readonly clock: TestClock;
  readonly errors: readonly string[];
  readonly schema: string;
  readonly outbox: Outbox;
}

/** A client of `pg` that has begun a transaction. */
export interface Session {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>;
  release(): void;
}

/** Ends what a test has opened. */
export const opened: (() => Promise<unknown>)[] = [];

/** Starts brokers that share a database and have heard of each other. */
export async function start(
  count: number,
  change: (database: PostgresDatabase, index: number) => Database = (database) => database,
): Promise<Shared[]> {
  const brokers = openGroup(count).map((database, index) => {
    const { now: _, ...withoutTime } = database;
    const clock = createTestClock();
    const { logger, errors } = createRecordingLogger();
    const store = change(withoutTime, index);
    const broker = createBroker({ store, clock, logger, heartbeatIntervalMs: 2 ** 31 });
    opened.push(() => broker.stop());
    const client = createClient({ fetch: broker.fetch });
    const { schema } = database;
    return { schema, broker, client, clock, errors, outbox: createOutbox({ schema }) };
  });
  for (const { broker } of brokers) await broker.start();
  await turns(20);
  return brokers;
}

/** Lets what is under way between brokers and database come along. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Waits until something holds. What is due at once needs a clock that moves a little: less than any look would take. */
export async function until(
  brokers: readonly Shared[],
  holds: () => boolean | Promise<boolean>,
  what: string,
  stepMs = 1,
): Promise<void> {
  for (let turn = 0; turn < 1500; turn++) {
    if (await holds()) return;
    if (turn < 1000) await Promise.all(brokers.map(({ clock }) => clock.advance(stepMs)));
    await turns(1);
  }
  assert.fail(`waited in vain until ${what}`);
}

/** Runs a transaction of an application; `false` rolls it back. */
export async function transact(work: (session: Session) => Promise<boolean | void>): Promise<void> {
  const session = await sharedPool().connect() as unknown as Session;
  try {
    await session.query("BEGIN");
    const isGood = await work(session);
    await session.query(isGood === false ? "ROLLBACK" : "COMMIT");
  } catch (error) {
    await session.query("ROLLBACK");
    throw error;
  } finally {
    session.release();
  }
}

/** Runs one statement. */
export async function ask(text: string): Promise<Record<string, unknown>[]> {
  return (await sharedPool().connect().then(async (client) => {
    try {
      return await client.query({ text });
    } finally {
      client.release();
    }
  })).rows;
}
