/**
 * Tying jobs to budgets: what is asked for is checked against the budgets there are before anything is written.
 *
 * @module
 */

import type { BindingRequest } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import { type BudgetRecord, putBudget } from "./budgets-table.ts";
import { each, type Transition } from "./transition.ts";

/** What a check of bindings leads to: the budgets to create, or why and for which of the lists it is refused. */
export type BindingPlan =
  | { readonly create: readonly BudgetRecord[] }
  | { readonly refused: string; readonly index: number };

/** What a check of bindings depends on. */
export interface BindingTerms {
  readonly now: number;
  /** How many budgets there may be. */
  readonly maxBudgets: number;
}

/** Checks the bindings of several jobs in their order; the first that creates a budget sets its policy. */
// deno-lint-ignore require-yield
export function* planBindings(
  _requests: readonly (readonly BindingRequest[])[],
  _terms: BindingTerms,
): Transition<BindingPlan> {
  throw new Error("not built");
}

/** Creates the budgets of a plan. */
export function* createBudgets(budgets: readonly BudgetRecord[]): Transition<void> {
  for (const budget of budgets) yield* putBudget(budget);
}

/** Writes the bindings of new jobs. */
export function* bindJobs(
  jobs: readonly { readonly id: string; readonly bindings: readonly Binding[] }[],
): Transition<void> {
  yield* each(
    "INSERT INTO bindings (key, job_id, cost) VALUES (?, ?, ?)",
    jobs.flatMap(({ id, bindings }) => bindings.map(({ key, cost }) => [key, id, cost])),
  );
}
