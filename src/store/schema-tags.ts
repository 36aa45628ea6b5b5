/**
 * The migration that keeps tags. `schema.ts` says which number it has; it is never edited.
 *
 * - `job_tags` has them by jobs, `job_tags_by_tag` by tags, in the order in which the jobs got each last; `tags` says how many
 *   jobs have each (`tags-table.ts`).
 * - `tags` of a cron entry is the JSON text of the wire.
 *
 * @module
 */

/** Its SQL. */
export const tagTables = `
CREATE TABLE job_tags (
  job BIGINT NOT NULL,
  tag TEXT NOT NULL,
  place BIGINT NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (job, tag)
) WITHOUT ROWID;
CREATE INDEX job_tags_by_tag ON job_tags (tag, number);
CREATE TABLE tags (
  tag TEXT NOT NULL PRIMARY KEY,
  count BIGINT NOT NULL,
  last BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tags_by_count ON tags (count DESC, tag);
ALTER TABLE cron_entries ADD COLUMN tags TEXT;
`;
