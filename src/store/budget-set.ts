/**
 * Budget sets: the ready jobs of one queue that draw on the same budgets wait in one backlog.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";

/** Names the budget set of a job with these bindings, as a record holds them; empty for a job without any. */
export function toBudgetSet(budgets: string | null): string {
  if (budgets === null) return "";
  return JSON.stringify(budgetsOf({ budgets }).sort());
}

/** The budgets of a set. */
export function budgetsOfSet(budgetSet: string): string[] {
  return budgetSet === "" ? [] : JSON.parse(budgetSet);
}
