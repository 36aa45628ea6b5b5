/**
 * The tables, as numbered migrations that only go forward.
 *
 * A migration that has shipped is never edited; the next one is added below it.
 *
 * @module
 */

/**
 * Each entry is the SQL that leads from its index to the next version.
 *
 * `status` holds the index of the status in `jobStatuses`: 0 scheduled, 1 ready, 2 in flight,
 * 3 completed, 4 dead. `backoff` and `retention` are JSON text as the wire spells it. A payload stands in
 * `payload_json` or in `payload_pack`, whichever format it came in. It is the last column, so that
 * SQLite reads what precedes it without touching the pages a large payload spills over.
 *
 * - `jobs_ready` is the order of delivery over all queues; `jobs_by_queue` the same within one queue, and
 *   it also answers which queues there are, how many jobs stand where, and who was in flight at a crash.
 * - `jobs_due` and `jobs_purge` find what time alone will change next.
 */
export const migrations: readonly string[] = [
  `
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status INTEGER NOT NULL,
  ready_at BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  retry_limit BIGINT,
  backoff TEXT,
  retention TEXT,
  dequeued_at BIGINT,
  failed_at BIGINT,
  purge_at BIGINT,
  completed_at BIGINT,
  payload_json TEXT,
  payload_pack BLOB
);
CREATE INDEX jobs_ready ON jobs (priority, id) WHERE status = 1;
CREATE INDEX jobs_by_queue ON jobs (queue, status, priority, id);
CREATE INDEX jobs_due ON jobs (ready_at) WHERE status = 0;
CREATE INDEX jobs_purge ON jobs (purge_at) WHERE purge_at IS NOT NULL;
CREATE TABLE errors (
  job_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  message TEXT NOT NULL,
  error_type TEXT,
  backtrace TEXT,
  dequeued_at BIGINT NOT NULL,
  failed_at BIGINT NOT NULL,
  PRIMARY KEY (job_id, attempt)
);
`,
];
