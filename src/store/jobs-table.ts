/**
 * The columns of a job.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";

/** The column behind each member of a {@linkcode JobRecord}. */
const columnOf: Readonly<Record<keyof JobRecord, string>> = {
  id: "id",
  type: "type",
  queue: "queue",
  priority: "priority",
  status: "status",
  readyAt: "ready_at",
  attempts: "attempts",
  deliveries: "deliveries",
  retryLimit: "retry_limit",
  backoff: "backoff",
  dequeuedAt: "dequeued_at",
  failedAt: "failed_at",
  retention: "retention",
  purgeAt: "purge_at",
  completedAt: "completed_at",
  uniqueKey: "unique_key",
  uniqueWhile: "unique_while",
  batch: "batch",
  budgets: "budgets",
  payloadJson: "payload_json",
  payloadPack: "payload_pack",
};

/** The select list of a whole job; `replaced` puts another expression in the place of a column. */
export function jobColumns(replaced: Partial<Record<keyof JobRecord, string>> = {}): string {
  return Object.entries({ ...columnOf, ...replaced })
    .map(([member, expression]) => `${expression} AS "${member}"`).join(", ");
}

/** The select list of a job without its payload. */
export const metadataColumns: string = jobColumns()
  .slice(0, jobColumns().indexOf(`, ${columnOf.payloadJson} AS`));
