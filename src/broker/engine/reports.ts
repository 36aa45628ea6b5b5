/**
 * What workers report: a run succeeded or failed, or its job is given back.
 *
 * | The report names                              | What happens                                               |
 * | --------------------------------------------- | ---------------------------------------------------------- |
 * | no delivery                                   | the run that is in flight ends, whichever it is            |
 * | the delivery that is in flight                | that run ends                                              |
 * | one that this report, sent before, has ended  | nothing; the answer is that of the first time, if this broker took it, or the job is kept as completed |
 * | another one                                   | nothing; the report is missed, and the answer says why     |
 * | the token of another lease, or another worker | the same, if the job is under a lease                      |
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import {
  type JobRun,
  type LeaseRefusal,
  type ReportResult,
  toReportResult,
} from "../../protocol/ack.ts";
import type { FailureReport } from "../../protocol/failure.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { isRejection, type Rejection } from "../../protocol/rejection.ts";
import { status } from "../../protocol/status.ts";
import { succeedJob, type SuccessReport } from "../../store/advance.ts";
import {
  completeJobs,
  type EndedRun,
  failJob,
  type MissedReport,
  type TakenJob,
} from "../../store/finish.ts";
import type { EnqueueTerms } from "../../store/enqueue.ts";
import { releaseRuns } from "../../store/release.ts";
import type { Store } from "../../store/store.ts";
import { type EnqueuedSuccess, succeedAndEnqueue } from "../../store/succeed-and-enqueue.ts";
import type { Preparing } from "./preparing.ts";
import { createRecentEnds, type RunEnd } from "./recent-ends.ts";
import type { Settings } from "./settings.ts";

/** Takes reports; each call resolves when what it reports is durable. */
export interface Reports {
  /**
   * Ends runs well. Gives the reports that were missed.
   *
   * @param options Whether the reports may come again (`isRemembered`, default true): they may where answers can be lost.
   */
  complete(
    runs: readonly JobRun[],
    options?: { readonly isRemembered?: boolean },
  ): Promise<readonly MissedReport[]>;
  /** Ends a run well, and says more of its job. */
  succeed(run: JobRun, success: SuccessReport): Promise<EndedRun | Rejection>;
  /**
   * Ends a run well and stores jobs, all or nothing.
   *
   * @param covers Whether the caller may know of a job that it did not name; undefined if it may of all.
   */
  succeedAndEnqueue(
    run: JobRun,
    success: Pick<SuccessReport, "payload"> & { readonly jobs: readonly NewJob[] },
    covers: EnqueueTerms["covers"],
  ): Promise<EnqueuedSuccess | Rejection>;
  /** Ends a run as failed. */
  fail(run: JobRun, failure: FailureReport): Promise<EndedRun>;
  /**
   * Gives jobs back, uncharged.
   *
   * @param readyAt When they are ready again, in ms since the epoch; undefined for at once.
   */
  release(runs: readonly JobRun[], readyAt?: number): Promise<readonly EndedRun[]>;
}

/** What reports work with. */
export interface ReportsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: Settings;
  /** What is known of a job in flight since it was taken. */
  takenJob(id: string): TakenJob | undefined;
  readonly prepare: Preparing;
}

/** Whether the job is kept as what this run made of it: somebody else has taken the first report, or did so before a restart. */
function isCompletedRun({ delivery, job }: MissedReport): boolean {
  return delivery !== undefined && job?.status === status.completed && job.deliveries === delivery;
}

/** Jobs of one transaction at most. */
const jobsOfPiece = 2000;

