/**
 * The ends of a run that a worker reports: in flight → completed or gone, in flight → scheduled, dead or gone.
 *
 * A report that names its delivery ends that one and no other. Without one it ends whatever run is in flight, as the
 * protocol has it.
 *
 * @module
 */

import type { JobRun, LeaseProof } from "../protocol/ack.ts";
import type { FailureReport } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { findCancellation, toCancelFailure } from "./cancellations-table.ts";
import type { ChangedJob } from "./changes.ts";
import { isOneOf } from "./dialect.ts";
import { keepResults } from "./dependencies-table.ts";
import { insertError } from "./error-records.ts";
import { enterGroup } from "./failures-table.ts";
import { type FailureTerms, type FinishTerms, toCompleted, toFailed } from "./job-rules.ts";
import { findJob, writePayload } from "./jobs.ts";
import { runOnKeys, toKeyedText } from "./keyed-text.ts";
import { findLeaseHolder, findUnproven, isProven } from "./leases-table.ts";
import { type Move, moveJob } from "./move-job.ts";
import { outcomes, settle } from "./settle.ts";
import { insertResults, toResulted } from "./results-table.ts";
import { isInFlight } from "./status-sql.ts";
import { deleteTraits, withExtras } from "./trait-tables.ts";
import { hasTrait, traits } from "./traits.ts";
import { report, rows, StaleReadError, type Transition } from "./transition.ts";

/** What is known of a job since it was taken. */
export interface TakenJob extends ChangedJob, Pick<JobRecord, "deliveries"> {
  /** Whether nothing but its row and what its traits say was there to delete then: no error, no budget, and it is not kept. */
  readonly isPlain?: boolean;
}

/** A report that ended nothing. */
export interface MissedReport extends JobRun {
  /** The job without its payload, if there is one: it is not in flight, or at another delivery. */
  readonly job: JobRecord | undefined;
}

/** What came of a report of one job: the job as it is now, or as it was before it was deleted; or nothing. */
export type EndedRun = { readonly job: JobRecord } | { readonly missed: MissedReport };

/** Whether a job is in the run that a report is about. */
export function isRunOf(
  job: JobRecord | undefined,
  { delivery }: JobRun,
): job is JobRecord {
  return job?.status === status.inFlight &&
    (delivery === undefined || job.deliveries === delivery);
}

/** Whether a report may end the run of a job: if the job is under a lease, the proofs in it have to be those of its holder. */
export function* isReportedByHolder(job: JobRecord, { proof }: JobRun): Transition<boolean> {
  if (proof === undefined) return true;
  const lease = hasTrait(job, traits.leased) ? yield* findLeaseHolder(job.seq) : undefined;
  return isProven(proof, lease);
}

/** What completing jobs depends on. */
export interface CompleteTerms extends FinishTerms {
  /** What is known of a job in flight since it was taken; undefined if nothing is. */
  readonly takenJob: (id: string) => TakenJob | undefined;
  /** Looks at each job by itself, instead of completing all that are plain with one statement. */
  readonly oneByOne: boolean;
  /**
   * Does not wait to hear whether those that were plain when they were taken are still there.
   *
   * @default {false}
   */
  readonly trusts?: boolean | undefined;
}

const isPlain =
  `${isInFlight} AND failed_at IS NULL AND retention IS NULL AND budgets IS NULL AND traits = ?`;
const deletePlain = toKeyedText(
  `DELETE FROM jobs WHERE queue = ? AND deliveries = ? AND ${isPlain} AND`,
  "seq",
  { sparesReady: true },
);

/** Jobs that have nothing but links to others, a lease, meta and an origin are as plain as those that have not even these. */
const plainTraits = traits.dependent | traits.awaited | traits.leased | traits.described |
  traits.spawned;

/**
 * Completes jobs in flight.
 *
 * @returns The reports that ended nothing.
 * @throws {StaleReadError} If it cannot tell which of the jobs were in flight. It can with `oneByOne`, and perhaps without `trusts`.
 */
