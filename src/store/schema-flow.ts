/**
 * The migration for statistics that are finer than days. `schema.ts` says which number it has; it is never edited.
 *
 * @module
 */

/** Its SQL. */
export const flowTables: string = `
CREATE TABLE flow (
  step BIGINT NOT NULL,
  queue TEXT NOT NULL,
  at BIGINT NOT NULL,
  type TEXT NOT NULL,
  enqueued BIGINT NOT NULL,
  completed BIGINT NOT NULL,
  retries BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  cancelled BIGINT NOT NULL,
  waits TEXT NOT NULL,
  runs TEXT NOT NULL,
  PRIMARY KEY (step, queue, at, type)
) WITHOUT ROWID;
CREATE INDEX flow_by_time ON flow (step, at);
`;
