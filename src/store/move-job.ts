/**
 * Writing the next state of one job, with all that changes with it in the database.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import { toJobChange } from "./changes.ts";
import { deleteJob, updateJob } from "./jobs.ts";
import { report, StaleReadError, type Transition } from "./transition.ts";
import { moveKey } from "./unique.ts";

/**
 * Writes the next state of a job, if its status and its delivery are still those that were read. Then updates its unique
 * key, gives back the tokens that it held in flight, and reports the change. Otherwise writes nothing.
 *
 * @param before The job as it was read.
 * @param after The job as it is to be; undefined deletes it.
 * @param ledger Takes the tokens that come back; the caller flushes it.
 * @returns Whether it did.
 */
export function* moveJob(
  before: JobRecord,
  after: JobRecord | undefined,
  ledger: BudgetLedger,
): Transition<boolean> {
  const moved = after === undefined ? yield* deleteJob(before) : yield* updateJob(before, after);
  if (!moved) return false;
  if (after !== undefined && after.status !== before.status) yield* moveKey(after);
  if (before.status === status.inFlight && after?.status !== status.inFlight) {
    yield* ledger.refund(before);
  }
  if (after !== undefined) yield report(toJobChange(after, before));
  else yield report({ kind: "jobs", from: before.status, to: undefined, jobs: [before] });
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
export function* moveAlone(before: JobRecord, after: JobRecord | undefined): Transition<void> {
  const ledger = createBudgetLedger();
  if (!(yield* moveJob(before, after, ledger))) {
    throw new StaleReadError(`Job ${before.id} was changed meanwhile`);
  }
  yield* ledger.flush();
}