export function* completeJobs(
  runs: readonly JobRun[],
  terms: CompleteTerms,
): Transition<MissedReport[]> {
  let rest = runs;
  if (terms.defaults.defaultCompletedRetentionMs === 0 && !terms.oneByOne) {
    rest = yield* completePlain(runs, terms);
  }
  if (rest.length === 0) return [];
  const missed: MissedReport[] = [];
  const ledger = createBudgetLedger();
  for (const run of rest) {
    const job = yield* findJob(run.id);
    const hasResult = run.result !== undefined;
    const { result } = run;
    const move = { ledger, cause: "succeeded", terms, hasResult, result } as const;
    const done = isRunOf(job, run) && (yield* isReportedByHolder(job, run)) &&
      (yield* moveJob(job, toSucceeded(job, run, terms), move));
    if (!done) missed.push(yield* toMissed(run, job));
    else if (hasResult) yield* keepResult(job, run, terms);
  }
  yield* ledger.flush();
  return missed;
}

/** In flight → completed, with its result if there is one; undefined when it is not kept. */
export function toSucceeded(
  job: JobRecord,
  { result }: JobRun,
  terms: FinishTerms,
): JobRecord | undefined {
  const completed = toCompleted(job, terms);
  return completed === undefined || result === undefined ? completed : toResulted(completed);
}

/**
 * Keeps the result of a job that has succeeded: with the job if that is kept, and for those that wait for it.
 *
 * @param job The job as it was before.
 */
export function* keepResult(
  job: JobRecord,
  { result }: JobRun,
  terms: FinishTerms,
): Transition<void> {
  const { id, seq } = job;
  if (result === undefined) return;
  if (toCompleted(job, terms) !== undefined) yield* insertResults([{ id, seq, result }]);
  else if (hasTrait(job, traits.awaited)) yield* keepResults([{ id, seq, result }]);
}

/**
 * The usual end of jobs costs one statement for all: they have no errors or bindings that would have to be deleted too.
 *
 * @returns The jobs that are not plain, not known or not there.
 */
function* completePlain(
  runs: readonly JobRun[],
  terms: CompleteTerms,
): Transition<readonly JobRun[]> {
  const known: TakenJob[] = [];
  const proofs = new Map<number, LeaseProof>();
  const results = new Map<string, string>();
  for (const { id, delivery, proof, result } of runs) {
    if (result !== undefined) results.set(id, result);
    const taken = terms.takenJob(id);
    if (taken === undefined || (taken.traits & ~plainTraits) !== 0) continue;
    if (delivery !== undefined && delivery !== taken.deliveries) continue;
    if (proof !== undefined && hasTrait(taken, traits.leased)) proofs.set(taken.seq, proof);
    else if (proof?.token !== undefined) continue;
    known.push(taken);
  }
  const unproven = proofs.size === 0 ? undefined : yield* findUnproven(proofs);
  const ended = unproven?.size ? known.filter(({ seq }) => !unproven.has(seq)) : known;
  const done = new Set<string>();
  for (const part of byPlace(ended)) {
    const gone = yield* deleteKnown(part, results, terms);
    if (gone.length === runs.length) return [];
    for (const { id } of gone) done.add(id);
  }
  return runs.filter(({ id }) => !done.has(id));
}

/** Deletes those of the jobs, all of one queue, at one delivery and with the same traits, that are plain, and gives them. */
function* deleteKnown(
  jobs: readonly TakenJob[],
  results: ReadonlyMap<string, string>,
  terms: CompleteTerms,
): Transition<readonly TakenJob[]> {
  const { queue, deliveries, traits: has } = jobs[0]!;
  const seqs = jobs.map(({ seq }) => seq);
  const trusts = terms.trusts === true && jobs.every(({ isPlain }) => isPlain === true);
  const otherwise = trusts ? toStale : undefined;
  const deleted = yield* runOnKeys(deletePlain, [queue, deliveries, has], seqs, otherwise);
  let gone = jobs;
  if (deleted < jobs.length) {
    const found = yield* rows<{ seq: number }>(
      `SELECT seq FROM jobs WHERE ${isOneOf("seq", "integers")}`,
      [JSON.stringify(seqs)],
    );
    const left = new Set(found.map(({ seq }) => seq));
    gone = jobs.filter(({ seq }) => !left.has(seq));
    if (gone.length !== deleted) throw toStale();
  }
  if (gone.length > 0) {
    yield report({
      kind: "jobs",
      from: status.inFlight,
      to: undefined,
      jobs: gone,
      cause: "succeeded",
      ...results.size > 0 && { results },
    });
    if (has !== 0) yield* endTraits(gone, results, terms);
  }
  return gone;
}

