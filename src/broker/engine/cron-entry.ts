/**
 * A cron entry on its way: from a request to what is kept, and from there to the job that it enqueues.
 *
 * @module
 */

import { checkBindings, fromBindingsText } from "../../protocol/binding.ts";
import type { CronEntryRequest } from "../../protocol/cron.ts";
import type { CronDraft } from "../../store/crons.ts";
import type { CronEntryRecord } from "../../protocol/cron-record.ts";
import { toStoredFields } from "../../protocol/new-job.ts";
import { newRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import type { NewRecord } from "../../store/enqueue.ts";
import { withoutNul } from "../../store/finish.ts";
import type { Expressions } from "./expressions.ts";
import { checkExpression, checkTimezone } from "./schedule.ts";

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
  const { uniqueKey, uniqueWhile } = job;
  const scope = uniqueKey === null ? null : "queued";
  // A scope without a key is shown, and has no effect (section 8.2).
  const template = {
    ...toStoredFields(job),
    uniqueKey: withoutNul(uniqueKey),
    uniqueWhile: uniqueWhile ?? scope,
  };
  return { ...entry, bindings: job.budgets, template };
}

/** The job that an entry enqueues at `now`. */
export function toNewRecord(entry: CronEntryRecord, id: string, now: number): NewRecord {
  const { uniqueKey, uniqueWhile } = entry;
  const bindings = fromBindingsText(entry.budgets)
    .map((binding) => ({ ...binding, createWith: null, bucket: false }));
  const job = newRecord({
    ...entry,
    id,
    status: status.ready,
    readyAt: now,
    uniqueWhile: uniqueKey === null ? null : uniqueWhile,
  });
  return { job, bindings };
}
