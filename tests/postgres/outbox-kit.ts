/**
 * Brokers on a real PostgreSQL with an outbox, and transactions of an application.
 *
 * @module
 */

import { createOutbox, type Outbox } from "../../src/outbox/mod.ts";
import { type Shared, start, until } from "./brokers-kit.ts";
import { sharedPool } from "./server.ts";

/** A broker that shares its database, and an outbox of the same. */
export interface SharedOutbox extends Shared {
  readonly outbox: Outbox;
}

/** A client of `pg` that has begun a transaction. */
export interface Session {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>;
  release(): void;
}

/** Starts brokers that share a database and have heard of each other. */
export async function startWithOutbox(
  ...args: Parameters<typeof start>
): Promise<SharedOutbox[]> {
  const brokers = await start(...args);
  return brokers.map((shared) => ({ ...shared, outbox: createOutbox({ schema: shared.schema }) }));
}

/** Waits until something holds. What is due at once needs a clock that moves a little: less than any look would take. */
export function untilSoon(
  brokers: readonly Shared[],
  holds: () => boolean | Promise<boolean>,
  what: string,
  stepMs = 1,
): Promise<void> {
  return until(holds, what, () => Promise.all(brokers.map(({ clock }) => clock.advance(stepMs))));
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