const toStale = () => new StaleReadError("A job was completed or deleted before");

/** Does what follows of jobs that had links to others or leases, and have succeeded. */
function* endTraits(
  jobs: readonly TakenJob[],
  results: ReadonlyMap<string, string>,
  terms: CompleteTerms,
): Transition<void> {
  yield* deleteTraits(jobs);
  if (!hasTrait(jobs[0]!, traits.awaited)) return;
  const ended = jobs.map(({ id, seq }) => {
    const result = results.get(id);
    return {
      id,
      seq,
      result,
      outcome: result === undefined ? outcomes.succeeded : outcomes.resulted,
    };
  });
  yield* settle(ended, terms);
  if (results.size > 0) yield* keepResults(ended);
}

/**
 * Jobs by the queue that they are counted under, which a patch may have changed since, by their traits, and by their
 * delivery: a run that others have begun meanwhile is not to be ended.
 */
function byPlace(jobs: readonly TakenJob[]): Iterable<readonly TakenJob[]> {
  const first = jobs[0];
  if (first === undefined) return [];
  const { queue, deliveries, traits } = first;
  const isOne = jobs.every((job) =>
    job.queue === queue && job.deliveries === deliveries && job.traits === traits
  );
  if (isOne) return [jobs];
  return Map.groupBy(jobs, (job) => `${job.deliveries} ${job.traits} ${job.queue}`).values();
}

/** Ends the run of a job in flight as failed: counts the attempt and writes its error record. */
export function* failJob(
  run: JobRun,
  failure: FailureReport,
  terms: FailureTerms,
): Transition<EndedRun> {
  const job = yield* findJob(run.id);
  if (!isRunOf(job, run) || !(yield* isReportedByHolder(job, run))) {
    return { missed: yield* toMissed(run, job) };
  }
  const ledger = createBudgetLedger();
  const failed = yield* endAsFailed(job, failure, { ...terms, ledger });
  yield* ledger.flush();
  if (failed === undefined) return { missed: yield* toMissed(run, job) };
  return { job: (yield* withExtras([failed]))[0]! };
}

/**
 * A report that ended nothing.
 *
 * @param read The job as it was read. If that was the run which is meant, somebody else has changed it since.
 */
export function* toMissed(
  run: JobRun,
  read: JobRecord | undefined,
): Transition<MissedReport> {
  return { ...run, job: isRunOf(read, run) ? yield* findJob(run.id) : read };
}

/** How a job is moved whose run failed; unless something else is said, because a worker reported it. */
export type FailureMove = Pick<Move, "ledger"> & Partial<Move>;

/** What a job dies of that was to be cancelled: of that, whatever else was reported. */
function* toCancelled(
  { seq }: JobRecord,
  { backtrace, payload }: FailureReport,
): Transition<FailureReport> {
  const { reason } = (yield* findCancellation(seq))!;
  return { ...toCancelFailure(reason), backtrace, payload };
}

/**
 * Ends the run of a job that was read as failed; one that was to be cancelled dies of that. The caller flushes the ledger: a transition has one, since each would
 * write the level that it has read.
 *
 * @returns The job as it is now, or was before it was deleted; undefined if it changed since it was read.
 */
export function* endAsFailed(
  job: JobRecord,
  reported: FailureReport,
  { ledger, cause = "failed", worker, byHolder, ...terms }: FailureTerms & FailureMove,
): Transition<JobRecord | undefined> {
  if (cause !== "cancelled" && hasTrait(job, traits.unwanted)) {
    const move = { ledger, worker, byHolder: cause === "failed" ? true : byHolder } as const;
    return yield* endAsFailed(job, reported, { ...terms, ...move, cause: "cancelled" });
  }
  const failure = hasTrait(job, traits.unwanted) ? yield* toCancelled(job, reported) : reported;
  const { job: failed, deleted } = toFailed(job, failure, terms);
  const after = deleted ? undefined : failed;
  const told = deleted ? failure : undefined;
  const move = { ledger, cause, worker, byHolder, terms, failure: told };
  if (!(yield* moveJob(job, after, move))) return undefined;
  if (deleted) return failed;
  if (failure.payload !== undefined) yield* writePayload(job.seq, failure.payload);
  yield* insertError(failed, failure, job);
  if (failed.status === status.dead) yield* enterGroup(failed, failure);
  return failed;
}
