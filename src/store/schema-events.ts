/**
 * The migration for events that brokers of one database tell each other. `schema.ts` says which number it has; it is never edited.
 *
 * @module
 */

/** Its SQL. */
export const eventTables: string = `
CREATE TABLE event_log (
  entry INTEGER PRIMARY KEY AUTOINCREMENT,
  run TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE TABLE event_runs (
  id BIGINT NOT NULL PRIMARY KEY,
  run TEXT NOT NULL,
  until BIGINT NOT NULL,
  trimmed BIGINT NOT NULL
) WITHOUT ROWID;
`;
