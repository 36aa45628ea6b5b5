/**
 * Whether a server is still the one that numbered a transaction: it did not crash since, and no standby took its place.
 *
 * The number of a transaction is sure to belong to one transaction only as long as that holds: what a crash, or a failover,
 * takes from the end of the log, it takes with its numbers, and others get them. A table that is not logged tells: after
 * each recovery the server empties it. Whoever finds it empty gives the server a new name.
 *
 * @module
 */

import type { PgClient } from "./pool.ts";
import { quoteName } from "./quote-name.ts";

/** The name of the table in SQL. */
export const incarnationTable = (schema: string): string => `${quoteName(schema)}.incarnation`;

/** Makes the table. */
export function makeIncarnationTable(schema: string): string {
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${incarnationTable(schema)}
    (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), name text NOT NULL)`;
}

/** Reads what the server is called now; undefined if nobody gave it a name since it recovered. */
export async function readIncarnation(
  client: PgClient,
  schema: string,
): Promise<string | undefined> {
  const { rows } = await client.query({ text: `SELECT name FROM ${incarnationTable(schema)}` });
  return rows[0]?.name;
}

/** Reads it, and gives the server a name if it has none. */
export async function nameIncarnation(
  client: PgClient,
  schema: string,
): Promise<string | undefined> {
  const found = await readIncarnation(client, schema);
  if (found !== undefined) return found;
  await client.query({
    text: `INSERT INTO ${
      incarnationTable(schema)
    } (name) VALUES (gen_random_uuid()::text) ON CONFLICT DO NOTHING`,
  });
  return await readIncarnation(client, schema);
}
