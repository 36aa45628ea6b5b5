/**
 * A job on the broker's side: flat, as the store keeps it, and written to the wire without a stop in between.
 *
 * @module
 */

import type { JobExtra } from "./job-extra.ts";
import type { NamesWith } from "./job-fields.ts";

/**
 * A payload that nobody has parsed: JSON text (without line breaks outside strings, so that it fits an
 * NDJSON or SSE line), or the bytes of one MessagePack value. It leaves in the format it came in
 * byte for byte; only a reader of the other format makes the broker convert it.
 */
export type RawPayload = string | Uint8Array<ArrayBuffer>;

/** A job as the store keeps it. Null means absent; instants are ms since the epoch. */
export interface JobRecord {
  readonly id: string;
  /** The key of its row; jobs that were stored later have greater ones. */
  readonly seq: number;
  readonly type: string;
  readonly queue: string;
  readonly priority: number;
  /** The code of one of the `statuses` (`status.ts`). */
  readonly status: number;
  readonly readyAt: number;
  readonly attempts: number;
  readonly retryLimit: number | null;
  /** JSON text of the wire's `backoff` object: read on a failure, copied into answers. */
  readonly backoff: string | null;
  readonly dequeuedAt: number | null;
  readonly failedAt: number | null;
  /** JSON text of the wire's `retention` object. */
  readonly retention: string | null;
  readonly purgeAt: number | null;
  readonly completedAt: number | null;
  readonly uniqueKey: string | null;
  /** The wire's word for the scope; set whenever there is a key. */
  readonly uniqueWhile: string | null;
  /** JSON text of the wire's `batch` object. */
  readonly batch: string | null;
  /** JSON text of the wire's `budgets` list; null when it is empty. */
  readonly budgets: string | null;
  /** How often it has been delivered to a worker; it only grows. */
  readonly deliveries: number;
  /** What it has that most jobs have not, and that other tables hold: bits, see `store/traits.ts`. */
  readonly traits: number;
  /** The payload if it came as JSON, and if it was asked for. */
  readonly payloadJson?: string | null;
  /** The payload if it came as MessagePack, and if it was asked for. */
  readonly payloadPack?: Uint8Array<ArrayBuffer> | null;
  /** How many bytes the payload has, if it was not read with the rest of the record because it is large. */
  readonly largeBytes?: number | null;
  /** What other tables hold of it, if it was read for an answer. */
  readonly extra?: JobExtra | undefined;
}

/** The fields of a record that hold the payload. */
export type PayloadField = "payloadJson" | "payloadPack";

/** What a record holds in another form than what was asked for, or besides. */
export type RecordStart = Pick<
  JobRecord,
  "id" | "seq" | "status" | "readyAt" | "uniqueWhile" | "batch" | "budgets" | PayloadField
>;

/**
 * Creates the record of a job that nobody has taken yet.
 *
 * Member by member, and not by spreading objects: this runs for every job that is stored.
 *
 * @param job What was asked for, as a record holds it; other members are passed over.
 * @param start The rest.
 */
export function newRecord(
  job: Pick<JobRecord, Exclude<NamesWith<"enqueue">, keyof RecordStart>>,
  start: RecordStart,
): JobRecord {
  return {
    id: start.id,
    seq: start.seq,
    type: job.type,
    queue: job.queue,
    priority: job.priority,
    status: start.status,
    readyAt: start.readyAt,
    attempts: 0,
    retryLimit: job.retryLimit,
    backoff: job.backoff,
    dequeuedAt: null,
    failedAt: null,
    retention: job.retention,
    purgeAt: null,
    completedAt: null,
    uniqueKey: job.uniqueKey,
    uniqueWhile: start.uniqueWhile,
    batch: start.batch,
    budgets: start.budgets,
    deliveries: 0,
    traits: 0,
    payloadJson: start.payloadJson ?? null,
    payloadPack: start.payloadPack ?? null,
  };
}
