/**
 * The migration that keeps which jobs are tracked. `schema.ts` says which number it has; it is never edited.
 *
 * `place` grows from one that is tracked to the next. `job` is the row of the job while there is one; when it is deleted,
 * `gone` is its place among those that are gone (`tracked-table.ts`).
 *
 * @module
 */

/** Its SQL. */
export const trackedTables = `
CREATE TABLE tracked (
  place INTEGER PRIMARY KEY,
  job_id TEXT NOT NULL,
  job BIGINT,
  gone BIGINT
);
CREATE UNIQUE INDEX tracked_ids ON tracked (job_id);
CREATE UNIQUE INDEX tracked_jobs ON tracked (job) WHERE job IS NOT NULL;
CREATE UNIQUE INDEX tracked_gone ON tracked (gone) WHERE gone IS NOT NULL;
`;
