/**
 * Moving one job from where it was read to where a rule puts it, with all that follows from that in the database.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import type { BudgetLedger } from "./budget-ledger.ts";
import { toJobChange } from "./changes.ts";
import { deleteJob, updateJob } from "./jobs.ts";
import { report, type Transition } from "./transition.ts";
import { moveKey } from "./unique.ts";

/**
 * Writes a job as it is to be, if it still stands as it was read. Then its unique key follows, the tokens that it held
 * in flight come back, and the change is reported. If not, nothing else is written.
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
  if (after !== undefined) yield report(toJobChange(after, before.status));
  else {
    yield report({ kind: "jobs", from: before.status, to: undefined, count: 1, jobs: [before] });
  }
  // A waiting job that is gone, or stands elsewhere now, may have kept others waiting.
  if (before.status === status.ready && before.budgets !== null) {
    yield report({ kind: "budgets", keys: budgetsOf(before), refunded: false });
  }
  return true;
}
