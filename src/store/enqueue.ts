/**
 * Storing new jobs.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import type { BindingRequest } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { applyBatches, planBatches } from "./batch.ts";
import { type BindingTerms, bindJobs, ensureBudgets } from "./bindings.ts";
import { toBudgetSet } from "./budget-set.ts";
import { toJobsChanges } from "./changes.ts";
import type { SqlValue } from "./database.ts";
import type { Expressions } from "./expressions.ts";
import { columnOf, rareMembers } from "./jobs-table.ts";
import { toBytes } from "./text-bytes.ts";
import { insertRows, report, toInsert, type Transition } from "./transition.ts";
import { freeKeys, planKeys } from "./unique.ts";

/** A job to be stored. */
export interface NewRecord {
  readonly job: JobRecord;
  /** Its bindings as they were asked for; the record holds them as they are kept. */
  readonly bindings: readonly BindingRequest[];
}

/** What storing jobs depends on. */
export interface EnqueueTerms extends BindingTerms {
  /** Folds one job of a batch into another. */
  readonly expressions: Pick<Expressions, "fold">;
}

/** What became of a job that was to be stored. */
export interface StoredJob {
  /** The job that is stored: of a duplicate, or of one that was folded, the one that was there. */
  readonly job: JobRecord;
  readonly duplicate: boolean;
  readonly folded: boolean;
}

/**
 * What is stored of every job, as the table of fields has it; each parameter more would cost a fifth of a microsecond.
 * Written out here, and in {@linkcode toPlainRow} in the same order: a loop over the names takes as long as all else that
 * is done for a job before it is inserted.
 */
export const plainMembers: readonly (keyof JobRecord)[] = [
  "id",
  "type",
  "queue",
  "priority",
  "status",
  "readyAt",
  "retryLimit",
  "backoff",
  "retention",
  "payloadJson",
  "payloadPack",
];
const insertPlain = toInsert("jobs", plainMembers.map((member) => columnOf[member]));

/** The fields that are also stored of a job with a unique key, a batch or budgets. */
const insertWhole = toInsert("jobs", [
  ...[...plainMembers, ...rareMembers].map((member) => columnOf[member]),
  "holds_key",
  "batch_key",
  "heads_batch",
  "budget_set",
]);

/**
 * Stores new jobs in their order, except duplicates and those that are folded into others; all or none.
 *
 * Writes nothing before everything is checked, so that a rejection does not roll back the other writes of a group commit.
 *
 * @returns What became of each job, or why none is stored.
 */
export function* enqueueJobs(
  entries: readonly NewRecord[],
  terms: EnqueueTerms,
): Transition<readonly StoredJob[] | Rejection> {
  const jobs = entries.map(({ job }) => job);
  const keys = yield* planKeys(jobs);
  const batches = yield* planBatches(jobs, terms.expressions);
  if (isRejection(batches)) return batches;
  const { duplicates } = keys;
  const { folded, heads, open } = batches;
  const fresh = duplicates.size === 0 && folded.size === 0
    ? entries
    : entries.filter(({ job }) => !duplicates.has(job) && !folded.has(job));
  const bound = fresh.filter(({ bindings }) => bindings.length > 0);
  if (bound.length > 0) {
    const rejection = yield* ensureBudgets(bound.map(({ bindings }) => bindings), terms);
    if (rejection !== undefined) {
      return { ...rejection, index: entries.indexOf(bound[rejection.index!]!) };
    }
  }
  yield* freeKeys(keys.freed);
  yield* applyBatches(batches);
  const plain: SqlValue[][] = [];
  const whole: SqlValue[][] = [];
  for (const { job } of fresh) {
    if (isPlain(job)) plain.push(toPlainRow(job));
    else whole.push(toWholeRow(heads.get(job.id) ?? job, open));
  }
  yield* insertRows(insertPlain, plain);
  yield* insertRows(insertWhole, whole);
  yield* bindJobs(bound.map(({ job, bindings }) => ({ id: job.id, bindings })));
  const added = fresh === entries ? jobs : fresh.map(({ job }) => job);
  for (const change of toJobsChanges(added, undefined)) yield report(change);
  return jobs.map((job) => {
    const holder = duplicates.get(job);
    if (holder !== undefined) return { job: holder, duplicate: true, folded: false };
    const headId = folded.get(job);
    if (headId !== undefined) return { job: heads.get(headId)!, duplicate: false, folded: true };
    return { job, duplicate: false, folded: false };
  });
}

function isPlain({ uniqueKey, batch, budgets }: JobRecord): boolean {
  return uniqueKey === null && batch === null && budgets === null;
}

function toPlainRow(job: JobRecord): SqlValue[] {
  return [
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
  ];
}

function toWholeRow(job: JobRecord, open: ReadonlySet<string>): SqlValue[] {
  const { uniqueKey, batch, budgets } = job;
  return [
    ...toPlainRow(job),
    ...rareMembers.map((member) => member === "uniqueKey" ? toBytes(uniqueKey) : job[member]!),
    uniqueKey === null ? 0 : 1,
    batch === null ? null : toBytes(fromBatchText(batch).key),
    open.has(job.id) ? 1 : 0,
    toBudgetSet(budgets),
  ];
}
