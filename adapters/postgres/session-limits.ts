/**
 * What the server is told of a session: where its tables are, and how long it may hold others up.
 *
 * A broker that is paused in the middle of a transaction, or whose machine is gone, holds locks that all others wait for.
 * The server ends such a session after ten seconds, and a statement that waits for a lock for longer than
 * fifteen fails, so that callers are told to come again and do not hang. Limits of an administrator that are shorter
 * stay as they are.
 *
 * @module
 */

import type { PgClient } from "./pool.ts";
import { quoteName } from "./quote-name.ts";

/** How long a session may have a transaction open and not say a word. */
const idleInTransactionMs = 10_000;

/** How long a statement may wait for one lock. More than the other, so that nobody fails because of one that is paused. */
const lockMs = 15_000;

/** The limits that are longer, or none, in the session that asks. */
const longer = `SELECT own.name, own.ms FROM pg_catalog.pg_settings AS s
  JOIN jsonb_each_text($1::jsonb) AS own (name, ms) ON own.name = s.name
  WHERE CASE WHEN s.unit = 'ms' THEN s.setting::numeric = 0 OR s.setting::numeric > own.ms::numeric END`;

const limits = {
  idle_in_transaction_session_timeout: idleInTransactionMs,
  lock_timeout: lockMs,
};

/**
 * Gives what prepares each connection of a pool that was made for the broker.
 *
 * It throws what is an outage if the connection leads to a standby, or does not answer within `answerMs`.
 */
export function prepareSession(
  schema: string,
  statementMs: number,
  answerMs: number,
): (client: PgClient) => Promise<void> {
  const text = `SELECT pg_is_in_recovery() AS standby,
    set_config('search_path', $2, false) AS path,
    (SELECT count(set_config(name, ms, false)) FROM (${longer}) AS longer) AS changed`;
  const values = [JSON.stringify({ ...limits, statement_timeout: statementMs }), quoteName(schema)];
  return async (client) => {
    const { rows: [row] } = await client.query({ text, values, query_timeout: answerMs });
    if (row.standby === true) throw new Error("the server is a standby, expected the primary");
  };
}

/** What a transaction begins with on a connection whose session belongs to others, after `BEGIN`. */
export async function toLocalLimits(client: PgClient, schema: string): Promise<string> {
  const { rows } = await client.query({ text: longer, values: [JSON.stringify(limits)] });
  const own = rows.map(({ name, ms }) => ` SET LOCAL ${name} = ${Number(ms)};`).join("");
  return `SET LOCAL search_path TO ${quoteName(schema)};${own}`;
}
