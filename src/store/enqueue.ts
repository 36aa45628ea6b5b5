/**
 * Storing new jobs.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import type { BindingRequest } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { applyBatches, type Merge, planBatches } from "./batch.ts";
import { type BindingTerms, bindJobs, ensureBudgets } from "./bindings.ts";
import type { SqlValue } from "./database.ts";
import { laneOf } from "./lane.ts";
import { each, type Transition } from "./transition.ts";
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
  readonly merge: Merge;
}

/** What became of a job that was to be stored. */
export interface StoredJob {
  /** The job that is stored: of a duplicate, or of one that was folded, the one that was there. */
  readonly job: JobRecord;
  readonly duplicate: boolean;
  readonly folded: boolean;
}

/** What became of jobs that were to be stored together: all are, or none and why, for which of them. */
export type Stored =
  | { readonly jobs: readonly StoredJob[] }
  | { readonly refused: string; readonly index: number };

/** The jobs that were stored anew, and not found there. */
export function newOf({ jobs }: { readonly jobs: readonly StoredJob[] }): JobRecord[] {
  return jobs.filter(({ duplicate, folded }) => !duplicate && !folded).map(({ job }) => job);
}

/** What every job has; each parameter more would cost a fifth of a microsecond. */
const plainColumns = `id, type, queue, priority, status, ready_at, retry_limit, backoff, retention,
  payload_json, payload_pack`;
const insertPlain = `INSERT INTO jobs (${plainColumns}, attempts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`;
const insertWhole = `INSERT INTO jobs (${plainColumns}, unique_key, unique_while, holds_key, batch,
    batch_key, heads_batch, budgets, lane, attempts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`;

/**
 * Stores new jobs in their order, but for those whose unique key is taken and those that are folded into others; all or
 * none.
 *
 * Nothing is written before everything is checked, so that a refusal costs the others of a group commit nothing.
 */
export function* enqueueJobs(
  entries: readonly NewRecord[],
  terms: EnqueueTerms,
): Transition<Stored> {
  const jobs = entries.map(({ job }) => job);
  const keys = yield* planKeys(jobs);
  const batches = yield* planBatches(jobs, terms.merge);
  if ("refused" in batches) {
    return { refused: batches.refused, index: jobs.indexOf(batches.job) };
  }
  const { duplicates } = keys;
  const { folded, heads, open } = batches;
  const fresh = duplicates.size === 0 && folded.size === 0
    ? entries
    : entries.filter(({ job }) => !duplicates.has(job) && !folded.has(job));
  const bound = fresh.filter(({ bindings }) => bindings.length > 0);
  if (bound.length > 0) {
    const refusal = yield* ensureBudgets(bound.map(({ bindings }) => bindings), terms);
    if (refusal !== undefined) {
      return { refused: refusal.refused, index: entries.indexOf(bound[refusal.index]!) };
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
  yield* each(insertPlain, plain);
  yield* each(insertWhole, whole);
  yield* bindJobs(bound.map(({ job, bindings }) => ({ id: job.id, bindings })));
  return {
    jobs: jobs.map((job) => {
      const holder = duplicates.get(job);
      if (holder !== undefined) return { job: holder, duplicate: true, folded: false };
      const headId = folded.get(job);
      if (headId !== undefined) return { job: heads.get(headId)!, duplicate: false, folded: true };
      return { job, duplicate: false, folded: false };
    }),
  };
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
  return [
    ...toPlainRow(job),
    job.uniqueKey,
    job.uniqueWhile,
    job.uniqueKey === null ? 0 : 1,
    job.batch,
    job.batch === null ? null : fromBatchText(job.batch).key,
    open.has(job.id) ? 1 : 0,
    job.budgets,
    laneOf(job.budgets),
  ];
}
