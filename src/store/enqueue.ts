/**
 * Storing new jobs.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import type { BindingRequest } from "../protocol/binding.ts";
import type { DependencyRequest } from "../protocol/dependency-request.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { status } from "../protocol/status.ts";
import { applyBatches, type BatchPlan, planBatches } from "./batch.ts";
import { type BindingTerms, bindJobs, ensureBudgets } from "./bindings.ts";
import { toBudgetSet } from "./budget-set.ts";
import { toEnqueuedChanges } from "./changes.ts";
import type { SqlValue } from "./database.ts";
import type { Expressions } from "./expressions.ts";
import { type ColumnMember, columnOf, rareMembers } from "./jobs-table.ts";
import { type LinkPlan, planLinks, writeLinks } from "./links.ts";
import { insertMeta } from "./meta-table.ts";
import { tagNew } from "./tags-table.ts";
import { toBytes } from "./text-bytes.ts";
import { withExtras } from "./trait-tables.ts";
import { hasTrait, traits } from "./traits.ts";
import { insertRows, type InsertText, report, toInsert, type Transition } from "./transition.ts";
import { type EndingJob, freeKeys, planKeys } from "./unique.ts";

/** A job to be stored. */
export interface NewRecord {
  readonly job: JobRecord;
  /** Its id was not made from its key. */
  readonly named?: true;
  /** Its bindings as they were asked for; the record holds them as they are kept. */
  readonly bindings: readonly BindingRequest[];
  /** The jobs that it is to wait for. */
  readonly dependsOn?: readonly DependencyRequest[];
  /** Whether each of these has to be there. */
  readonly isStrict?: boolean;
}

/** What storing jobs depends on. */
export interface EnqueueTerms extends BindingTerms {
  /** Folds jobs of a batch into each other. */
  readonly expressions: Pick<Expressions, "createFolds">;
  /** Whether the caller may know of a job that it did not name; undefined if it may of all. */
  readonly covers?: ((job: JobRecord) => boolean) | undefined;
  /** The job that ends in the same transition: its unique key is free for the new jobs if that end frees it. */
  readonly ending?: EndingJob | undefined;
}

/** What became of a job that was to be stored. */
export interface StoredJob {
  /** The job that is stored: of a duplicate, or of one that was folded, the one that was there. */
  readonly job: JobRecord;
  readonly duplicate: boolean;
  readonly folded: boolean;
}

/**
 * The columns that are stored only where a job differs from what the column has by default: each value more that is
 * passed to the engine costs a fifth of a microsecond. `maskOf` has a bit for each of them, in this order.
 */
export const optionalMembers: readonly ColumnMember[] = [
  "priority",
  "status",
  "retryLimit",
  "backoff",
  "retention",
  "payloadJson",
  "payloadPack",
  "traits",
];
const rareBit = 1 << optionalMembers.length;
const namedBit = rareBit << 1;

/** What is stored of every job. */
const constantMembers: readonly ColumnMember[] = ["seq", "id", "type", "queue", "readyAt"];

/** What a job has that most have not, besides the fields that are rare. */
const rareColumns = ["holds_key", "batch_key", "heads_batch", "budget_set"];

const inserts = new Map<number, InsertText>();

/** The text that stores jobs of a mask. */
function insertOf(mask: number): InsertText {
  let insert = inserts.get(mask);
  if (insert === undefined) {
    const members = [
      ...constantMembers,
      ...optionalMembers.filter((_, at) => mask & 1 << at),
      ...(mask & rareBit ? rareMembers : []),
    ];
    insert = toInsert("jobs", [
      ...members.map((member) => columnOf[member]),
      ...(mask & rareBit ? rareColumns : []),
      ...(mask & namedBit ? ["named"] : []),
    ]);
    inserts.set(mask, insert);
  }
  return insert;
}

/** Straight-line code: a loop over the names takes as long as all else that is done for a job before it is stored. */
function maskOf(job: JobRecord, named: true | undefined): number {
  let mask = 0;
  if (job.priority !== defaultPriority) mask |= 1;
  if (job.status !== status.ready) mask |= 2;
  if (job.retryLimit !== null) mask |= 4;
  if (job.backoff !== null) mask |= 8;
  if (job.retention !== null) mask |= 16;
  if (job.payloadJson != null) mask |= 32;
  if (job.payloadPack != null) mask |= 64;
  if (job.traits !== 0) mask |= 128;
  if (job.uniqueKey !== null || job.batch !== null || job.budgets !== null) mask |= rareBit;
  return named ? mask | namedBit : mask;
}

/** The priority that the column has by default. */
const defaultPriority = 32768;

function pushRow(
  values: SqlValue[],
  job: JobRecord,
  mask: number,
  open: ReadonlySet<string>,
): void {
  values.push(job.seq, job.id, job.type, job.queue, job.readyAt);
  for (let at = 0; at < optionalMembers.length; at++) {
    if (mask & 1 << at) values.push(job[optionalMembers[at]!]!);
  }
  if (mask & rareBit) {
    const { uniqueKey, batch, budgets } = job;
    for (const member of rareMembers) {
      values.push(member === "uniqueKey" ? toBytes(uniqueKey) : job[member]!);
    }
    values.push(
      uniqueKey === null ? 0 : 1,
      batch === null ? null : toBytes(fromBatchText(batch).key),
      open.has(job.id) ? 1 : 0,
      toBudgetSet(budgets),
    );
  }
  if (mask & namedBit) values.push(1);
}

