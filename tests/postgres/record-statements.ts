/**
 * Which statements brokers ask of a PostgreSQL, for the brokers of the next version: on their tables they have to run as well.
 *
 * `scripts/pin-statements.ts` writes them down, `upgrade.test.ts` reads them.
 *
 * @module
 */

import { appendFileSync } from "node:fs";
import process from "node:process";
import type { AsyncConnection, AsyncDatabase } from "../../src/store/database.ts";

const file = process.env["MILLRACE_STATEMENTS"] ?? "";
const texts = new Set<string>();

/** An INSERT of many rows is the same statement as one of a few. */
const rowsOfInsert = /(\((?:\$\d+(?:, ?)?)+\))(?:, ?\((?:\$\d+(?:, ?)?)+\))+/;

function note(sql: string): void {
  const text = sql.replace(rowsOfInsert, "$1").replace(/\s+/g, " ").trim();
  if (texts.has(text)) return;
  texts.add(text);
  appendFileSync(file, `${text}\n`);
}

/** The same database, whose statements are added to the file that `MILLRACE_STATEMENTS` names. */
export function withRecording<Recorded extends AsyncDatabase>(database: Recorded): Recorded {
  if (file === "") return database;
  const recorded = (connection: AsyncConnection): AsyncConnection => ({
    ...connection,
    all: (sql, params) => (note(sql), connection.all(sql, params)),
    run: (sql, params) => (note(sql), connection.run(sql, params)),
    ...connection.runEach !== undefined && {
      runEach: (sql, sets) => (note(sql), connection.runEach!(sql, sets)),
    },
  });
  return {
    ...database,
    all: (sql, params) => (note(sql), database.all(sql, params)),
    transaction: (body) => database.transaction((connection) => body(recorded(connection))),
  };
}
