/**
 * The tables before there were extensions: the first migrations.
 *
 * @module
 */

/**
 * Each entry leads to the next version, from the empty database to the fifth.
 *
 * `status` holds the code of a status (`protocol/status.ts`); in this file the codes are written out, because a
 * migration never changes. `backoff` and `retention` are JSON text as the wire spells it. A payload stands in
 * `payload_json` or in `payload_pack`, whichever format it came in. It is the last column, so that
 * SQLite reads what precedes it without touching the pages a large payload spills over.
 *
 * - `jobs_ready` is the order of delivery over all queues; `jobs_by_queue` the same within one queue, and
 *   it also answers which queues there are, how many jobs stand where, and who was in flight at a crash.
 * - `jobs_due` and `jobs_purge` find what time alone will change next.
 *
 * Version 2 rebuilds `jobs`, because a column that is added stands behind the payload:
 *
 * - `holds_key` says that a job is the one that its unique key points at; there is no other record of that, so
 *   that whatever deletes a job frees its key, and the index keeps two from holding one.
 * - `heads_batch` says in the same way which job further enqueues of a batch are folded into. `batch` is the JSON text
 *   of the wire's object, and `batch_key` its key.
 * - `budgets` is the JSON text of the wire's bindings. `lane` names the set of budgets that a job draws on, and is
 *   empty for most: jobs of one lane are handed out strictly in their order, and the others never read past them.
 *   `bindings` is the same turned round: the jobs of a budget.
 * - A budget without `duration_ms` limits how much is in flight, and `drawn` is what is; one with it drips, and
 *   `tokens`, `credit` and `refilled_at` are its level at that time.
 *
 * Version 3 says who holds a job in flight, and keeps texts that may hold U+0000 as bytes:
 *
 * - `holder` is the stream that a job in flight was delivered to, a row of `holders`; each of these belongs to a broker,
 *   a row of `brokers`. What belongs to a broker that is gone goes back to its queue.
 * - `deliveries` counts how often a job was delivered. It only grows, so it tells one delivery from another.
 * - `lane` is called `budget_set`.
 * - `unique_key`, `batch_key` and the texts of an error are UTF-8 bytes: some drivers cut a text at U+0000, and
 *   PostgreSQL takes none.
 *
 * Version 4 gives each job an integer as its key, and keeps counts:
 *
 * - `seq` is the key of a row, in the order of ids (`job-key.ts`). The id has an index only where the key does not follow
 *   from it: `named`. Jobs of earlier versions are named, and come before all others.
 * - Only ready jobs are in `jobs_by_queue` now; the jobs in flight of a holder are in `jobs_held`. In both, and in the
 *   indexes of time, SQLite puts the key behind the columns that are named; PostgreSQL is told to (`dialect.ts`).
 * - `job_counts` says how many jobs of a queue and a type have each status. It is written with each commit.
 *
 * Version 5 keeps what became of calls that may be repeated: `idempotency_keys` has a row for each (`idempotency.ts`).
 * The row stands in the index, without a second tree; PostgreSQL has no such tables. And it counts in `releases` how often
 * a worker gave a job back of its own will. That column may stand behind the payload: it is 0 in most rows, and then
 * SQLite finds it in the head of the row.
 */
