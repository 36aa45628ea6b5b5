/**
 * The migration that keeps what goes with jobs, and what their handlers do besides their work. `schema.ts` says which number
 * it has; it is never edited.
 *
 * - `job_meta` has the JSON text of what goes with a job (`meta-table.ts`); `meta` of a cron entry is the same.
 * - `job_progress` says how far a run is that has no lease (`progress-table.ts`).
 * - `children` has the jobs that a job has stored, by the names that it gave them (`children.ts`).
 *
 * @module
 */

/** Its SQL. */
export const powerTables = `
CREATE TABLE job_meta (
  job BIGINT NOT NULL PRIMARY KEY,
  meta TEXT NOT NULL
);
ALTER TABLE cron_entries ADD COLUMN meta TEXT;
CREATE TABLE job_progress (
  job BIGINT NOT NULL PRIMARY KEY,
  delivery BIGINT NOT NULL,
  progress TEXT NOT NULL
);
CREATE TABLE children (
  job BIGINT NOT NULL,
  slot TEXT NOT NULL,
  child TEXT NOT NULL,
  PRIMARY KEY (job, slot)
) WITHOUT ROWID;
`;
