/**
 * Listing the batches that still take jobs in, by the index of their heads.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import type { OpenBatch } from "../protocol/open-batch.ts";
import type { PageQuery } from "../protocol/query.ts";
import { status } from "../protocol/status.ts";
import { payloadBytes } from "./many-jobs.ts";
import { toBytes } from "./text-bytes.ts";
import { rows, type Transition } from "./transition.ts";

interface Row extends Pick<OpenBatch, "type" | "queue" | "readyAt"> {
  readonly id: string;
  readonly status: number;
  readonly batch: string;
  readonly bytes: number;
}

/**
 * Lists batches in the order of the bytes of their keys. A head that was cancelled while it waited is closed by the next job
 * of its batch, and is none until then either.
 */
export function* listOpenBatches(
  { from, order, limit }: PageQuery<string>,
): Transition<OpenBatch[]> {
  const behind = from === undefined
    ? { sql: "", params: [] }
    : { sql: `AND batch_key ${order === "asc" ? ">" : "<"} ?`, params: [toBytes(from)] };
  const found = yield* rows<Row>(
    `SELECT id, type, queue, status, ready_at AS "readyAt", batch, ${payloadBytes} AS bytes FROM jobs
     WHERE heads_batch = 1 AND status IN (?, ?) ${behind.sql} ORDER BY batch_key ${order} LIMIT ?`,
    [status.ready, status.scheduled, ...behind.params, limit],
  );
  return found.map(({ id, batch, bytes, status: code, ...row }) => ({
    ...row,
    ...fromBatchText(batch),
    jobId: id,
    status: code === status.ready ? "ready" : "scheduled",
    payloadBytes: bytes,
  }));
}
