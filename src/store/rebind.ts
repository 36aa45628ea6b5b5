/**
 * Changing what stored jobs draw on (section 9.6 of the protocol); only waiting ones can be changed.
 *
 * @module
 */

import { type BindingRequest, fromBindingsText, toBindingsText } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BindingTerms, bindJobs, ensureBudgets } from "./bindings.ts";
import { visitJobs } from "./change.ts";
import { laneOf } from "./lane.ts";
import { getMetadata } from "./read.ts";
import { run, type Transition } from "./transition.ts";
import type { JobSelection } from "./where.ts";

/** One way to change the bindings of a job. */
export interface Rebinding {
  /** What is asked of the budgets: they must be there, or be created, and be able to pay. */
  readonly requests: readonly BindingRequest[];
  /** The new bindings; the same list when nothing changes. */
  apply(bindings: readonly Binding[]): readonly Binding[];
}

/** What became of one job: as it was and as it is, or why nothing did. */
export type Rebound =
  | { readonly before: JobRecord; readonly after: JobRecord }
  | { readonly refused: string };

/**
 * Changes one job that waits; undefined when there is none. A job that does not wait, or that `check` has something
 * against, is given back unchanged.
 */
export function* rebindJob(
  id: string,
  rebinding: Rebinding,
  isRefused: (job: JobRecord) => boolean,
  terms: BindingTerms,
): Transition<Rebound | undefined> {
  const job = yield* getMetadata(id, terms.now);
  if (job === undefined) return undefined;
  if (job.status > status.ready || isRefused(job)) return { before: job, after: job };
  const refusal = yield* ensureBudgets([rebinding.requests], terms);
  if (refusal !== undefined) return { refused: refusal.refused };
  const bindings = fromBindingsText(job.budgets);
  const next = rebinding.apply(bindings);
  return { before: job, after: next === bindings ? job : yield* rebind(job, next) };
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
): Transition<ManyRebound | { readonly refused: string }> {
  const refusal = yield* ensureBudgets([rebinding.requests], terms);
  if (refusal !== undefined) return { refused: refusal.refused };
  let changed = 0;
  const blocked: string[] = [];
  yield* visitJobs(selection, function* (job) {
    const bindings = fromBindingsText(job.budgets);
    const next = rebinding.apply(bindings);
    if (next === bindings) return;
    if (job.status === status.inFlight) blocked.push(job.id);
    else {
      yield* rebind(job, next);
      changed++;
    }
  });
  return { changed, blocked };
}

function* rebind(job: JobRecord, bindings: readonly Binding[]): Transition<JobRecord> {
  const budgets = toBindingsText(bindings);
  yield* run("UPDATE jobs SET budgets = ?, lane = ? WHERE id = ?", [
    budgets,
    laneOf(budgets),
    job.id,
  ]);
  yield* run("DELETE FROM bindings WHERE job_id = ?", [job.id]);
  yield* bindJobs([{ id: job.id, bindings }]);
  return { ...job, budgets };
}
