/**
 * A cron entry on its way: from a request to what is kept, and from there to the job that it enqueues.
 *
 * @module
 */

import { fromBatchText } from "../../protocol/batch.ts";
import { checkBindings, fromBindingsText } from "../../protocol/binding.ts";
import type { CronEntryRequest } from "../../protocol/cron.ts";
import type { CronDraft } from "../../store/crons.ts";
import type { CronEntryRecord } from "../../protocol/cron-record.ts";
import type { NewRecord } from "../../store/enqueue.ts";
import type { Expressions } from "./expressions.ts";
import { checkExpression, checkTimezone } from "./schedule.ts";
import { created } from "./states.ts";

/** Says why an entry cannot be, as far as that takes no look at what is stored. */
export function checkEntry(
  { expression, timezone, job }: CronEntryRequest,
  expressions: Expressions,
): string | undefined {
  return checkExpression(expression) ?? checkTimezone(timezone) ??
    expressions.checkBatch(job) ?? checkBindings(job.budgets);
}

/** What the store is to keep of an entry. */
export function toDraft({ job, ...entry }: CronEntryRequest): CronDraft {
  const record = created(job, "", 0);
  return {
    ...entry,
    bindings: job.budgets,
    // A scope without a key is shown, and has no effect (section 8.2).
    template: { ...record, uniqueWhile: record.uniqueWhile ?? job.uniqueWhile },
  };
}

/** The job that an entry enqueues at `now`. */
export function toNewRecord(entry: CronEntryRecord, id: string, now: number): NewRecord {
  const bindings = fromBindingsText(entry.budgets)
    .map((binding) => ({ ...binding, createWith: null, bucket: false }));
  const job = created(
    {
      type: entry.type,
      queue: entry.queue,
      payload: entry.payloadJson ?? entry.payloadPack ?? "null",
      priority: entry.priority,
      readyAt: now,
      retryLimit: entry.retryLimit,
      backoff: entry.backoff,
      retention: entry.retention,
      uniqueKey: entry.uniqueKey,
      uniqueWhile: entry.uniqueWhile,
      batch: entry.batch === null ? null : fromBatchText(entry.batch),
      budgets: bindings,
    },
    id,
    now,
  );
  return { job, bindings };
}
