/**
 * A job that has nothing but what most jobs have, read member by member: in a fifteenth of the time that the schema of all
 * members takes (`job-read.ts`), which counts for a worker that is sent ten thousands of jobs a second.
 *
 * @module
 */

import { max16, max32, maxExact } from "./integer.ts";
import { type JobMembers, type JobStatus, jobStatuses } from "./job.ts";
import { isIntegerUpTo } from "./schema.ts";

/** A job that is being read. */
export type JobDraft =
  & { -readonly [Member in keyof JobMembers]: JobMembers[Member] }
  & { status: JobStatus; dequeuedAt?: number };

/**
 * Reads a job of an answer or a frame.
 *
 * @returns The job; undefined if it has other members too, or is none: the schema reads it, or says what is wrong.
 */
export function readPlainJob(value: unknown): JobDraft | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const wire = value as Readonly<Record<string, unknown>>;
  const { id, type, queue, priority, status, ready_at, attempts, dequeued_at, deliveries } = wire;
  if (
    typeof id !== "string" || typeof type !== "string" || typeof queue !== "string" ||
    !isIntegerUpTo(max16, priority) || !isIntegerUpTo(maxExact, ready_at) ||
    !isIntegerUpTo(max32, attempts) || !(jobStatuses as readonly unknown[]).includes(status)
  ) return undefined;
  const job: JobDraft = {
    id,
    type,
    queue,
    priority,
    status: status as JobStatus,
    readyAt: ready_at,
    attempts,
  };
  let unread = -7;
  for (const _ in wire) unread++;
  if ("payload" in wire) {
    job.payload = wire["payload"];
    unread--;
  }
  if (isIntegerUpTo(maxExact, dequeued_at)) {
    job.dequeuedAt = dequeued_at;
    unread--;
  }
  if (isIntegerUpTo(max32, deliveries)) {
    job.deliveries = deliveries;
    unread--;
  }
  // Who enqueues reads the marks.
  if (typeof wire["duplicate"] === "boolean") unread--;
  if (typeof wire["folded"] === "boolean") unread--;
  return unread === 0 ? job : undefined;
}
