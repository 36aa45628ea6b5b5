/**
 * The migrations for who serves what, and who is to. `schema.ts` says which numbers they have; they are never edited.
 *
 * | Table     | A row for                                                                                          |
 * | --------- | -------------------------------------------------------------------------------------------------- |
 * | `serving` | the streams of a broker whose workers say the same; written when somebody asks, on a shared database only |
 * | `quiet_workers` | a worker that gets no jobs, because somebody wants it so |
 *
 * @module
 */

/** The SQL of the first. */
export const servingTables: string = `
CREATE TABLE serving (
  broker BIGINT NOT NULL,
  entry BIGINT NOT NULL,
  worker TEXT,
  queues TEXT,
  about TEXT,
  streams BIGINT NOT NULL,
  resting BIGINT NOT NULL,
  asked_at BIGINT,
  PRIMARY KEY (broker, entry)
) WITHOUT ROWID;
CREATE INDEX serving_by_worker ON serving (worker);
`;

/** The SQL of the second. */
export const quietTables: string = `
CREATE TABLE quiet_workers (id TEXT NOT NULL PRIMARY KEY, since BIGINT NOT NULL) WITHOUT ROWID;
`;
