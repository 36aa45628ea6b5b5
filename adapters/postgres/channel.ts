/**
 * The channel on which the brokers of a schema talk. Anybody who can log in to the database may talk on any channel, so its name is
 * a secret: it stands in a table that nobody may read but who owns the schema's tables. Nothing has to be checked of each piece of
 * news, and nobody else can listen.
 *
 * The statement that listens reads the name itself, so that it is in no log, and in no list of what sessions do.
 *
 * @module
 */

import type { PgClient } from "./pool.ts";
import { quoteName, quoteText } from "./quote-name.ts";

/** The name of the table in SQL. */
export const channelTable = (schema: string): string => `${quoteName(schema)}.news_channel`;

/** Makes the table. */
export function makeChannelTable(schema: string): string {
  const table = channelTable(schema);
  return `CREATE TABLE IF NOT EXISTS ${table}
    (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), name text NOT NULL);
    REVOKE ALL ON ${table} FROM PUBLIC`;
}

/** Reads the name, and makes one if there is none. Of brokers that do so at once, one makes it. */
export async function readChannel(client: PgClient, schema: string): Promise<string> {
  const read = async (): Promise<string | undefined> =>
    (await client.query({ text: `SELECT name FROM ${channelTable(schema)}` })).rows[0]?.name;
  const found = await read();
  if (found !== undefined) return found;
  const text = `INSERT INTO ${channelTable(schema)} (name) VALUES ($1) ON CONFLICT DO NOTHING`;
  const name = `millrace ${toHex(crypto.getRandomValues(new Uint8Array(16)))}`;
  await client.query({ text, values: [name] });
  return await read() ?? name;
}

/** Listens on the channel, which has a name already. */
export async function listenOnChannel(client: PgClient, schema: string): Promise<void> {
  const listen = `(SELECT format('LISTEN %I', name) FROM ${channelTable(schema)})`;
  await client.query({ text: `DO ${quoteText(`BEGIN EXECUTE ${listen}; END`)}` });
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