export const firstMigrations: readonly string[] = [
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
  `
CREATE TABLE jobs_2 (
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
  unique_key TEXT,
  unique_while TEXT,
  holds_key INTEGER NOT NULL DEFAULT 0,
  batch TEXT,
  batch_key TEXT,
  heads_batch INTEGER NOT NULL DEFAULT 0,
  budgets TEXT,
  lane TEXT NOT NULL DEFAULT '',
  payload_json TEXT,
  payload_pack BLOB
);
INSERT INTO jobs_2 (id, type, queue, priority, status, ready_at, attempts, retry_limit, backoff, retention,
    dequeued_at, failed_at, purge_at, completed_at, payload_json, payload_pack)
  SELECT id, type, queue, priority, status, ready_at, attempts, retry_limit, backoff, retention,
    dequeued_at, failed_at, purge_at, completed_at, payload_json, payload_pack FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_2 RENAME TO jobs;
CREATE INDEX jobs_ready ON jobs (priority, id) WHERE status = 1 AND lane = '';
CREATE INDEX jobs_by_queue ON jobs (queue, status, lane, priority, id);
CREATE INDEX jobs_due ON jobs (ready_at) WHERE status = 0;
CREATE INDEX jobs_purge ON jobs (purge_at) WHERE purge_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE holds_key = 1;
CREATE UNIQUE INDEX jobs_heads ON jobs (batch_key) WHERE heads_batch = 1;
CREATE TABLE budgets (
  key TEXT NOT NULL PRIMARY KEY,
  allocation BIGINT NOT NULL,
  duration_ms BIGINT,
  burst BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  drawn BIGINT NOT NULL DEFAULT 0,
  tokens BIGINT NOT NULL DEFAULT 0,
  credit BIGINT NOT NULL DEFAULT 0,
  refilled_at BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE bindings (
  key TEXT NOT NULL,
  job_id TEXT NOT NULL,
  cost BIGINT NOT NULL,
  PRIMARY KEY (key, job_id)
);
CREATE INDEX bindings_by_job ON bindings (job_id);
CREATE TABLE cron_groups (
  name TEXT NOT NULL PRIMARY KEY,
  timezone TEXT,
  paused INTEGER NOT NULL,
  paused_at BIGINT,
  resumed_at BIGINT
);
CREATE TABLE cron_entries (
  cron_group TEXT NOT NULL,
  name TEXT NOT NULL,
  expression TEXT NOT NULL,
  timezone TEXT,
  paused INTEGER NOT NULL,
  paused_at BIGINT,
  resumed_at BIGINT,
  next_enqueue_at BIGINT,
  last_enqueue_at BIGINT,
  type TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  retry_limit BIGINT,
  backoff TEXT,
  retention TEXT,
  unique_key TEXT,
  unique_while TEXT,
  batch TEXT,
  budgets TEXT,
  payload_json TEXT,
  payload_pack BLOB,
  PRIMARY KEY (cron_group, name)
);
CREATE INDEX cron_due ON cron_entries (next_enqueue_at) WHERE next_enqueue_at IS NOT NULL;
`,
  `
CREATE TABLE jobs_3 (
  id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status INTEGER NOT NULL,
  ready_at BIGINT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  deliveries INTEGER NOT NULL DEFAULT 0,
  holder BIGINT,
  retry_limit BIGINT,
  backoff TEXT,
  retention TEXT,
  dequeued_at BIGINT,
  failed_at BIGINT,
  purge_at BIGINT,
  completed_at BIGINT,
  unique_key BLOB,
  unique_while TEXT,
  holds_key INTEGER NOT NULL DEFAULT 0,
  batch TEXT,
  batch_key BLOB,
  heads_batch INTEGER NOT NULL DEFAULT 0,
  budgets TEXT,
  budget_set TEXT NOT NULL DEFAULT '',
  payload_json TEXT,
  payload_pack BLOB
);
INSERT INTO jobs_3 (id, type, queue, priority, status, ready_at, attempts, deliveries, retry_limit, backoff, retention,
    dequeued_at, failed_at, purge_at, completed_at, unique_key, unique_while, holds_key, batch, batch_key, heads_batch,
    budgets, budget_set, payload_json, payload_pack)
  SELECT id, type, queue, priority, status, ready_at, attempts,
    CASE WHEN dequeued_at IS NULL THEN 0 WHEN status = 2 THEN attempts + 1 ELSE attempts END,
    retry_limit, backoff, retention, dequeued_at, failed_at, purge_at, completed_at, CAST(unique_key AS BLOB),
    unique_while, holds_key, batch, CAST(batch_key AS BLOB), heads_batch, budgets, lane, payload_json, payload_pack
  FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_3 RENAME TO jobs;
CREATE INDEX jobs_ready ON jobs (priority, id) WHERE status = 1 AND budget_set = '';
CREATE INDEX jobs_by_queue ON jobs (queue, status, budget_set, priority, id);
CREATE INDEX jobs_due ON jobs (ready_at) WHERE status = 0;
CREATE INDEX jobs_purge ON jobs (purge_at) WHERE purge_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE holds_key = 1;
CREATE UNIQUE INDEX jobs_heads ON jobs (batch_key) WHERE heads_batch = 1;
CREATE TABLE errors_3 (
  job_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  message BLOB NOT NULL,
  error_type BLOB,
  backtrace BLOB,
  dequeued_at BIGINT NOT NULL,
  failed_at BIGINT NOT NULL,
  PRIMARY KEY (job_id, attempt)
);
INSERT INTO errors_3 (job_id, attempt, message, error_type, backtrace, dequeued_at, failed_at)
  SELECT job_id, attempt, CAST(message AS BLOB), CAST(error_type AS BLOB), CAST(backtrace AS BLOB), dequeued_at,
    failed_at FROM errors;
DROP TABLE errors;
ALTER TABLE errors_3 RENAME TO errors;
CREATE TABLE cron_entries_3 (
  cron_group TEXT NOT NULL,
  name TEXT NOT NULL,
  expression TEXT NOT NULL,
  timezone TEXT,
  paused INTEGER NOT NULL,
  paused_at BIGINT,
  resumed_at BIGINT,
  next_enqueue_at BIGINT,
  last_enqueue_at BIGINT,
  type TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  retry_limit BIGINT,
  backoff TEXT,
  retention TEXT,
  unique_key BLOB,
  unique_while TEXT,
  batch TEXT,
  budgets TEXT,
  payload_json TEXT,
  payload_pack BLOB,
  PRIMARY KEY (cron_group, name)
);
INSERT INTO cron_entries_3 SELECT cron_group, name, expression, timezone, paused, paused_at, resumed_at,
    next_enqueue_at, last_enqueue_at, type, queue, priority, retry_limit, backoff, retention,
    CAST(unique_key AS BLOB), unique_while, batch, budgets, payload_json, payload_pack FROM cron_entries;
DROP TABLE cron_entries;
ALTER TABLE cron_entries_3 RENAME TO cron_entries;
CREATE INDEX cron_due ON cron_entries (next_enqueue_at) WHERE next_enqueue_at IS NOT NULL;
CREATE TABLE brokers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);
CREATE TABLE holders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broker BIGINT NOT NULL,
  worker TEXT,
  since BIGINT NOT NULL
);
CREATE INDEX holders_by_broker ON holders (broker);
`,
  `
CREATE TABLE jobs_4 (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  named INTEGER NOT NULL DEFAULT 0,
  type TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 32768,
  status INTEGER NOT NULL DEFAULT 1,
  ready_at BIGINT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  deliveries INTEGER NOT NULL DEFAULT 0,
  holder BIGINT,
  retry_limit BIGINT,
  backoff TEXT,
  retention TEXT,
  dequeued_at BIGINT,
  failed_at BIGINT,
  purge_at BIGINT,
  completed_at BIGINT,
  unique_key BLOB,
  unique_while TEXT,
  holds_key INTEGER NOT NULL DEFAULT 0,
  batch TEXT,
  batch_key BLOB,
  heads_batch INTEGER NOT NULL DEFAULT 0,
  budgets TEXT,
  budget_set TEXT NOT NULL DEFAULT '',
  payload_json TEXT,
  payload_pack BLOB
);
INSERT INTO jobs_4 (seq, id, named, type, queue, priority, status, ready_at, attempts, deliveries, holder, retry_limit, backoff,
    retention, dequeued_at, failed_at, purge_at, completed_at, unique_key, unique_while, holds_key, batch, batch_key,
    heads_batch, budgets, budget_set, payload_json, payload_pack)
  SELECT row_number() OVER (ORDER BY id), id, 1, type, queue, priority, status, ready_at, attempts, deliveries,
    CASE WHEN status = 2 THEN coalesce(holder, 0) END, retry_limit, backoff, retention, dequeued_at, failed_at, purge_at, completed_at, unique_key, unique_while, holds_key, batch, batch_key,
    heads_batch, budgets, budget_set, payload_json, payload_pack
  FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_4 RENAME TO jobs;
CREATE UNIQUE INDEX jobs_named ON jobs (id) WHERE named = 1;
CREATE INDEX jobs_by_queue ON jobs (queue, budget_set, priority/* , seq */) WHERE status = 1;
CREATE INDEX jobs_held ON jobs (holder/* , seq */) WHERE holder IS NOT NULL;
CREATE INDEX jobs_due ON jobs (ready_at/* , seq */) WHERE status = 0;
CREATE INDEX jobs_purge ON jobs (purge_at/* , seq */) WHERE purge_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE holds_key = 1;
CREATE UNIQUE INDEX jobs_heads ON jobs (batch_key) WHERE heads_batch = 1;
CREATE TABLE job_counts (
  queue TEXT NOT NULL,
  type TEXT NOT NULL,
  scheduled BIGINT NOT NULL DEFAULT 0,
  ready BIGINT NOT NULL DEFAULT 0,
  in_flight BIGINT NOT NULL DEFAULT 0,
  completed BIGINT NOT NULL DEFAULT 0,
  dead BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, type)
);
INSERT INTO job_counts (queue, type, scheduled, ready, in_flight, completed, dead)
  SELECT queue, type, sum(CASE WHEN status = 0 THEN 1 ELSE 0 END), sum(CASE WHEN status = 1 THEN 1 ELSE 0 END),
    sum(CASE WHEN status = 2 THEN 1 ELSE 0 END), sum(CASE WHEN status = 3 THEN 1 ELSE 0 END),
    sum(CASE WHEN status = 4 THEN 1 ELSE 0 END)
  FROM jobs GROUP BY queue, type;
`,
  `
ALTER TABLE jobs ADD COLUMN releases INTEGER NOT NULL DEFAULT 0;
CREATE TABLE idempotency_keys (
  key TEXT NOT NULL PRIMARY KEY,
  fingerprint BIGINT NOT NULL,
  kept_at BIGINT NOT NULL,
  outcome TEXT NOT NULL
) WITHOUT ROWID;
`,
];
