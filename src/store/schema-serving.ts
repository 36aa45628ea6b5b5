/**
 * The migration for who serves what. `schema.ts` says which number it has; it is never edited.
 *
 * | Table     | A row for                                                                                          |
 * | --------- | -------------------------------------------------------------------------------------------------- |
 * | `serving` | the streams of a broker whose workers say the same; written when somebody asks, on a shared database only |
 *
 * @module
 */

/** Its SQL. */
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
