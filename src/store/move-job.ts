/**
 * Writing the next state of one job, with all that changes with it in the database.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";
import type { FailureReport } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import { deleteCancellation } from "./cancellations-table.ts";
import { type Cause, type JobsChange, toJobChange } from "./changes.ts";
import { leaveGroups } from "./failures-table.ts";
import type { FinishTerms } from "./job-rules.ts";
import { deleteErrors, deleteJob, updateJob } from "./jobs.ts";
import { deleteLease } from "./leases-table.ts";
import { dropResults } from "./results-table.ts";
import { outcomes, settle } from "./settle.ts";
import { hasTrait, removeRows, traits } from "./traits.ts";
import { report, StaleReadError, type Transition } from "./transition.ts";
import { moveKey } from "./unique.ts";

/** How a job is moved. */
export interface Move {
  /** Takes the tokens that come back; the caller flushes it. */
  readonly ledger: BudgetLedger;
  readonly cause: Cause;
  /** For those that wait for the job, if it ends: without these they hear of it a moment later. */
  readonly terms?: FinishTerms | undefined;
  /** Whether the result of the job, which has succeeded, is kept for those that wait for it. */
  readonly hasResult?: boolean;
  /** The result, as JSON text; undefined for none. */
  readonly result?: string | undefined;
  /** What the job dies of, if it is deleted by it. */
  readonly failure?: FailureReport | undefined;
  /** Whom the job is taken from, if that is what happens, and if that is known. */
  readonly worker?: string | undefined;
  /** Whether it is who has the job that moves it, and need not be told. */
  readonly byHolder?: true | undefined;
  /** Writes the next state where more changes than a change of status may, as {@linkcode updateJob}. */
  readonly write?: typeof updateJob;
}

/**
 * Writes the next state of a job, if its status and its delivery are still those that were read. Then updates its unique
 * key, takes it out of its group of failures if it is dead no more, gives back the tokens that it held in flight, reports
 * the change, and tells the jobs that wait for it. Otherwise writes nothing.
 *
 * @param before The job as it was read.
 * @param next The job as it is to be; undefined deletes it. The lease that it is in flight under ends with the flight.
 * @param move Why, and what takes the tokens that come back; the caller flushes it.
 * @returns Whether it did.
 */
export function* moveJob(
  before: JobRecord,
  next: JobRecord | undefined,
  { ledger, cause, worker, byHolder, terms, hasResult = false, write = updateJob, result, failure }:
    Move,
): Transition<boolean> {
  const leavesGroup = next !== undefined && next.status !== status.dead &&
    hasTrait(before, traits.grouped);
  const endsLease = next !== undefined && next.status !== status.inFlight &&
    hasTrait(before, traits.leased);
  const losesResult = next !== undefined && next.status !== status.completed &&
    hasTrait(before, traits.resulted);
  const beginsAnew = next !== undefined && (cause === "put" || cause === "advanced") &&
    hasTrait(before, traits.parent);
  const endsWish = next !== undefined && next.status !== status.inFlight &&
    hasTrait(before, traits.unwanted);
  const ended = (leavesGroup ? traits.grouped : 0) | (endsLease ? traits.leased : 0) |
    (losesResult ? traits.resulted : 0) | (beginsAnew ? traits.parent : 0) |
    (endsWish ? traits.unwanted : 0);
  const after = ended === 0 ? next : { ...next!, traits: next!.traits & ~ended };
  const moved = after === undefined ? yield* deleteJob(before) : yield* write(before, after);
  if (!moved) return false;
  if (leavesGroup) yield* leaveGroups([before]);
  if (endsLease) yield* deleteLease(before.seq);
  if (losesResult) yield* dropResults([before]);
  if (beginsAnew) yield* removeRows("children", [before]);
  if (endsWish) yield* deleteCancellation(before.seq);
  if (after !== undefined && after.status !== before.status) yield* moveKey(after, before);
  if (after?.failedAt === null && before.failedAt !== null) yield* deleteErrors([before]);
  if (before.status === status.inFlight && after?.status !== status.inFlight) {
    yield* ledger.refund(before);
  }
  const change: JobsChange = after === undefined
    ? { kind: "jobs", from: before.status, to: undefined, jobs: [before], cause }
    : toJobChange(after, before, cause);
  const isToldMore = (worker ?? byHolder ?? result ?? failure) !== undefined;
  const results = result === undefined ? undefined : new Map([[before.id, result]]);
  yield report(isToldMore ? { ...change, worker, byHolder, results, failure } : change);
  // Others may have waited behind a ready job that is deleted or moved.
  if (before.status === status.ready && before.budgets !== null) {
    yield report({ kind: "budgets", keys: budgetsOf(before), refunded: false });
  }
  if (hasTrait(before, traits.awaited)) {
    const outcome = outcomeOf(before, after, { cause, hasResult });
    if (outcome !== undefined) yield* settle([{ ...before, outcome }], terms);
  }
  return true;
}

/** How a job that others wait for has ended; undefined if it has not, or had before. */
function outcomeOf(
  before: JobRecord,
  after: JobRecord | undefined,
  { cause, hasResult }: { readonly cause: Cause; readonly hasResult: boolean },
): number | undefined {
  if (before.status === status.completed) return undefined;
  if (after === undefined ? cause === "succeeded" : after.status === status.completed) {
    return hasResult ? outcomes.resulted : outcomes.succeeded;
  }
  if (after === undefined) return cause === "removed" ? outcomes.removed : outcomes.lost;
  return after.status === status.dead && before.status !== status.dead ? outcomes.dead : undefined;
}

/**
 * Writes the next state of a job that no other job of the transition depends on, as {@linkcode moveJob}.
 *
 * @throws {StaleReadError} If it changed since it was read.
 */
export function* moveAlone(
  before: JobRecord,
  after: JobRecord | undefined,
  cause: Cause,
  terms?: FinishTerms,
): Transition<void> {
  const ledger = createBudgetLedger();
  if (!(yield* moveJob(before, after, { ledger, cause, terms }))) {
    throw new StaleReadError(`Job ${before.id} was changed meanwhile`);
  }
  yield* ledger.flush();
}
