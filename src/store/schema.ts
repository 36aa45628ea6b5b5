/**
 * The tables, as numbered migrations that only go forward.
 *
 * A migration that has shipped is never edited; the next one is added below it.
 *
 * @module
 */

import { cancelTables } from "./schema-cancels.ts";
import { firstMigrations } from "./schema-first.ts";
import { flowTables } from "./schema-flow.ts";
import { outboxTables } from "./schema-outbox.ts";
import { powerTables } from "./schema-powers.ts";
import { eventTables } from "./schema-events.ts";
import { quietTables, servingTables } from "./schema-serving.ts";
import { sharedTables } from "./schema-shared.ts";
import { tagTables } from "./schema-tags.ts";
import { trackedTables } from "./schema-tracked.ts";

/**
 * Each entry is the SQL that leads from its index to the next version.
 *
 * The first five and what they are about stand in `schema-first.ts`. In all of them the codes of statuses are written out,
 * because a migration never changes.
 *
 * Version 6 says by a bit for each in `traits` what a job has that other tables hold (`traits.ts`), and counts the jobs
 * that wait for others.
 *
 * Version 7 groups dead jobs by what they died of: `failures` has a row for each, `failure_counts` their numbers
 * (`failures-table.ts`). Completed jobs that are kept are in an index by when they succeeded.
 *
 * Version 8 keeps which jobs wait for which. A row of `dependencies` is open while its job waits for its parent; its
 * `state` says what then becomes of it (`dependencies-table.ts`), and stands in the key, so that the end of a parent
 * finds the open ones by themselves. `results` holds what parents came to, while a job that waited for them may ask.
 * `settlements` names the parents that have ended and whose jobs are still to hear of it.
 *
 * Version 9 has a row in `leases` for each job that is in flight under a lease (`leases-table.ts`). Such a job has no holder.
 * `leases_due` finds what becomes of them by time alone.
 *
 * Version 10 keeps tags (`schema-tags.ts`).
 *
 * Version 11 keeps what is set for queues: `queue_settings`. Its `in_flight` is counted only where there is a limit. A cron
 * entry may come round at an interval (`every_ms`), and then its `expression` is empty; `spawned` says of its jobs what
 * they came from. `config` holds settings that were changed while the broker ran, as JSON text.
 *
 * Version 12 has a row in `statistics` for each queue and day (`statistics.ts`), one in `history` for each entry
 * (`history.ts`), and one in `workers` for each worker that was seen in a while (`workers.ts`).
 *
 * Version 13 keeps which jobs are tracked (`schema-tracked.ts`).
 *
 * Version 14 keeps what goes with jobs, and what their handlers do besides their work (`schema-powers.ts`).
 *
 * Version 15 keeps which jobs in flight are to be cancelled (`schema-cancels.ts`).
 *
 * Version 18 has the outbox (`schema-outbox.ts`).
 *
 * Version 22 has statistics by the minute and by type (`schema-flow.ts`).
 *
 * Version 23 has in `news` how a broker hears of others: 0 on a channel on which anybody can talk, 1 on one of their own.
 *
 * Version 25 has in `age` of statistics how old the oldest ready job was, in ms; -1 if none was seen (`flow.ts`).
 */
