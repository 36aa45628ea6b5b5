/**
 * Whether a server can be used, and the schema that has the tables.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { channelTable, makeChannelTable } from "./channel.ts";
import { incarnationTable, makeIncarnationTable } from "./incarnation.ts";
import type { PgClient } from "./pool.ts";
import { quoteName } from "./quote-name.ts";

/** The oldest PostgreSQL that is supported: it has `pg_current_xact_id`. */
const oldest = 13;

/**
 * Looks at the server, and makes the schema if it is not there.
 *
 * @throws {StoreError} If the server is too old, or its database does not hold all texts.
 */
export async function prepareSchema(client: PgClient, schema: string): Promise<void> {
  const { rows } = await client.query({
    text: `SELECT current_setting('server_version_num') AS version,
      current_setting('server_encoding') AS encoding,
      pg_is_in_recovery() AS standby,
      to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL AS present`,
    values: [incarnationTable(schema), channelTable(schema)],
  });
  const [{ version, encoding, standby, present }] = rows as [Record<string, string | boolean>];
  const major = Math.floor(Number(version) / 10_000);
  if (major < oldest) {
    throw new StoreError(`Cannot use PostgreSQL ${major}: expected version ${oldest} or newer`);
  }
  if (encoding !== "UTF8") {
    throw new StoreError(`Cannot use a database of encoding '${encoding}': expected 'UTF8'`);
  }
  if (standby === true) {
    throw new StoreError("Cannot use a standby, which takes no writes: expected the primary");
  }
  if (present !== true) await makeSchema(client, schema);
}

/** Whoever is first makes it: two at once would get in each other's way in spite of `IF NOT EXISTS`. */
async function makeSchema(client: PgClient, schema: string): Promise<void> {
  await client.query({ text: "BEGIN" });
  try {
    await client.query({
      text: "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
      values: [`millrace schema ${schema}`],
    });
    // Who owns a schema need not be allowed to make one, not even one that is there.
    const isThere = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1";
    const { rows } = await client.query({ text: isThere, values: [schema] });
    if (rows.length === 0) await client.query({ text: `CREATE SCHEMA ${quoteName(schema)}` });
    await client.query({ text: makeIncarnationTable(schema) });
    await client.query({ text: makeChannelTable(schema) });
    await client.query({ text: "COMMIT" });
  } catch (error) {
    await client.query({ text: "ROLLBACK" }).catch(() => {});
    throw error;
  }
}
