/**
 * The success of one job that says more than that: a new payload, or the queue in which the job goes on.
 *
 * @module
 */

import type { JobRun } from "../protocol/ack.ts";
import type { DependencyList } from "../protocol/dependency-request.ts";
import type { JobRecord, RawPayload } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { endUnwanted, isUnwanted } from "./end-unwanted.ts";
import {
  type EndedRun,
  isReportedByHolder,
  isRunOf,
  keepResult,
  toMissed,
  toSucceeded,
} from "./finish.ts";
import type { FinishTerms } from "./job-rules.ts";
import { findJob, renewRow, writePayload } from "./jobs.ts";
import { moveJob } from "./move-job.ts";
import { type NewStay, toNewStay } from "./new-stay.ts";
import { planStayLinks, withLinks, writeStayLinks } from "./stay-links.ts";
import { withExtras } from "./trait-tables.ts";
import type { Transition } from "./transition.ts";

/** What a success brings. */
export interface SuccessReport {
  /** Replaces that of the job; undefined leaves it. */
  readonly payload?: RawPayload | undefined;
  /** Where the job goes on; undefined if it is done. */
  readonly next?: NextStay | undefined;
}

/** Where a job goes on. */
export interface NextStay extends NewStay {
  /** What it waits for there; undefined for nothing. */
  readonly dependsOn?: DependencyList | undefined;
}

/** Ends the run of a job in flight well: the job is done, or goes on in the next queue. */
export function* succeedJob(
  run: JobRun,
  success: SuccessReport,
  terms: FinishTerms,
): Transition<EndedRun | Rejection> {
  const job = yield* findJob(run.id);
  if (!isRunOf(job, run) || !(yield* isReportedByHolder(job, run))) {
    return { missed: yield* toMissed(run, job) };
  }
  const { payload, next } = success;
  const links = yield* planStayLinks(job, next?.dependsOn, terms.now);
  if (isRejection(links)) return links;
  const ledger = createBudgetLedger();
  const after = next === undefined
    ? toSucceeded(job, run, terms)
    : withLinks(toAdvanced(job, next, terms.now), links, terms.now);
  // It would run again, in another queue.
  if (next !== undefined && isUnwanted(job)) {
    const ended = yield* endUnwanted(job, terms, { ledger, byHolder: true });
    yield* ledger.flush();
    if (ended === undefined) return { missed: yield* toMissed(run, job) };
    return { job: (yield* withExtras([ended]))[0]! };
  }
  const cause = next === undefined ? "succeeded" : "advanced";
  const hasResult = run.result !== undefined;
  if (!(yield* moveJob(job, after, { ledger, cause, terms, hasResult, result: run.result }))) {
    return { missed: yield* toMissed(run, job) };
  }
  if (hasResult) yield* keepResult(job, run, terms);
  if (next !== undefined) yield* renewRow(job.seq, payload);
  else if (after !== undefined && payload !== undefined) yield* writePayload(job.seq, payload);
  if (links !== undefined && after !== undefined) yield* writeStayLinks(after, links);
  yield* ledger.flush();
  const [told] = yield* withExtras([after ?? job]);
  return { job: told! };
}

/** In flight → ready or scheduled in the next queue. What it failed of before is over. */
function toAdvanced(job: JobRecord, next: NewStay, now: number): JobRecord {
  return { ...toNewStay(job, next, now), failedAt: null };
}