export const migrations: readonly string[] = [
  ...firstMigrations,
  `
ALTER TABLE jobs ADD COLUMN traits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_counts ADD COLUMN blocked BIGINT NOT NULL DEFAULT 0;
`,
  `
CREATE TABLE failures (
  job INTEGER PRIMARY KEY,
  failure_group BLOB NOT NULL,
  is_given INTEGER NOT NULL DEFAULT 0,
  failed_at BIGINT NOT NULL,
  queue TEXT NOT NULL
);
CREATE INDEX failures_by_time ON failures (failed_at, job);
CREATE INDEX failures_by_group ON failures (failure_group, failed_at, job);
CREATE TABLE failure_counts (
  failure_group BLOB NOT NULL,
  queue TEXT NOT NULL,
  day BIGINT NOT NULL,
  jobs BIGINT NOT NULL,
  PRIMARY KEY (failure_group, queue, day)
);
CREATE INDEX jobs_completed ON jobs (completed_at/* , seq */) WHERE completed_at IS NOT NULL;
CREATE INDEX failure_counts_by_queue ON failure_counts (queue, day);
INSERT INTO failures (job, failure_group, failed_at, queue)
  SELECT seq, coalesce(
      (SELECT error_type FROM errors WHERE job_id = jobs.id AND attempt = jobs.attempts
        AND octet_length(error_type) BETWEEN 1 AND 200),
      CAST('unknown' AS BLOB)),
    coalesce(failed_at, ready_at), queue
  FROM jobs WHERE status = 4;
INSERT INTO failure_counts (failure_group, queue, day, jobs)
  SELECT failure_group, queue, failed_at / 86400000, count(*) FROM failures
  GROUP BY failure_group, queue, failed_at / 86400000;
UPDATE jobs SET traits = traits | 64 WHERE status = 4;
`,
  `
CREATE TABLE dependencies (
  parent BIGINT NOT NULL,
  state INTEGER NOT NULL,
  job BIGINT NOT NULL,
  name TEXT,
  PRIMARY KEY (parent, state, job)
) WITHOUT ROWID;
CREATE INDEX dependencies_by_job ON dependencies (job, state);
CREATE TABLE results (
  job BIGINT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  result TEXT NOT NULL
);
CREATE TABLE settlements (
  parent BIGINT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  outcome INTEGER NOT NULL
);
`,
  `
CREATE TABLE leases (
  job INTEGER PRIMARY KEY,
  token TEXT NOT NULL,
  worker TEXT,
  lease_ms BIGINT,
  expires_at BIGINT NOT NULL,
  grace_until BIGINT,
  progress TEXT
);
CREATE INDEX leases_due ON leases (coalesce(grace_until, expires_at));
`,
  tagTables,
  `
CREATE TABLE queue_settings (
  queue TEXT NOT NULL PRIMARY KEY,
  paused INTEGER NOT NULL,
  max_in_flight BIGINT,
  in_flight BIGINT,
  lease_ms BIGINT,
  grace_ms BIGINT
) WITHOUT ROWID;
CREATE TABLE config (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
ALTER TABLE cron_entries ADD COLUMN every_ms BIGINT;
ALTER TABLE cron_entries ADD COLUMN start_at BIGINT;
ALTER TABLE cron_entries ADD COLUMN catch_up INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cron_entries ADD COLUMN backlog BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cron_entries ADD COLUMN spawned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cron_entries ADD COLUMN last_job_id TEXT;
CREATE TABLE spawned (
  job BIGINT NOT NULL PRIMARY KEY,
  origin TEXT NOT NULL
) WITHOUT ROWID;
`,
  `
CREATE TABLE statistics (
  queue TEXT NOT NULL,
  day BIGINT NOT NULL,
  waits TEXT NOT NULL,
  runs TEXT NOT NULL,
  retries BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  PRIMARY KEY (queue, day)
) WITHOUT ROWID;
CREATE INDEX statistics_by_day ON statistics (day);
CREATE TABLE history (
  entry INTEGER PRIMARY KEY AUTOINCREMENT,
  job BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX history_by_job ON history (job, entry);
CREATE TABLE workers (
  id TEXT NOT NULL PRIMARY KEY,
  seen_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX workers_by_time ON workers (seen_at, id);
CREATE INDEX cron_by_queue ON cron_entries (queue);
CREATE INDEX leases_by_worker ON leases (worker) WHERE worker IS NOT NULL;
CREATE INDEX leases_in_grace ON leases (job) WHERE grace_until IS NOT NULL;
`,
  trackedTables,
  powerTables,
  cancelTables,
  "ALTER TABLE budgets ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;",
  `
CREATE TABLE payloads (
  key TEXT NOT NULL,
  piece INTEGER NOT NULL,
  expires_at BIGINT NOT NULL,
  body BLOB,
  PRIMARY KEY (key, piece)
);
CREATE INDEX payloads_by_time ON payloads (expires_at);
`,
  outboxTables,
  sharedTables,
  eventTables,
  servingTables,
  flowTables,
  "ALTER TABLE brokers ADD COLUMN news INTEGER NOT NULL DEFAULT 0;",
  quietTables,
  "ALTER TABLE flow ADD COLUMN age BIGINT NOT NULL DEFAULT -1;",
];
