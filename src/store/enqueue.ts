/**
 * Storing new jobs.
 *
 * @module
 */

import { type BindingRequest } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { type BindingTerms, bindJobs, createBudgets, planBindings } from "./bindings.ts";
import { laneOf } from "./lane.ts";
import { each, type Transition } from "./transition.ts";
import { freeKeys, planKeys } from "./unique.ts";

/** A job to be stored. */
export interface NewRecord {
  readonly job: JobRecord;
  /** Its bindings as they were asked for; the record holds them as they are kept. */
  readonly bindings: readonly BindingRequest[];
}

/** What became of a job that was to be stored. */
export interface StoredJob {
  /** The job that is stored: of a duplicate, the one that was there. */
  readonly job: JobRecord;
  readonly duplicate: boolean;
}

/** What became of jobs that were to be stored together: all are, or none and why, for which of them. */
export type Stored =
  | { readonly jobs: readonly StoredJob[] }
  | { readonly refused: string; readonly index: number };

const insertSql = `INSERT INTO jobs (id, type, queue, priority, status, ready_at, attempts,
  retry_limit, backoff, retention, unique_key, unique_while, holds_key, budgets, lane, payload_json, payload_pack)
  VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/**
 * Stores new jobs in their order, but for those whose unique key is taken, all or none.
 *
 * Nothing is written before everything is checked, so that a refusal costs the others of a group commit nothing.
 */
export function* enqueueJobs(
  entries: readonly NewRecord[],
  terms: BindingTerms,
): Transition<Stored> {
  const { duplicates, freed } = yield* planKeys(entries.map(({ job }) => job));
  const fresh = duplicates.size === 0 ? entries : entries.filter(({ job }) => !duplicates.has(job));
  const bound = fresh.filter(({ bindings }) => bindings.length > 0);
  if (bound.length > 0) {
    const plan = yield* planBindings(bound.map(({ bindings }) => bindings), terms);
    if ("refused" in plan) {
      return { refused: plan.refused, index: entries.indexOf(bound[plan.index]!) };
    }
    yield* createBudgets(plan.create);
  }
  yield* freeKeys(freed);
  yield* each(insertSql, fresh.map(({ job }) => toRow(job)));
  yield* bindJobs(bound.map(({ job, bindings }) => ({ id: job.id, bindings })));
  return {
    jobs: entries.map(({ job }) => {
      const holder = duplicates.get(job);
      return { job: holder ?? job, duplicate: holder !== undefined };
    }),
  };
}

function toRow(job: JobRecord): (string | number | Uint8Array<ArrayBuffer> | null)[] {
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
    job.uniqueKey,
    job.uniqueWhile,
    job.uniqueKey === null ? 0 : 1,
    job.budgets,
    laneOf(job.budgets),
    job.payloadJson ?? null,
    job.payloadPack ?? null,
  ];
}
