/**
 * Storing new jobs.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { each, type Transition } from "./transition.ts";

const insertSql = `INSERT INTO jobs (id, type, queue, priority, status, ready_at, attempts,
  retry_limit, backoff, retention, payload_json, payload_pack)
  VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)`;

/** Stores new jobs, all or none. */
export function* enqueueJobs(jobs: readonly JobRecord[]): Transition<void> {
  yield* each(
    insertSql,
    jobs.map((job) => [
      job.id,
      job.type,
      job.queue,
      job.priority,
      job.status,
      job.readyAt,
      job.retryLimit,
      job.backoff,
      job.retention,
      job.payloadJson ?? null,
      job.payloadPack ?? null,
    ]),
  );
}
