/**
 * The migration that keeps which jobs in flight are to be cancelled. `schema.ts` says which number it has; it is never edited.
 *
 * `cancellations` has a row for each such job (`cancellations-table.ts`); `cancellations_due` finds those whose workers have
 * no more time. `statistics` counts the runs that ended so.
 *
 * @module
 */

/** Its SQL. */
export const cancelTables = `
CREATE TABLE cancellations (
  job BIGINT NOT NULL PRIMARY KEY,
  reason BLOB NOT NULL,
  force_at BIGINT
);
CREATE INDEX cancellations_due ON cancellations (force_at) WHERE force_at IS NOT NULL;
ALTER TABLE statistics ADD COLUMN cancelled BIGINT NOT NULL DEFAULT 0;
`;
