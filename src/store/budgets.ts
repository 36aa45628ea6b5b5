/**
 * Creating, changing and deleting budgets.
 *
 * @module
 */

import {
  budgetExists,
  type BudgetPolicy,
  capacityOf,
  costExceedsCapacityForCron,
  costExceedsCapacityForJobs,
  referencedByCrons,
  referencedByJobs,
  tooManyBudgets,
} from "../protocol/budget.ts";
import { fromBindingsText } from "../protocol/binding.ts";
import type { BindingTerms } from "./bindings.ts";
import { fullLevel, underPolicy } from "./budget-level.ts";
import { type BudgetRecord, countBudgets, findBudget, putBudget } from "./budgets-table.ts";
import { rows, run, type Transition } from "./transition.ts";

/** A budget, or why it cannot be. */
export type BudgetResult = BudgetRecord | { readonly refused: string; readonly taken?: true };

/** Creates a budget; `taken` when there is one of this key. */
export function* createBudget(
  key: string,
  policy: BudgetPolicy,
  terms: BindingTerms,
): Transition<BudgetResult> {
  if ((yield* findBudget(key)) !== undefined) return { refused: budgetExists(key), taken: true };
  return yield* create(key, policy, terms);
}

/** Creates a budget or gives the one that is there a new policy. */
export function* replaceBudget(
  key: string,
  policy: BudgetPolicy,
  terms: BindingTerms,
): Transition<BudgetResult> {
  const budget = yield* findBudget(key);
  return budget === undefined
    ? yield* create(key, policy, terms)
    : yield* change(budget, policy, terms.now);
}

/** Gives a budget the policy that `decide` makes of its own; undefined when there is none. */
export function* changeBudget(
  key: string,
  decide: (policy: BudgetPolicy) => BudgetPolicy | { readonly refused: string },
  now: number,
): Transition<BudgetResult | undefined> {
  const budget = yield* findBudget(key);
  if (budget === undefined) return undefined;
  const policy = decide(budget);
  return "refused" in policy ? policy : yield* change(budget, policy, now);
}

/** Deletes a budget that nothing refers to; undefined when there is none. */
export function* removeBudget(
  key: string,
): Transition<{ readonly refused: string } | "deleted" | undefined> {
  if ((yield* findBudget(key)) === undefined) return undefined;
  const crons = yield* listCronDraws(key);
  if (crons.length > 0) {
    return { refused: referencedByCrons(key, crons.map(({ entry }) => entry)) };
  }
  const { jobs } = yield* countDraws(key);
  if (jobs > 0) return { refused: referencedByJobs(key, jobs) };
  yield* run("DELETE FROM budgets WHERE key = ?", [key]);
  return "deleted";
}

/** Deletes all budgets, whatever refers to them. */
export function* removeBudgets(): Transition<void> {
  yield* run("DELETE FROM budgets");
  yield* run("DELETE FROM bindings");
}

function* create(
  key: string,
  policy: BudgetPolicy,
  { now, maxBudgets }: BindingTerms,
): Transition<BudgetResult> {
  if ((yield* countBudgets()) >= maxBudgets) return { refused: tooManyBudgets(key, maxBudgets) };
  const budget = { key, ...policy, ...fullLevel(policy, now), createdAt: now, updatedAt: now };
  yield* putBudget(budget);
  return budget;
}

function* change(
  budget: BudgetRecord,
  policy: BudgetPolicy,
  now: number,
): Transition<BudgetResult> {
  const { key } = budget;
  const capacity = capacityOf(policy);
  for (const { entry, cost } of yield* listCronDraws(key)) {
    if (cost > capacity) {
      return { refused: costExceedsCapacityForCron(key, { capacity, entry, cost }) };
    }
  }
  const { jobs, cost, drawn } = yield* countDraws(key);
  if (cost > capacity) {
    return { refused: costExceedsCapacityForJobs(key, { capacity, jobs, cost }) };
  }
  const changed = underPolicy(budget, policy, { drawn, now });
  yield* putBudget(changed);
  return changed;
}

/** How many unfinished jobs draw on a budget, the most that one of them costs, and what all in flight cost. */
function* countDraws(
  key: string,
): Transition<{ readonly jobs: number; readonly cost: number; readonly drawn: number }> {
  const [row] = yield* rows<{ jobs: number; cost: number; drawn: number }>(
    `SELECT count(*) AS jobs, coalesce(max(cost), 0) AS cost,
       coalesce(sum(CASE WHEN status = 2 THEN cost ELSE 0 END), 0) AS drawn
     FROM bindings JOIN jobs ON jobs.id = bindings.job_id WHERE key = ? AND status < 3`,
    [key],
  );
  return row!;
}

/** Cron entries that draw on a budget, in the order of their names. */
function* listCronDraws(
  key: string,
): Transition<{ readonly entry: string; readonly cost: number }[]> {
  const entries = yield* rows<{ entry: string; budgets: string }>(
    `SELECT cron_group || '/' || name AS entry, budgets FROM cron_entries
     WHERE budgets IS NOT NULL ORDER BY cron_group, name`,
  );
  return entries.flatMap(({ entry, budgets }) =>
    fromBindingsText(budgets).filter((binding) => binding.key === key)
      .map(({ cost }) => ({ entry, cost }))
  );
}
