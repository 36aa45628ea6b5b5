/**
 * What who only enqueues reads of an answer: that the job is stored, and as what.
 *
 * It is read by hand: what describes whole jobs is several times as long, and an edge function would carry it.
 *
 * @module
 */

import { type EnqueuedJob, jobStatuses } from "./job.ts";
import { MessageError } from "./message-error.ts";

/** What is told of a job that was enqueued: what every job has, and what became of the call. */
export type Receipt = Pick<
  EnqueuedJob,
  "id" | "type" | "queue" | "priority" | "status" | "readyAt" | "attempts" | "duplicate" | "folded"
>;

/** Reads the answer to `POST /jobs`, or an item of the answer to `POST /jobs/bulk`. */
export function readReceipt(value: unknown): Receipt {
  const job = (value ?? {}) as Readonly<Record<string, unknown>>;
  const { id, type, queue, priority, status, ready_at, attempts, duplicate, folded } = job;
  const isReceipt = [id, type, queue].every((text) => typeof text === "string") &&
    [priority, ready_at, attempts].every(Number.isFinite) &&
    jobStatuses.includes(status as Receipt["status"]);
  if (!isReceipt) throw new MessageError("expected a job");
  return {
    id,
    type,
    queue,
    priority,
    status,
    readyAt: ready_at,
    attempts,
    duplicate: duplicate === true,
    folded: folded === true,
  } as Receipt;
}

/** Reads the answer to `POST /jobs/bulk`. */
export function readReceipts(value: unknown): Receipt[] {
  const { jobs } = (value ?? {}) as { readonly jobs?: unknown };
  if (!Array.isArray(jobs)) throw new MessageError("expected a list of jobs");
  return jobs.map(readReceipt);
}
