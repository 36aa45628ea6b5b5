/**
 * Several brokers on a real PostgreSQL. Their clocks stand still unless a test moves them: what one hears of another is told,
 * and found by no look.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Broker, createBroker, type Database } from "../../src/broker/mod.ts";
import { type Client, createClient } from "../../src/client/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { openGroup, type PostgresDatabase } from "./server.ts";

/** A broker that shares its database. */
export interface Shared {
  readonly schema: string;
  readonly broker: Broker;
  readonly client: Client;
  readonly clock: TestClock;
  readonly errors: readonly string[];
}

/** Ends what a test has opened. */
export const opened: (() => Promise<unknown>)[] = [];

/** Ends all that the test has opened, the last first. */
export async function endOpened(): Promise<void> {
  for (const end of opened.splice(0).reverse()) await end().catch(() => {});
}

/** Starts brokers that share a database and have heard of each other. */
export async function start(
  count: number,
  change: (database: PostgresDatabase, index: number) => Database = (database) => database,
): Promise<Shared[]> {
  const databases = openGroup(count).map((database) => {
    // The clocks of the brokers are those of the test.
    const { now: _, ...withoutTime } = database;
    return withoutTime;
  });
  const brokers = databases.map((database, index) => {
    const clock = createTestClock();
    const { logger, errors } = createRecordingLogger();
    const store = change(database, index);
    // Without heartbeats, time passes quickly.
    const broker = createBroker({ store, clock, logger, heartbeatIntervalMs: 2 ** 31 });
    opened.push(() => broker.stop());
    const client = createClient({ fetch: broker.fetch });
    return { schema: database.schema, broker, client, clock, errors };
  });
  for (const { broker } of brokers) await broker.start();
  await turns(20);
  return brokers;
}

/** Lets what is under way between brokers and database come along. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Waits until something holds, which must not take long. `meanwhile` is done while it does not, a thousand times at most. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await holds()) return;
    if (turn < 1000) await meanwhile();
    await turns(1);
  }
  assert.fail(`waited in vain until ${what}`);
}