/** Creates what takes reports. */
export function createReports(
  { store, clock, random, settings, takenJob, prepare }: ReportsOptions,
): Reports {
  const ends = createRecentEnds();
  const terms = () => ({ now: clock.now(), defaults: settings });

  /** The outcome of the first report, if this one repeats it. */
  const asBefore = (outcome: EndedRun, kind: RunEnd["kind"]): EndedRun => {
    if ("job" in outcome) return outcome;
    const { missed } = outcome;
    if (kind === "succeeded" && isCompletedRun(missed)) return { job: missed.job! };
    const end = ends.find(kind, missed);
    return end === undefined ? outcome : { job: end.job };
  };

  const completePiece = async (
    runs: readonly JobRun[],
    isRemembered: boolean,
  ): Promise<readonly MissedReport[]> => {
    let tries = store.isShared ? 0 : 1;
    // Together at first: when that could not tell which jobs were in flight, one by one. A database that is far is not
    // waited for at first.
    const missed = await store.write(() => {
      tries++;
      return completeJobs(runs, { ...terms(), takenJob, trusts: tries === 1, oneByOne: tries > 2 });
    }, runs.length);
    if (!isRemembered) return missed;
    if (missed.length === 0) {
      for (const run of runs) ends.succeeded(run);
      return missed;
    }
    const missedIds = new Set(missed.map(({ id }) => id));
    for (const run of runs) if (!missedIds.has(run.id)) ends.succeeded(run);
    return missed.filter((run) => !ends.hasSucceeded(run) && !isCompletedRun(run));
  };

  const releasePiece = async (runs: readonly JobRun[], readyAt: number | undefined) => {
    const outcomes = await store.write(
      () => releaseRuns(runs, { readyAt, ...terms() }),
      runs.length,
    );
    for (const [at, outcome] of outcomes.entries()) {
      if ("job" in outcome) ends.ended(runs[at]!, { kind: "released", job: outcome.job });
    }
    return outcomes.map((outcome) => asBefore(outcome, "released"));
  };

  return {
    complete: (runs, { isRemembered = true } = {}) =>
      inPieces(runs, (piece) => completePiece(piece, isRemembered), clock),
    async succeed(run, success) {
      const outcome = await store.write(() => succeedJob(run, success, terms()));
      if (isRejection(outcome)) return outcome;
      const kind = success.next === undefined ? "succeeded" : "advanced";
      if ("job" in outcome) ends.ended(run, { kind, job: outcome.job });
      return asBefore(outcome, kind);
    },
    async succeedAndEnqueue(run, { payload, jobs }, covers) {
      const prepared = await prepare(jobs, covers);
      if (!("records" in prepared)) return prepared;
      const { records: entries, terms: enqueue, size } = prepared;
      const outcome = await store.write(
        () => succeedAndEnqueue(run, { payload, entries }, { finish: terms(), enqueue }),
        size + entries.length + 1,
      );
      if (isRejection(outcome)) return outcome;
      if ("missed" in outcome) {
        const end = ends.find("enqueued", run);
        return end?.stored === undefined ? outcome : { job: end.job, stored: end.stored };
      }
      // No answer shows payloads, and they may be large.
      const stored = outcome.stored.map((one) => ({ ...one, job: withoutPayload(one.job) }));
      ends.ended(run, { kind: "enqueued", job: withoutPayload(outcome.job), stored });
      return outcome;
    },
    async fail(run, failure) {
      const outcome = await store.write(() =>
        failJob(run, failure, { ...terms(), jitter: random() })
      );
      if ("job" in outcome) ends.ended(run, { kind: "failed", job: outcome.job });
      return asBefore(outcome, "failed");
    },
    release: (runs, readyAt) => inPieces(runs, (piece) => releasePiece(piece, readyAt), clock),
  };
}

function withoutPayload(job: JobRecord): JobRecord {
  const { payloadJson: _json, payloadPack: _pack, ...rest } = job;
  return rest;
}

/** Whether the job of a report is there, and only the delivery is over. */
export function isStale({ delivery, job }: MissedReport): boolean {
  return delivery !== undefined && job !== undefined;
}

/** Why a report is refused that says who reports; undefined if it does not, or if there is no such job. */
export function refusalOf({ proof, job }: MissedReport): LeaseRefusal | undefined {
  if (proof === undefined || job === undefined) return undefined;
  return job.status === status.inFlight ? "other_worker" : "not_running";
}

/** What is told of reports of which these were missed. */
export function resultOf(missed: readonly MissedReport[]): ReportResult {
  if (missed.length === 0) return toReportResult([], []);
  const refused = missed.flatMap((report) => {
    const reason = refusalOf(report);
    return reason === undefined ? [] : [{ id: report.id, reason }];
  });
  const stale = missed.filter(isStale).map(({ id }) => id);
  return toReportResult(missed.map(({ id }) => id), stale, refused);
}

/** Other work gets its turns between two pieces. */
async function inPieces<Item, Result>(
  items: readonly Item[],
  work: (piece: readonly Item[]) => Promise<readonly Result[]>,
  clock: Clock,
): Promise<readonly Result[]> {
  if (items.length <= jobsOfPiece) return await work(items);
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += jobsOfPiece) {
    if (at > 0) await pause(clock);
    for (const result of await work(items.slice(at, at + jobsOfPiece))) results.push(result);
  }
  return results;
}
