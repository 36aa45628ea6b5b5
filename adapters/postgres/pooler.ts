/**
 * Poolers between a broker and the server. A broker listens on a connection, locks on one, sets where its tables are, and
 * prepares statements: all that is the session's. A pooler that gives each transaction whichever session is free loses it.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { inTime } from "./in-time.ts";
import type { PgClient, PgPool } from "./pool.ts";

/** How long a second connection may be waited for, in ms: others may have the rest of the pool, and then nothing is said. */
const connectMs = 1000;

/** How long an answer may take, in ms: a pooler that has one session only gives none while another transaction has it. */
const answerMs = 5000;

const sessionOf = async (client: PgClient): Promise<number> =>
  (await client.query({ text: "SELECT pg_catalog.pg_backend_pid() AS session" })).rows[0].session;

/**
 * Looks whether a connection stays with its session while another one has a transaction open.
 *
 * @throws {StoreError} If it does not.
 */
export async function demandSession(client: PgClient, pool: PgPool): Promise<void> {
  const other = await inTime(pool.connect(), {
    ms: connectMs,
    message: "no second connection",
    late: (client) => client.release(),
  }).catch(() => undefined);
  if (other === undefined) return;
  let isBroken = true;
  try {
    const session = await sessionOf(client);
    const looking = async () => {
      await other.query({ text: "BEGIN" });
      // The session that was free last is the one that a pooler gives first.
      await sessionOf(other);
      return await sessionOf(client);
    };
    const now = await inTime(looking(), {
      ms: answerMs,
      message: "the server, or a pooler before it, does not answer while a transaction is open",
    });
    await other.query({ text: "ROLLBACK" });
    isBroken = false;
    if (now !== session) {
      throw new StoreError(
        "Cannot use a pooler that gives a session to each transaction: expected one that keeps sessions, such as PgBouncer with pool_mode = session, or the server itself",
      );
    }
  } finally {
    other.release(isBroken);
  }
}
