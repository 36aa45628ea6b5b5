/**
 * Writing the next state of one job, with all that changes with it in the database.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import { type Cause, toJobChange } from "./changes.ts";
import { leaveGroups } from "./failures-table.ts";
import { deleteJob, updateJob } from "./jobs.ts";
import { hasTrait, traits } from "./traits.ts";
import { report, StaleReadError, type Transition } from "./transition.ts";
import { moveKey } from "./unique.ts";

/** How a job is moved. */
export interface Move {
  /** Takes the tokens that come back; the caller flushes it. */
  readonly ledger: BudgetLedger;
  readonly cause: Cause;
}

/**
 * Writes the next state of a job, if its status and its delivery are still those that were read. Then updates its unique
 * key, takes it out of its group of failures if it is dead no more, gives back the tokens that it held in flight, and
 * reports the change. Otherwise writes nothing.
 *
 * @param before The job as it was read.
 * @param next The job as it is to be; undefined deletes it.
 * @param move Why, and what takes the tokens that come back; the caller flushes it.
 * @returns Whether it did.
 */
export function* moveJob(
  before: JobRecord,
  next: JobRecord | undefined,
  { ledger, cause }: Move,
): Transition<boolean> {
  const leavesGroup = next !== undefined && next.status !== status.dead &&
    hasTrait(before, traits.grouped);
  const after = leavesGroup ? { ...next, traits: next.traits & ~traits.grouped } : next;
  const moved = after === undefined ? yield* deleteJob(before) : yield* updateJob(before, after);
  if (!moved) return false;
  if (leavesGroup) yield* leaveGroups([before]);
  if (after !== undefined && after.status !== before.status) yield* moveKey(after);
  if (before.status === status.inFlight && after?.status !== status.inFlight) {
    yield* ledger.refund(before);
  }
  if (after !== undefined) yield report(toJobChange(after, before, cause));
  else {
    yield report({ kind: "jobs", from: before.status, to: undefined, jobs: [before], cause });
  }
  // Others may have waited behind a ready job that is deleted or moved.
  if (before.status === status.ready && before.budgets !== null) {
    yield report({ kind: "budgets", keys: budgetsOf(before), refunded: false });
  }
  return true;
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
): Transition<void> {
  const ledger = createBudgetLedger();
  if (!(yield* moveJob(before, after, { ledger, cause }))) {
    throw new StaleReadError(`Job ${before.id} was changed meanwhile`);
  }
  yield* ledger.flush();
}
