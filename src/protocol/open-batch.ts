/**
 * Batches that still take jobs in, as they are listed (docs/protocol.md, section 13.7).
 *
 * @module
 */

import * as v from "valibot";
import { linksSchema, type PageLinks, type ReadPage } from "./page.ts";
import { oneOf, readAs, text, u64 } from "./schema.ts";

/** A batch that takes jobs in, and the job that they are folded into: its head. */
export interface OpenBatch {
  /** The key of the batch. */
  readonly key: string;
  /** The id of its head. */
  readonly jobId: string;
  /** The type of its head. */
  readonly type: string;
  /** The queue of its head. */
  readonly queue: string;
  /** Whether its head can be taken at once, or collects until it is due. */
  readonly status: "ready" | "scheduled";
  /** When its head is due, or was, in ms since the epoch. */
  readonly readyAt: number;
  /** The jq expression that says whether a job is taken in. */
  readonly when: string;
  /** The jq expression that folds two payloads into one. */
  readonly fold: string;
  /** How many bytes the payload has by now. */
  readonly payloadBytes: number;
}

/** Writes the answer of `GET /batches`. */
export function toOpenBatchesWire(batches: readonly OpenBatch[], pages: PageLinks): object {
  return {
    batches: batches.map((batch) => ({
      key: batch.key,
      job_id: batch.jobId,
      type: batch.type,
      queue: batch.queue,
      status: batch.status,
      ready_at: batch.readyAt,
      when: batch.when,
      fold: batch.fold,
      payload_bytes: batch.payloadBytes,
    })),
    pages,
  };
}

const batchesSchema: v.GenericSchema<unknown, { readonly batches: OpenBatch[] }> = v.object({
  batches: v.array(
    v.pipe(
      v.object({
        key: text,
        job_id: text,
        type: text,
        queue: text,
        status: oneOf(["ready", "scheduled"] as const, "ready or scheduled"),
        ready_at: u64,
        when: text,
        fold: text,
        payload_bytes: u64,
      }, "an object"),
      v.transform(({ job_id, ready_at, payload_bytes, ...batch }): OpenBatch => ({
        ...batch,
        jobId: job_id,
        readyAt: ready_at,
        payloadBytes: payload_bytes,
      })),
    ),
    "a list",
  ),
}, "an object");

/** Reads the same. */
export function readOpenBatches(value: unknown): ReadPage<OpenBatch> {
  return { items: readAs(batchesSchema, value).batches, links: readAs(linksSchema, value).pages };
}
