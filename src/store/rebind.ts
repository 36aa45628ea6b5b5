/**
 * Changing what stored jobs draw on (docs/protocol.md, sections 8.7 and 8.8); only waiting ones can be changed.
 *
 * @module
 */

import { budgetsOf, fromBindingsText, toBindingsText } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { Rejection } from "../protocol/rejection.ts";
import { isWaiting, status } from "../protocol/status.ts";
import { type BindingTerms, bindJobs, ensureBudgets } from "./bindings.ts";
import { toBudgetSet } from "./budget-set.ts";
import { toJobChange } from "./changes.ts";
import { findVisibleJob } from "./jobs.ts";
import { visitJobs } from "./patch-jobs.ts";
import { applyRebinding, checkRebinding, type Rebinding, requestsOf } from "./rebindings.ts";
import { report, run, StaleReadError, type Transition } from "./transition.ts";
import type { JobSelection } from "./where.ts";

/**
 * Changes one job that waits.
 *
 * @returns The job as it is now, why it is not changed, or undefined when there is none.
 */
export function* rebindJob(
  id: string,
  rebinding: Rebinding,
  terms: BindingTerms,
): Transition<JobRecord | Rejection | undefined> {
  const job = yield* findVisibleJob(id, terms.now);
  if (job === undefined) return undefined;
  const rejection = checkRebinding(job, rebinding) ??
    (yield* ensureBudgets([requestsOf(rebinding)], terms));
  if (rejection !== undefined) return rejection;
  const bindings = fromBindingsText(job.budgets);
  const next = applyRebinding(rebinding, bindings);
  return next === bindings ? job : yield* rebind(job, next);
}

/** What became of many jobs. */
export interface ManyRebound {
  readonly changed: number;
  /** Jobs in flight that would have changed. */
  readonly blocked: readonly string[];
}

/** Changes the waiting jobs of a selection in one transaction; its budgets are created even if there are no such jobs. */
export function* rebindJobs(
  selection: JobSelection,
  rebinding: Rebinding,
  terms: BindingTerms,
): Transition<ManyRebound | Rejection> {
  const rejection = yield* ensureBudgets([requestsOf(rebinding)], terms);
  if (rejection !== undefined) return rejection;
  let changed = 0;
  const blocked: string[] = [];
  yield* visitJobs(selection, function* (job) {
    const bindings = fromBindingsText(job.budgets);
    const next = applyRebinding(rebinding, bindings);
    if (next === bindings) return;
    if (!isWaiting(job.status)) blocked.push(job.id);
    else {
      yield* rebind(job, next);
      changed++;
    }
  });
  return { changed, blocked };
}

/**
 * Writes the new bindings of a job, if it still waits.
 *
 * @throws {StaleReadError} If it does not.
 */
function* rebind(job: JobRecord, bindings: readonly Binding[]): Transition<JobRecord> {
  const budgets = toBindingsText(bindings);
  const changed = yield* run(
    "UPDATE jobs SET budgets = ?, budget_set = ? WHERE seq = ? AND status = ?",
    [budgets, toBudgetSet(budgets), job.seq, job.status],
  );
  if (changed === 0) throw new StaleReadError(`Job ${job.id} was changed meanwhile`);
  yield* run("DELETE FROM bindings WHERE job_id = ?", [job.id]);
  yield* bindJobs([{ id: job.id, bindings }]);
  const rebound = { ...job, budgets };
  if (job.status === status.ready) {
    const keys = [...new Set([job, rebound].flatMap(budgetsOf))];
    yield report(toJobChange(rebound, job, "changed"));
    yield report({ kind: "budgets", keys, refunded: false });
  }
  return rebound;
}
