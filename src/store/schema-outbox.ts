/**
 * The migration that has the outbox: jobs that applications hand over within transactions of their own (`outbox.ts`).
 * `schema.ts` says which number it has; it is never edited.
 *
 * Who writes to `outbox` need not know of jobs, and may be a trigger: only `job` has to be given, the JSON text of an enqueue.
 * It has no index but its key, so that an application's transaction writes little; an identity, and no sequence of its own,
 * needs no rights besides that to insert. What is refused goes to a table of its own, where nobody has to read past it.
 *
 * @module
 */

/** Its SQL. */
export const outboxTables = `
CREATE TABLE outbox (
  entry INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT,
  stored_at BIGINT,
  job TEXT NOT NULL
);
CREATE TABLE outbox_refused (
  entry BIGINT NOT NULL PRIMARY KEY,
  id TEXT,
  stored_at BIGINT,
  job TEXT NOT NULL,
  refused_at BIGINT NOT NULL,
  reason TEXT NOT NULL
);
`;
