/**
 * Putting a job by its id: stores a new one, or writes over the one that is there, in any status.
 *
 * @module
 */

import { fromBatchText, toBatchText } from "../protocol/batch.ts";
import { toBindingsText } from "../protocol/binding.ts";
import type { DependencyList } from "../protocol/dependency-request.ts";
import { looksMade } from "../protocol/job-id.ts";
import type { NewJob } from "../protocol/new-job.ts";
import type { PutJob } from "../protocol/put-request.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection, unprocessable } from "../protocol/rejection.ts";
import { status } from "../protocol/status.ts";
import { beginAnew } from "./begin-anew.ts";
import { bindJobs, ensureBudgets } from "./bindings.ts";
import { toBudgetSet } from "./budget-set.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord, type StoredJob } from "./enqueue.ts";
import { enqueueOnce, type KeyedCall } from "./idempotency.ts";
import { findJob, isExpired, updateJob } from "./jobs.ts";
import { replaceMeta } from "./meta-table.ts";
import { moveAlone } from "./move-job.ts";
import { toNewStay } from "./new-stay.ts";
import { toBytes } from "./text-bytes.ts";
import { replaceTags } from "./tags.ts";
import { withExtras } from "./trait-tables.ts";
import { run, type Transition } from "./transition.ts";
import { planStayLinks, withLinks, writeStayLinks } from "./stay-links.ts";
import { findRival, freeKeys } from "./unique.ts";

/** What is put. */
export interface Put {
  /** What was asked for. */
  readonly request: PutJob;
  /** The job as it is stored if there is none of its id. */
  readonly entry: NewRecord;
  /** What the worker calls itself that asks for it, if it is one. */
  readonly by?: string | undefined;
}

/** What became of it. */
export interface PutResult {
  /** A duplicate is the job that is there and stays as it is. */
  readonly stored: StoredJob;
  /** Whether there was no job of this id. */
  readonly isNew: boolean;
}

/**
 * Stores a job under its id. If there is one, writes over it what was given, and it begins anew, whoever had it.
 *
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* putJob(put: Put, terms: EnqueueTerms): Transition<PutResult | Rejection> {
  const { request, entry } = put;
  const found = yield* findJob(entry.job.id);
  const isGone = isExpired(found, terms.now);
  if (found === undefined || isGone) {
    const rejection = checkNew(request, entry.job);
    if (rejection !== undefined) return rejection;
    if (isGone) yield* moveAlone(found!, undefined, "expired");
    const stored = yield* enqueueJobs([entry], terms);
    if (isRejection(stored)) return stored;
    const [only] = stored as [StoredJob];
    return { stored: only, isNew: !only.duplicate && !only.folded };
  }
  const stored = request.onConflict === "keep"
    ? toDuplicate(found)
    : yield* putOver(found, put, terms);
  if (isRejection(stored)) return stored;
  const [job] = yield* withExtras([stored.job]);
  return { stored: { ...stored, job: job! }, isNew: false };
}

/**
 * Puts a job unless the same call was done before; its answer is that of the first time. A job that was put over another one
 * counts as one that was there.
 *
 * @throws {StaleReadError} If it changed between reading and writing, or another broker has done the same call meanwhile.
 */
export function* putOnce(
  call: Pick<KeyedCall, "key" | "fingerprint">,
  put: Put,
  terms: EnqueueTerms,
): Transition<PutResult | Rejection> {
  const { request, entry } = put;
  const keyed = { ...call, jobs: [request], ids: [entry.job.id], now: terms.now };
  let isNew: boolean | undefined;
  const stored = yield* enqueueOnce({ ...keyed, mayBeThere: true }, function* () {
    const result = yield* putJob(put, terms);
    if (isRejection(result)) return result;
    isNew = result.isNew;
    return [result.stored];
  });
  if (isRejection(stored)) return stored;
  const [only] = stored as [StoredJob];
  return { stored: only, isNew: isNew ?? (!only.duplicate && !only.folded) };
}

function checkNew({ given }: PutJob, { id }: JobRecord): Rejection | undefined {
  if (looksMade(id)) {
    return unprocessable(
      `no job has the id '${id}', and one of 25 digits and small letters is made by the broker alone`,
    );
  }
  if (given.has("queue")) return undefined;
  return { kind: "invalid", message: `queue is missing, and no job has the id '${id}'` };
}

function toDuplicate(job: JobRecord): StoredJob {
  return { job, duplicate: true, folded: false };
}

