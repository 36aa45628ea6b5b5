/**
 * Jobs that begin anew in a queue: they were put over, moved there by hand, or went on to the next queue.
 *
 * A stay in a queue has all retries before it, is due when it is said now, and knows nothing of a former end. It keeps the
 * key of its row, and so its place before younger jobs of its priority.
 *
 * @module
 */

import { toInstant } from "../protocol/integer.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { traits } from "./traits.ts";

/** What is said of the stay. What is left out stays as it is; without a time, the job is due now. */
export interface NewStay {
  readonly queue?: string | undefined;
  readonly priority?: number | undefined;
  readonly retryLimit?: number | null | undefined;
  /** In ms since the epoch. */
  readonly readyAt?: number | null | undefined;
  /** From now, in ms; counts before `readyAt`. */
  readonly delayMs?: number | null | undefined;
}

/** Any → ready or scheduled; a job that waits for others still does. */
export function toNewStay(job: JobRecord, stay: NewStay, now: number): JobRecord {
  const readyAt = toInstant(now, stay.delayMs) ?? stay.readyAt ?? now;
  const due = readyAt > now ? status.scheduled : status.ready;
  return {
    ...job,
    traits: job.traits & ~traits.retried,
    status: job.status === status.blocked ? status.blocked : due,
    queue: stay.queue ?? job.queue,
    priority: stay.priority ?? job.priority,
    retryLimit: stay.retryLimit === undefined ? job.retryLimit : stay.retryLimit,
    readyAt,
    attempts: 0,
    completedAt: null,
    purgeAt: null,
  };
}