/** Stores jobs; those of one kind that follow each other with one text. */
function* insertJobs(
  entries: readonly NewRecord[],
  { heads, open }: Pick<BatchPlan, "heads" | "open">,
): Transition<void> {
  let mask = 0;
  let values: SqlValue[] = [];
  for (const { job: added, named } of entries) {
    const job = added.batch === null
      ? added
      : { ...heads.get(added.id) ?? added, traits: added.traits };
    const next = maskOf(job, named);
    if (next !== mask && values.length > 0) {
      yield* insertRows(insertOf(mask), values);
      values = [];
    }
    mask = next;
    pushRow(values, job, mask, open);
  }
  yield* insertRows(insertOf(mask), values);
}

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
  const isUsual = terms.covers === undefined && entries.every(isPlain);
  return isUsual ? yield* enqueuePlain(entries) : yield* enqueueAny(entries, terms);
}

/** Whether nothing has to be looked up for a job, and nothing is written but its row. */
function isPlain({ job, bindings, dependsOn }: NewRecord): boolean {
  return job.traits === 0 && job.uniqueKey === null && job.batch === null &&
    bindings.length === 0 &&
    (dependsOn === undefined || dependsOn.length === 0);
}

const noBatches: Pick<BatchPlan, "heads" | "open"> = { heads: new Map(), open: new Set() };

function* enqueuePlain(entries: readonly NewRecord[]): Transition<readonly StoredJob[]> {
  const jobs = entries.map(({ job }) => job);
  yield* insertJobs(entries, noBatches);
  for (const change of toEnqueuedChanges(jobs)) yield report(change);
  return jobs.map((job) => ({ job, duplicate: false, folded: false }));
}

function* enqueueAny(
  entries: readonly NewRecord[],
  terms: EnqueueTerms,
): Transition<readonly StoredJob[] | Rejection> {
  const jobs = entries.map(({ job }) => job);
  const keys = yield* planKeys(jobs, terms.ending);
  const batches = yield* planBatches(jobs, terms.expressions);
  if (isRejection(batches)) return batches;
  const { duplicates } = keys;
  const { folded, heads } = batches;
  const actual = (job: JobRecord): JobRecord => {
    const headId = folded.get(job);
    return duplicates.get(job) ?? (headId === undefined ? job : heads.get(headId)!);
  };
  if (terms.covers !== undefined) {
    const index = jobs.findIndex((job) => !terms.covers!(actual(job)));
    if (index !== -1) return { kind: "conflict", message: heldElsewhere, index };
  }
  const plan = yield* planLinks(entries, actual, terms.now);
  if (isRejection(plan)) return plan;
  const stored = duplicates.size === 0 && folded.size === 0
    ? entries
    : entries.filter(({ job }) => !duplicates.has(job) && !folded.has(job));
  const fresh = plan.jobs.size === 0 ? stored : stored.map((entry) => ({
    ...entry,
    job: linked(entry.job, plan),
  }));
  const bound = fresh.filter(({ bindings }) => bindings.length > 0);
  if (bound.length > 0) {
    const rejection = yield* ensureBudgets(bound.map(({ bindings }) => bindings), terms);
    if (rejection !== undefined) {
      return {
        ...rejection,
        index: entries.indexOf(stored[fresh.indexOf(bound[rejection.index!]!)]!),
      };
    }
  }
  yield* freeKeys(keys.freed);
  yield* applyBatches(batches);
  yield* insertJobs(fresh, batches);
  yield* bindJobs(bound.map(({ job, bindings }) => ({ id: job.id, bindings })));
  if (plan.links.length > 0) yield* writeLinks(plan.links, plan.stored);
  const added = fresh === entries ? jobs : fresh.map(({ job }) => job);
  const special = added.filter((job) => hasTrait(job, traits.tagged | traits.described));
  if (special.length > 0) yield* storeExtras(special);
  for (const change of toEnqueuedChanges(added)) yield report(change);
  const outcomes = jobs.map((job) => {
    const holder = duplicates.get(job);
    if (holder !== undefined) return { job: linked(holder, plan), duplicate: true, folded: false };
    const headId = folded.get(job);
    if (headId !== undefined) return { job: heads.get(headId)!, duplicate: false, folded: true };
    return { job: linked(job, plan), duplicate: false, folded: false };
  });
  return stored === entries ? outcomes : yield* withOlder(outcomes);
}

/** What a caller is told that may not know of the job that has the key. */
const heldElsewhere = "unique key or batch is held by another job";

function* storeExtras(jobs: readonly JobRecord[]): Transition<void> {
  const tagged = jobs.filter((job) => hasTrait(job, traits.tagged));
  if (tagged.length > 0) yield* tagStored(tagged);
  const described = jobs.filter((job) => hasTrait(job, traits.described));
  if (described.length > 0) yield* insertMeta(described);
}

function* tagStored(jobs: readonly JobRecord[]): Transition<void> {
  const tagged = jobs.map(({ seq, extra }) => ({ seq, tags: extra!.tags! }));
  yield* tagNew(tagged);
  yield report({ kind: "tags", tags: new Map(tagged.map(({ seq, tags }) => [seq, tags])) });
}

/** Adds to jobs that were there before what an answer shows of them. */
function* withOlder(stored: readonly StoredJob[]): Transition<readonly StoredJob[]> {
  const older = new Set<JobRecord>();
  for (const { job, duplicate, folded } of stored) if (duplicate || folded) older.add(job);
  const read = yield* withExtras([...older]);
  const whole = new Map([...older].map((job, at) => [job, read[at]!]));
  return stored.map((entry) => ({ ...entry, job: whole.get(entry.job) ?? entry.job }));
}

/** A job as it is stored, if it waits for others, or others for it. */
function linked(job: JobRecord, { jobs }: LinkPlan): JobRecord {
  return jobs.size === 0 ? job : jobs.get(job.id) ?? job;
}