function* putOver(
  before: JobRecord,
  { request, entry, by }: Put,
  terms: EnqueueTerms,
): Transition<StoredJob | Rejection> {
  const unlinked = toPut(before, request, terms.now);
  const rival = yield* findRival(unlinked);
  if (rival?.keeps) return toDuplicate(rival.holder);
  const rejection = yield* ensureBudgets([entry.bindings], terms);
  if (rejection !== undefined) return rejection;
  const links = yield* planStayLinks(before, toDependencies(request, before), terms.now);
  if (isRejection(links)) return links;
  if (rival !== undefined) yield* freeKeys([rival.holder.seq]);
  const plain = withLinks(unlinked, links, terms.now);
  const tagged = request.given.has("tags") ? yield* replaceTags(plain, request.tags) : plain;
  const after = request.given.has("meta")
    ? yield* replaceMeta(tagged, request.meta ?? null)
    : tagged;
  yield* beginAnew(before, after, { payload: request.payload, by, write: rewriteJob });
  if (links !== undefined) yield* writeStayLinks(after, links);
  if (request.given.has("budgets")) {
    yield* run("DELETE FROM bindings WHERE job_id = ?", [before.id]);
    yield* bindJobs([{ id: before.id, bindings: entry.bindings }]);
  }
  yield* openBatch(after);
  return { job: after, duplicate: false, folded: false };
}

/** The jobs that it is to wait for, if they are given. The only one of the call is it itself. */
function toDependencies(
  { given, dependsOn, strictDependencies }: PutJob,
  { id }: JobRecord,
): DependencyList | undefined {
  if (!given.has("dependsOn")) return undefined;
  const ids = dependsOn.map((one) => one.item === null ? one : { ...one, id });
  return { ids, isStrict: strictDependencies === true };
}

/** What is given wins; a unique key and a batch, which exclude each other, push each other out. */
function toPut(job: JobRecord, request: PutJob, now: number): JobRecord {
  const { given } = request;
  const { uniqueKey, uniqueWhile, batch } = request;
  const has = (name: keyof NewJob) => given.has(name);
  const stay = toNewStay(job, {
    queue: has("queue") ? request.queue : undefined,
    priority: has("priority") ? request.priority : undefined,
    retryLimit: has("retryLimit") ? request.retryLimit : undefined,
    readyAt: request.readyAt,
    delayMs: request.delayMs,
  }, now);
  const keepsKey = !has("uniqueKey") && batch === null;
  const keepsBatch = !has("batch") && uniqueKey === null;
  return {
    ...stay,
    type: request.type,
    backoff: has("backoff") ? request.backoff : job.backoff,
    retention: has("retention") ? request.retention : job.retention,
    uniqueKey: keepsKey ? job.uniqueKey : uniqueKey,
    uniqueWhile: keepsKey ? job.uniqueWhile : uniqueKey && (uniqueWhile ?? "queued"),
    batch: keepsBatch ? job.batch : batch && toBatchText(batch),
    budgets: has("budgets") ? toBindingsText(request.budgets) : job.budgets,
  };
}

/** Writes also what else never changes. It holds its key, as it waits, and heads no batch. */
function* rewriteJob(before: JobRecord, after: JobRecord): Transition<boolean> {
  if (!(yield* updateJob(before, after))) return false;
  const { seq, type, uniqueKey, uniqueWhile, batch, budgets } = after;
  yield* run(
    `UPDATE jobs SET type = ?, unique_key = ?, unique_while = ?, holds_key = ?, batch = ?, batch_key = ?,
       heads_batch = 0, budgets = ?, budget_set = ? WHERE seq = ?`,
    [
      type,
      toBytes(uniqueKey),
      uniqueWhile,
      uniqueKey === null ? 0 : 1,
      batch,
      batch === null ? null : toBytes(fromBatchText(batch).key),
      budgets,
      toBudgetSet(budgets),
      seq,
    ],
  );
  return true;
}

/** Later jobs of its batch are folded into it, unless another job heads the batch. */
function* openBatch({ seq, batch, status: code }: JobRecord): Transition<void> {
  if (batch === null || code !== status.ready) return;
  yield* run(
    `UPDATE jobs SET heads_batch = 1 WHERE seq = ?
       AND NOT EXISTS (SELECT 1 FROM jobs WHERE batch_key = ? AND heads_batch = 1)`,
    [seq, toBytes(fromBatchText(batch).key)],
  );
}
