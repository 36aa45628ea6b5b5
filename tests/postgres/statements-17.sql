DELETE FROM bindings
DELETE FROM bindings WHERE job_id = $1
DELETE FROM brokers WHERE id = $1
DELETE FROM budgets RETURNING key
DELETE FROM cron_entries
DELETE FROM cron_groups
DELETE FROM errors WHERE job_id = $1
DELETE FROM errors WHERE job_id = '' AND attempt = 0
DELETE FROM errors WHERE job_id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
DELETE FROM failure_counts WHERE failure_group = $1 AND queue = $2 AND day = $3 AND jobs <= 0
DELETE FROM failures WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
DELETE FROM history WHERE job = $1 AND entry IN (SELECT entry FROM history WHERE job = $2 ORDER BY entry LIMIT $3 OFFSET 1)
DELETE FROM history WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
DELETE FROM holders WHERE broker = $1
DELETE FROM holders WHERE id = $1
DELETE FROM idempotency_keys
DELETE FROM idempotency_keys WHERE key > $1 AND key <= $2 AND (kept_at <= $3 OR kept_at > $4)
DELETE FROM job_counts WHERE scheduled + ready + in_flight + completed + dead + blocked = 0
DELETE FROM jobs WHERE queue = $1 AND deliveries = $2 AND status = 2 AND failed_at IS NULL AND retention IS NULL AND budgets IS NULL AND traits = $3 AND seq IN ($4)
DELETE FROM jobs WHERE queue = $1 AND deliveries = $2 AND status = 2 AND failed_at IS NULL AND retention IS NULL AND budgets IS NULL AND traits = $3 AND seq IN ($4, $5)
DELETE FROM jobs WHERE queue = $1 AND deliveries = $2 AND status = 2 AND failed_at IS NULL AND retention IS NULL AND budgets IS NULL AND traits = $3 AND seq IN ($4, $5, $6)
DELETE FROM jobs WHERE queue = $1 AND deliveries = $2 AND status = 2 AND failed_at IS NULL AND retention IS NULL AND budgets IS NULL AND traits = $3 AND seq IN ($4, $5, $6, $7)
DELETE FROM jobs WHERE queue = $1 AND deliveries = $2 AND status = 2 AND failed_at IS NULL AND retention IS NULL AND budgets IS NULL AND traits = $3 AND seq IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
DELETE FROM jobs WHERE seq = $1 AND status = $2 AND deliveries = $3
DELETE FROM jobs WHERE seq = $1 AND status = $2 AND purge_at <= $3
DELETE FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND status = $2
DELETE FROM leases WHERE job = $1
DELETE FROM leases WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
DELETE FROM payloads
DELETE FROM queue_settings RETURNING queue
DELETE FROM statistics
DELETE FROM statistics WHERE queue = $1 AND day = $2
DELETE FROM tracked WHERE gone IS NOT NULL
DELETE FROM workers
DELETE FROM workers WHERE id = $1
DELETE FROM workers WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))) AND seen_at <= $2
INSERT INTO bindings (key, job_id, cost) VALUES ($1, $2, $3)
INSERT INTO brokers (started_at, seen_at) VALUES ($1, $2) RETURNING id
INSERT INTO budgets (key, allocation, duration_ms, burst, created_at, updated_at, drawn, tokens, credit, refilled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING
INSERT INTO errors (job_id, attempt, message, dequeued_at, failed_at) VALUES ('', 0, $1, 0, 0)
INSERT INTO errors (job_id, attempt, message, error_type, backtrace, dequeued_at, failed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO failure_counts (failure_group, queue, day, jobs) VALUES ($1, $2, $3, 1) ON CONFLICT (failure_group, queue, day) DO UPDATE SET jobs = failure_counts.jobs + 1
INSERT INTO failures (job, failure_group, is_given, failed_at, queue) VALUES ($1, $2, $3, $4, $5)
INSERT INTO history (job, body) VALUES ($1, $2)
INSERT INTO holders (broker, worker, since) VALUES ($1, $2, $3) RETURNING id
INSERT INTO idempotency_keys (key, fingerprint, kept_at, outcome) VALUES ($1, $2, $3, $4)
INSERT INTO idempotency_keys (key, fingerprint, kept_at, outcome) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
INSERT INTO job_counts (queue, type, scheduled, ready, in_flight, completed, dead, blocked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (queue, type) DO UPDATE SET scheduled = job_counts.scheduled + excluded.scheduled, ready = job_counts.ready + excluded.ready, in_flight = job_counts.in_flight + excluded.in_flight, completed = job_counts.completed + excluded.completed, dead = job_counts.dead + excluded.dead, blocked = job_counts.blocked + excluded.blocked
INSERT INTO jobs (seq, id, type, queue, ready_at, backoff, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO jobs (seq, id, type, queue, ready_at, backoff, payload_pack) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO jobs (seq, id, type, queue, ready_at, backoff, retention, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
INSERT INTO jobs (seq, id, type, queue, ready_at, payload_json) VALUES ($1, $2, $3, $4, $5, $6)
INSERT INTO jobs (seq, id, type, queue, ready_at, payload_pack) VALUES ($1, $2, $3, $4, $5, $6)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, backoff, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, payload_json, unique_key, unique_while, batch, budgets, holds_key, batch_key, heads_batch, budget_set, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, payload_pack, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retention, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retention, payload_json, unique_key, unique_while, batch, budgets, holds_key, batch_key, heads_batch, budget_set, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retry_limit, backoff, retention, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retry_limit, backoff, retention, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retry_limit, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retry_limit, payload_json, unique_key, unique_while, batch, budgets, holds_key, batch_key, heads_batch, budget_set, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, retry_limit, retention, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, status, payload_json, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, status, payload_json, traits, unique_key, unique_while, batch, budgets, holds_key, batch_key, heads_batch, budget_set, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
INSERT INTO jobs (seq, id, type, queue, ready_at, priority, status, payload_json, unique_key, unique_while, batch, budgets, holds_key, batch_key, heads_batch, budget_set, named) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
INSERT INTO jobs (seq, id, type, queue, ready_at, retention, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO jobs (seq, id, type, queue, ready_at, retry_limit, backoff, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
INSERT INTO jobs (seq, id, type, queue, ready_at, retry_limit, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO jobs (seq, id, type, queue, ready_at, retry_limit, retention, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
INSERT INTO jobs (seq, id, type, queue, ready_at, status, payload_json) VALUES ($1, $2, $3, $4, $5, $6, $7)
INSERT INTO leases (job, token, worker, lease_ms, expires_at) VALUES ($1, $2, $3, $4, $5)
INSERT INTO schema_version (version) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)
INSERT INTO statistics (queue, day, waits, runs, retries, failures, cancelled) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (queue, day) DO UPDATE SET waits = excluded.waits, runs = excluded.runs, retries = excluded.retries, failures = excluded.failures, cancelled = excluded.cancelled
INSERT INTO workers (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at > workers.seen_at
SELECT * FROM bindings ORDER BY key, job_id
SELECT * FROM brokers ORDER BY id
SELECT * FROM budgets ORDER BY key
SELECT * FROM cancellations ORDER BY job
SELECT * FROM children ORDER BY job, slot
SELECT * FROM config ORDER BY key
SELECT * FROM cron_entries ORDER BY cron_group, name
SELECT * FROM cron_groups ORDER BY name
SELECT * FROM dependencies ORDER BY parent, state, job
SELECT * FROM errors
SELECT * FROM errors ORDER BY job_id, attempt
SELECT * FROM failure_counts
SELECT * FROM failure_counts ORDER BY failure_group, queue, day
SELECT * FROM failures
SELECT * FROM failures ORDER BY job
SELECT * FROM history
SELECT * FROM history ORDER BY entry
SELECT * FROM holders
SELECT * FROM holders ORDER BY id
SELECT * FROM idempotency_keys
SELECT * FROM idempotency_keys ORDER BY key
SELECT * FROM job_counts ORDER BY queue, type
SELECT * FROM job_meta ORDER BY job
SELECT * FROM job_progress ORDER BY job
SELECT * FROM job_tags ORDER BY job, tag
SELECT * FROM jobs ORDER BY id
SELECT * FROM jobs WHERE id = $1
SELECT * FROM leases ORDER BY job
SELECT * FROM leases WHERE job NOT IN (SELECT seq FROM jobs)
SELECT * FROM queue_settings ORDER BY queue
SELECT * FROM results ORDER BY job
SELECT * FROM settlements ORDER BY parent
SELECT * FROM spawned ORDER BY job
SELECT * FROM statistics ORDER BY queue, day
SELECT * FROM tags ORDER BY tag
SELECT * FROM tracked ORDER BY place
SELECT * FROM workers ORDER BY id
SELECT 1 AS found FROM idempotency_keys LIMIT 1
SELECT 1 AS found FROM jobs WHERE named = 1 LIMIT 1
SELECT 1 AS found FROM jobs WHERE seq < $1 LIMIT 1
SELECT 1 AS found FROM settlements LIMIT 1
SELECT DISTINCT queue FROM job_counts WHERE queue > $1 AND ready > 0 ORDER BY queue LIMIT $2
SELECT DISTINCT queue FROM job_counts WHERE queue > $1 AND scheduled + ready + in_flight + completed + dead + blocked > 0 ORDER BY queue LIMIT $2
SELECT attempt, failed_at FROM errors
SELECT attempt, message, error_type AS "errorType", backtrace, dequeued_at AS "dequeuedAt", failed_at AS "failedAt" FROM errors WHERE job_id = $1 AND attempt < $2 ORDER BY attempt desc LIMIT $3
SELECT attempt, message, error_type AS "errorType", backtrace, dequeued_at AS "dequeuedAt", failed_at AS "failedAt" FROM errors WHERE job_id = $1 AND attempt = $2
SELECT attempt, message, error_type AS "errorType", backtrace, dequeued_at AS "dequeuedAt", failed_at AS "failedAt" FROM errors WHERE job_id = $1 AND attempt > $2 ORDER BY attempt asc LIMIT $3
SELECT attempt, message, error_type AS "errorType", backtrace, dequeued_at AS "dequeuedAt", failed_at AS "failedAt" FROM errors WHERE job_id = $1 ORDER BY attempt asc LIMIT $2
SELECT attempt, message, error_type AS "errorType", backtrace, dequeued_at AS "dequeuedAt", failed_at AS "failedAt" FROM errors WHERE job_id = $1 ORDER BY attempt desc LIMIT $2
SELECT coalesce(leases.worker, holders.worker) AS worker FROM jobs LEFT JOIN leases ON leases.job = jobs.seq LEFT JOIN holders ON holders.id = jobs.holder WHERE jobs.seq = $1
SELECT count(*) AS count FROM budgets
SELECT count(*) AS n FROM brokers WHERE id <> $1
SELECT count(*) AS n FROM jobs
SELECT cron_group AS "group", name AS "name", expression AS "expression", every_ms AS "everyMs", start_at AS "startAt", catch_up AS "catchUp", backlog AS "backlog", spawned AS "count", last_job_id AS "lastJobId", timezone AS "timezone", paused AS "paused", paused_at AS "pausedAt", resumed_at AS "resumedAt", next_enqueue_at AS "nextAt", last_enqueue_at AS "lastAt", type AS "type", queue AS "queue", priority AS "priority", retry_limit AS "retryLimit", backoff AS "backoff", retention AS "retention", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", tags AS "tags", meta AS "meta", payload_json AS "payloadJson", payload_pack AS "payloadPack", (SELECT paused FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupPaused", (SELECT timezone FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupZone" FROM cron_entries WHERE next_enqueue_at <= $1 ORDER BY next_enqueue_at LIMIT $2
SELECT cron_group AS "group", name AS "name", expression AS "expression", every_ms AS "everyMs", start_at AS "startAt", catch_up AS "catchUp", backlog AS "backlog", spawned AS "count", last_job_id AS "lastJobId", timezone AS "timezone", paused AS "paused", paused_at AS "pausedAt", resumed_at AS "resumedAt", next_enqueue_at AS "nextAt", last_enqueue_at AS "lastAt", type AS "type", queue AS "queue", priority AS "priority", retry_limit AS "retryLimit", backoff AS "backoff", retention AS "retention", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", tags AS "tags", meta AS "meta", payload_json AS "payloadJson", payload_pack AS "payloadPack", (SELECT paused FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupPaused", (SELECT timezone FROM cron_groups WHERE cron_groups.name = cron_group) AS "groupZone" FROM cron_entries WHERE next_enqueue_at > $1 AND (cron_group, name) > ($2, $3) ORDER BY cron_group, name LIMIT $4
SELECT dependencies.parent AS parent, dependencies.state AS state, dependencies.job AS job FROM dependencies CROSS JOIN jobs WHERE (dependencies.parent, dependencies.state, dependencies.job) > ($1, $2, $3) AND dependencies.parent = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($4 AS jsonb)) AS BIGINT))) AND dependencies.state < 3 AND jobs.seq = dependencies.parent AND jobs.status <> 3 ORDER BY dependencies.parent, dependencies.state, dependencies.job LIMIT $5
SELECT dependencies.parent AS parent, dependencies.state AS state, dependencies.job AS job FROM dependencies CROSS JOIN jobs WHERE (dependencies.parent, dependencies.state, dependencies.job) > ($1, $2, $3) AND dependencies.state < 3 AND jobs.seq = dependencies.parent AND jobs.status <> 3 ORDER BY dependencies.parent, dependencies.state, dependencies.job LIMIT $4
SELECT drawn FROM budgets
SELECT entry, body FROM history WHERE job = $1 ORDER BY entry asc LIMIT $2
SELECT entry, body FROM history WHERE job = $1 ORDER BY entry desc LIMIT $2
SELECT failure_group AS name, queue, day, jobs FROM failure_counts WHERE 1 = 1 ORDER BY failure_group asc, queue asc, day asc LIMIT $1
SELECT failure_group AS name, queue, day, jobs FROM failure_counts WHERE 1 = 1 ORDER BY failure_group desc, queue desc, day desc LIMIT $1
SELECT failure_group AS name, queue, failed_at / 86400000 AS day, count(*) AS jobs FROM failures WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) GROUP BY failure_group, queue, failed_at / 86400000 ORDER BY failure_group, queue, day
SELECT fingerprint, kept_at AS "keptAt", outcome FROM idempotency_keys WHERE key = $1
SELECT holder, attempts, holds_key FROM jobs ORDER BY id
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE 1 = 1 AND (seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) OR (named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))))) AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))) AND seq = $4 AND status IN (0, 1, 2, 5) AND seq > $5 ORDER BY seq LIMIT $6 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE 1 = 1 AND seq = $1 AND priority >= $2 AND priority <= $3 AND status IN (0, 1, 2, 5) AND seq > $4 ORDER BY seq LIMIT $5 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE 1 = 1 AND seq = $1 AND status IN (0, 1, 2, 5) AND seq > $2 ORDER BY seq LIMIT $3 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE 1 = 1 AND seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND priority >= $2 AND priority <= $3 AND status IN (0, 1, 2, 5) AND seq > $4 ORDER BY seq LIMIT $5 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE 1 = 1 AND seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND status IN (0, 1, 2, 5) AND seq > $2 ORDER BY seq LIMIT $3 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE 1 = 1 AND status = $1 AND seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($2 AS jsonb)) AS BIGINT))) AND status IN (0, 1, 2, 5) AND seq > $3 ORDER BY seq LIMIT $4 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE named = 1 AND id = $1
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE named = 1 AND id = $1 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE seq = $1 AND id = $2
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE seq = $1 AND id = $2 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND (purge_at IS NULL OR purge_at > $2) FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits" FROM jobs WHERE unique_key = $1 AND holds_key = 1 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits", NULL AS "payloadJson", NULL AS "payloadPack", CASE WHEN coalesce(octet_length(payload_json), octet_length(payload_pack)) > 65536 THEN coalesce(octet_length(payload_json), octet_length(payload_pack)) END AS "largeBytes" FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits", payload_json AS "payloadJson", payload_pack AS "payloadPack" FROM jobs WHERE batch_key = $1 AND heads_batch = 1 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits", payload_json AS "payloadJson", payload_pack AS "payloadPack" FROM jobs WHERE named = 1 AND id = $1
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits", payload_json AS "payloadJson", payload_pack AS "payloadPack" FROM jobs WHERE seq = $1 AND id = $2
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits", releases FROM jobs WHERE holder = $1 AND status = 2 ORDER BY holder, seq LIMIT $2 FOR UPDATE
SELECT id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", backoff AS "backoff", dequeued_at AS "dequeuedAt", failed_at AS "failedAt", retention AS "retention", purge_at AS "purgeAt", completed_at AS "completedAt", unique_key AS "uniqueKey", unique_while AS "uniqueWhile", batch AS "batch", budgets AS "budgets", deliveries AS "deliveries", seq AS "seq", traits AS "traits", releases FROM jobs WHERE holder IS NOT NULL AND NOT EXISTS ( SELECT 1 FROM holders JOIN brokers ON brokers.id = holders.broker WHERE holders.id = jobs.holder) AND status = 2 ORDER BY holder, seq LIMIT $1 FOR UPDATE
SELECT id FROM brokers
SELECT id FROM brokers WHERE id <> $1 AND seen_at < $2 ORDER BY id FOR UPDATE
SELECT id FROM brokers WHERE id = $1 FOR UPDATE
SELECT id FROM holders ORDER BY id
SELECT id FROM holders WHERE broker = $1
SELECT id FROM jobs WHERE heads_batch = 1 ORDER BY id
SELECT id FROM jobs WHERE holds_key = 1
SELECT id FROM jobs WHERE seq = $1 AND named = 0
SELECT id FROM workers WHERE seen_at <= $1 ORDER BY seen_at, id LIMIT $2
SELECT id, payload_json FROM jobs ORDER BY id
SELECT id, seen_at AS "seenAt" FROM workers WHERE seen_at > $1 AND (seen_at, id) < ($2, $3) ORDER BY seen_at desc, id desc LIMIT $4
SELECT id, seen_at AS "seenAt" FROM workers WHERE seen_at > $1 ORDER BY seen_at asc, id asc LIMIT $2
SELECT id, seen_at AS "seenAt" FROM workers WHERE seen_at > $1 ORDER BY seen_at desc, id desc LIMIT $2
SELECT id, seq, queue, type, traits, priority, budgets FROM jobs WHERE status = 0 AND ready_at <= $1 ORDER BY ready_at LIMIT $2 FOR UPDATE SKIP LOCKED
SELECT id, seq, queue, type, traits, status FROM jobs WHERE purge_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
SELECT id, seq, queue, type, traits, status, budgets FROM jobs WHERE 1 = 1 AND (seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) OR (named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))))) AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))) AND seq = $4 LIMIT $5 FOR UPDATE
SELECT id, seq, queue, type, traits, status, budgets FROM jobs WHERE 1 = 1 AND queue = $1 AND (traits & 64) <> 0 AND EXISTS (SELECT 1 FROM failures WHERE failures.job = jobs.seq AND failure_group = $2) LIMIT $3 FOR UPDATE
SELECT id, seq, queue, type, traits, status, budgets FROM jobs WHERE 1 = 1 AND seq = $1 LIMIT $2 FOR UPDATE
SELECT id, seq, queue, type, traits, status, budgets FROM jobs WHERE 1 = 1 AND seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) LIMIT $2 FOR UPDATE
SELECT id, seq, queue, type, traits, status, budgets FROM jobs WHERE 1 = 1 LIMIT $1 FOR UPDATE
SELECT id, status FROM jobs ORDER BY id
SELECT id, status, deliveries FROM jobs WHERE named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
SELECT id, status, deliveries FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
SELECT job FROM cancellations WHERE force_at <= $1 ORDER BY force_at LIMIT $2 FOR UPDATE SKIP LOCKED
SELECT job, count(*) AS entries FROM history WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) GROUP BY job HAVING count(*) > $2
SELECT job, failed_at AS "failedAt" FROM failures WHERE failed_at <= $1 AND (failed_at, job) > ($2, $3) ORDER BY failed_at, job LIMIT $4
SELECT job, failed_at AS "failedAt" FROM failures WHERE failure_group = $1 AND failed_at <= $2 AND (failed_at, job) > ($3, $4) ORDER BY failed_at, job LIMIT $5
SELECT job, failure_group AS name FROM failures WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND is_given = 1
SELECT job, token, worker, grace_until AS "graceUntil" FROM leases WHERE coalesce(grace_until, expires_at) <= $1 ORDER BY coalesce(grace_until, expires_at) LIMIT $2 FOR UPDATE SKIP LOCKED
SELECT job, worker, expires_at AS "expiresAt", progress FROM leases WHERE job = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
SELECT job_id FROM bindings
SELECT job_id FROM errors
SELECT job_id FROM errors ORDER BY job_id
SELECT jobs.id AS id, reason FROM cancellations JOIN jobs ON jobs.seq = cancellations.job ORDER BY cancellations.job LIMIT $1
SELECT jobs.id, jobs.seq, jobs.queue, jobs.status, jobs.deliveries, jobs.traits, leases.token, leases.worker, leases.lease_ms AS "leaseMs" FROM jobs LEFT JOIN leases ON leases.job = jobs.seq WHERE jobs.named = 1 AND jobs.id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
SELECT jobs.id, jobs.seq, jobs.queue, jobs.status, jobs.deliveries, jobs.traits, leases.token, leases.worker, leases.lease_ms AS "leaseMs" FROM jobs LEFT JOIN leases ON leases.job = jobs.seq WHERE jobs.seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
SELECT jobs.id, jobs.seq, jobs.queue, jobs.type, jobs.traits, jobs.deliveries FROM leases JOIN jobs ON jobs.seq = leases.job WHERE leases.job > $1 ORDER BY leases.job LIMIT $2
SELECT jobs.id, leases.expires_at, leases.grace_until FROM leases JOIN jobs ON jobs.seq = leases.job ORDER BY id
SELECT jobs.id, leases.token FROM jobs LEFT JOIN leases ON leases.job = jobs.seq WHERE (traits % 2 = 1) <> (leases.job IS NOT NULL) OR (leases.job IS NOT NULL AND status <> 2)
SELECT key FROM idempotency_keys ORDER BY key
SELECT key, allocation, duration_ms AS "durationMs", burst, created_at AS "createdAt", updated_at AS "updatedAt", drawn, tokens, credit, refilled_at AS "refilledAt", held_until AS "heldUntil" FROM budgets WHERE key = $1 FOR UPDATE
SELECT key, value FROM config ORDER BY key
SELECT max(key) AS last, count(*) AS count FROM (SELECT key FROM idempotency_keys WHERE key > $1 ORDER BY key LIMIT $2) AS piece
SELECT max(seq) AS seq FROM jobs
SELECT min(budget_set) AS name FROM jobs WHERE queue = $1 AND status = 1
SELECT min(budget_set) AS name FROM jobs WHERE queue = $1 AND status = 1 AND budget_set > $2
SELECT min(coalesce(grace_until, expires_at)) AS at FROM leases
SELECT min(day) AS day FROM statistics
SELECT min(expires_at) AS at FROM payloads
SELECT min(force_at) AS at FROM cancellations
SELECT min(next_enqueue_at) AS at FROM cron_entries WHERE next_enqueue_at IS NOT NULL
SELECT min(purge_at) AS at FROM jobs WHERE purge_at IS NOT NULL
SELECT min(ready_at) AS at FROM jobs WHERE status = 0
SELECT outcome FROM idempotency_keys
SELECT parent AS seq, id, outcome FROM settlements ORDER BY parent LIMIT $1 FOR UPDATE
SELECT paused, max_in_flight AS "maxInFlight", coalesce(in_flight, max_in_flight) AS "inFlight" FROM queue_settings WHERE queue = $1 FOR UPDATE
SELECT priority, seq FROM jobs WHERE queue = $1 AND status = 1 AND budget_set = $2 ORDER BY priority, seq LIMIT $3
SELECT priority, seq FROM jobs WHERE queue = $1 AND status = 1 AND budget_set = $2 ORDER BY priority, seq LIMIT 1
SELECT purge_at AS "purgeAt", seq, CASE WHEN 1 = 1 AND queue = $1 THEN 1 ELSE 0 END AS counts FROM jobs WHERE purge_at <= $2 AND (purge_at, seq) > ($3, $4) ORDER BY purge_at, seq LIMIT $5
SELECT purge_at AS "purgeAt", seq, CASE WHEN 1 = 1 AND queue = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))) THEN 1 ELSE 0 END AS counts FROM jobs WHERE purge_at <= $2 AND (purge_at, seq) > ($3, $4) ORDER BY purge_at, seq LIMIT $5
SELECT purge_at AS "purgeAt", seq, CASE WHEN 1 = 1 AND status = $1 THEN 1 ELSE 0 END AS counts FROM jobs WHERE purge_at <= $2 AND (purge_at, seq) > ($3, $4) ORDER BY purge_at, seq LIMIT $5
SELECT purge_at AS "purgeAt", seq, CASE WHEN 1 = 1 THEN 1 ELSE 0 END AS counts FROM jobs WHERE purge_at <= $1 AND (purge_at, seq) > ($2, $3) ORDER BY purge_at, seq LIMIT $4
SELECT queue, day FROM statistics WHERE day < $1 ORDER BY day LIMIT $2
SELECT queue, day, jobs FROM failure_counts
SELECT queue, in_flight FROM job_counts ORDER BY queue
SELECT queue, paused, max_in_flight AS "maxInFlight", lease_ms AS "leaseMs", grace_ms AS "graceMs" FROM queue_settings ORDER BY queue
SELECT queue, type, completed AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 ORDER BY queue, type LIMIT $3
SELECT queue, type, dead AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 ORDER BY queue, type LIMIT $3
SELECT queue, type, in_flight AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 ORDER BY queue, type LIMIT $3
SELECT queue, type, ready AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 ORDER BY queue, type LIMIT $3
SELECT queue, type, scheduled + ready + in_flight + completed + dead + blocked AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 AND queue = $3 ORDER BY queue, type LIMIT $4
SELECT queue, type, scheduled + ready + in_flight + completed + dead + blocked AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 AND queue = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))) ORDER BY queue, type LIMIT $4
SELECT queue, type, scheduled + ready + in_flight + completed + dead + blocked AS count FROM job_counts WHERE (queue, type) > ($1, $2) AND 1 = 1 ORDER BY queue, type LIMIT $3
SELECT queue, type, scheduled, ready, in_flight, completed, dead, blocked FROM job_counts WHERE queue = $1 AND (queue, type) > ($2, $3) ORDER BY queue, type LIMIT $4
SELECT seen_at AS "seenAt" FROM workers WHERE id = $1 AND seen_at > $2
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", 2 AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", CAST($1 AS BIGINT) AS "dequeuedAt", deliveries + 1 AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE queue = $2 AND status = 1 AND budget_set = $3 AND (priority, seq) > ($4, $5) ORDER BY priority, seq LIMIT $6 FOR UPDATE SKIP LOCKED
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND (seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($2 AS jsonb)) AS BIGINT))) OR (named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))))) AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($4 AS jsonb)))) ORDER BY seq asc LIMIT $5
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND (traits & 64) <> 0 AND EXISTS (SELECT 1 FROM failures WHERE failures.job = jobs.seq AND failure_group = $2) ORDER BY seq asc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND attempts >= $2 AND attempts <= $3 ORDER BY seq asc LIMIT $4
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND attempts >= $2 ORDER BY seq asc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND priority >= $2 AND priority <= $3 ORDER BY seq asc LIMIT $4
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND queue = $2 ORDER BY seq asc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND status = $2 AND queue = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))) AND type = $4 ORDER BY seq asc LIMIT $5
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND status = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($2 AS jsonb)) AS BIGINT))) ORDER BY seq asc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 ORDER BY seq asc LIMIT $2
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 ORDER BY seq desc LIMIT $2
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $2
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND seq < $1 AND (purge_at IS NULL OR purge_at > $2) AND 1 = 1 ORDER BY seq desc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND seq > $1 AND (purge_at IS NULL OR purge_at > $2) AND 1 = 1 ORDER BY seq asc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE 1 = 1 AND seq > $1 AND CASE WHEN 1 = 1 AND (purge_at IS NULL OR purge_at > $2) AND 1 = 1 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $3
SELECT seq AS "seq", id AS "id", type AS "type", queue AS "queue", priority AS "priority", status AS "status", ready_at AS "readyAt", attempts AS "attempts", retry_limit AS "retryLimit", dequeued_at AS "dequeuedAt", deliveries AS "deliveries", CASE WHEN octet_length(payload_json) <= 65536 THEN payload_json END AS json, CASE WHEN octet_length(payload_pack) <= 65536 THEN payload_pack END AS pack, CASE WHEN backoff IS NULL AND failed_at IS NULL AND retention IS NULL AND purge_at IS NULL AND completed_at IS NULL AND unique_key IS NULL AND batch IS NULL AND budgets IS NULL AND coalesce(octet_length(payload_json), octet_length(payload_pack)) <= 65536 THEN traits ELSE -1 END AS traits FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND status = 1
SELECT seq FROM jobs WHERE 1 = 1 AND 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND (seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($2 AS jsonb)) AS BIGINT))) OR (named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))))) AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($4 AS jsonb)))) ORDER BY seq asc LIMIT $5
SELECT seq FROM jobs WHERE 1 = 1 AND 1 = 1 AND (seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) OR (named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))))) AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))) AND seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($4 AS jsonb)) AS BIGINT))) ORDER BY seq asc LIMIT $5
SELECT seq FROM jobs WHERE 1 = 1 AND 1 = 1 AND (seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) OR (named = 1 AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))))) AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($3 AS jsonb)))) ORDER BY seq asc LIMIT $4
SELECT seq FROM jobs WHERE 1 = 1 AND 1 = 1 AND seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) ORDER BY seq asc LIMIT $2
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND priority <= $2 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $3
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND priority >= $2 AND priority <= $3 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $4
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 AND priority >= $2 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $3
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND (purge_at IS NULL OR purge_at > $1) AND 1 = 1 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $2
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND priority >= $1 AND priority <= $2 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $3
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 AND status = $1 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $2
SELECT seq FROM jobs WHERE 1 = 1 AND CASE WHEN 1 = 1 THEN 1 ELSE 0 END = 1 ORDER BY seq asc LIMIT $1
SELECT seq FROM jobs WHERE 1 = 1 AND seq > $1 ORDER BY seq asc LIMIT 1 OFFSET $2
SELECT seq FROM jobs WHERE 1 = 1 ORDER BY seq asc LIMIT 1 OFFSET $1
SELECT seq FROM jobs WHERE named = 1 AND id = $1
SELECT seq FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
SELECT seq, deliveries FROM jobs WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))) AND status = 2
SELECT status, holder, attempts, releases FROM jobs
SELECT status, holder, traits FROM jobs
SELECT sum(jobs) AS failed FROM failure_counts WHERE queue = $1 AND day = $2
SELECT token, worker FROM leases WHERE job = $1
SELECT version FROM schema_version
SELECT version FROM schema_version FOR UPDATE
SELECT waits, runs, retries, failures, cancelled FROM statistics WHERE queue = $1 AND day = $2
SELECT waits, runs, retries, failures, cancelled FROM statistics WHERE queue = $1 AND day = $2 FOR UPDATE
UPDATE brokers SET seen_at = $1 WHERE id = $2
UPDATE budgets SET drawn = $1, tokens = $2, credit = $3, refilled_at = $4 WHERE key = $5
UPDATE budgets SET refilled_at = $1 WHERE refilled_at > $2
UPDATE failure_counts SET jobs = jobs - $1 WHERE failure_group = $2 AND queue = $3 AND day = $4
UPDATE idempotency_keys SET outcome = $1
UPDATE jobs SET deliveries = deliveries + 1 WHERE id = 'a'
UPDATE jobs SET heads_batch = 0 WHERE seq = $1
UPDATE jobs SET holder = 0 WHERE id < 'c' RETURNING id
UPDATE jobs SET holder = 999 WHERE id = 'c' RETURNING id
UPDATE jobs SET holds_key = 0 WHERE seq = $1
UPDATE jobs SET holds_key = 1 WHERE seq = $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE unique_key = $2 AND holds_key = 1)
UPDATE jobs SET payload_json = $1, payload_pack = $2 WHERE seq = $3 AND status = 2 AND deliveries = $4
UPDATE jobs SET payload_json = $1, payload_pack = NULL WHERE seq = $2 AND heads_batch = 1 AND status = $3
UPDATE jobs SET queue = $1, priority = $2, status = $3, ready_at = $4, attempts = $5, retry_limit = $6, backoff = $7, failed_at = $8, retention = $9, purge_at = $10, completed_at = $11, traits = $12 WHERE seq = $13 AND status = $14 AND deliveries = $15
UPDATE jobs SET queue = $1, priority = $2, status = $3, ready_at = $4, attempts = $5, retry_limit = $6, backoff = $7, failed_at = $8, retention = $9, purge_at = $10, completed_at = $11, traits = $12, holder = NULL WHERE seq = $13 AND status = $14 AND deliveries = $15
UPDATE jobs SET releases = deliveries WHERE seq = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT)))
UPDATE jobs SET releases = releases + 1 WHERE seq = $1
UPDATE jobs SET status = 1 WHERE seq = $1 AND status = 0 AND ready_at <= $2
UPDATE jobs SET status = 1, holder = NULL WHERE seq IN (SELECT seq FROM jobs WHERE holder = $1 AND status = 2 AND unique_key IS NULL AND budgets IS NULL AND (traits & 1024) = 0 AND deliveries - releases <= coalesce(retry_limit, $2) + CAST($3 AS BIGINT) LIMIT $4 FOR UPDATE) RETURNING id, seq, queue, type, traits, priority, budgets
UPDATE jobs SET status = 1, holder = NULL WHERE seq IN (SELECT seq FROM jobs WHERE holder IS NOT NULL AND NOT EXISTS ( SELECT 1 FROM holders JOIN brokers ON brokers.id = holders.broker WHERE holders.id = jobs.holder) AND status = 2 AND unique_key IS NULL AND budgets IS NULL AND (traits & 1024) = 0 AND deliveries - releases <= coalesce(retry_limit, $1) + CAST($2 AS BIGINT) LIMIT $3 FOR UPDATE) RETURNING id, seq, queue, type, traits, priority, budgets
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1, traits = traits | 1 WHERE status = 1 AND seq IN ($3)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1, traits = traits | 1 WHERE status = 1 AND seq IN ($3, $4)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1, traits = traits | 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1, traits = traits | 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50)
UPDATE jobs SET status = 2, dequeued_at = $1, holder = $2, deliveries = deliveries + 1, traits = traits | 1 WHERE status = 1 AND seq IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82)
UPDATE jobs SET traits = traits | 32 WHERE seq = $1
UPDATE leases SET expires_at = $1, lease_ms = $2, grace_until = NULL WHERE job = $3 AND token = $4
UPDATE leases SET grace_until = $1 WHERE job = $2 AND token = $3
UPDATE leases SET progress = $1 WHERE job = $2
UPDATE queue_settings SET in_flight = in_flight + $1 WHERE queue = $2
UPDATE schema_version SET version = $1
