/**
 * Binding jobs to budgets. Requests are checked against the existing budgets before anything is written.
 *
 * @module
 */

import type { BindingRequest } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import { type Rejection, unprocessable } from "../protocol/rejection.ts";
import {
  type BudgetPolicy,
  capacityOf,
  costExceedsCapacity,
  noSuchBudget,
  tooManyBudgets,
  toPolicy,
} from "../protocol/budget.ts";
import { newBudget } from "./budget-level.ts";
import { type BudgetRecord, countBudgets, findBudget, insertBudget } from "./budgets-table.ts";
import { insertRows, toInsert, type Transition } from "./transition.ts";

/** What a check of bindings depends on. */
export interface BindingTerms {
  readonly now: number;
  /** How many budgets may exist. */
  readonly maxBudgets: number;
}

/**
 * Creates the budgets that the bindings of several jobs ask for, and checks all costs against existing and new budgets.
 * When two bindings create the same budget, the first sets its policy. When one is rejected, nothing is created. The
 * caller has checked the form of the bindings (`checkBindings`).
 */
export function* ensureBudgets(
  lists: readonly (readonly BindingRequest[])[],
  { now, maxBudgets }: BindingTerms,
): Transition<Rejection | undefined> {
  const reject = (message: string, index: number) => ({ ...unprocessable(message), index });
  const known = new Map<string, BudgetPolicy>();
  const create: BudgetRecord[] = [];
  for (const [index, requests] of lists.entries()) {
    for (const { key, cost, createWith } of requests) {
      let policy = known.get(key) ?? (yield* findBudget(key));
      if (policy === undefined) {
        if (createWith === null) return reject(noSuchBudget(key), index);
        if ((yield* countBudgets()) + create.length >= maxBudgets) {
          return reject(tooManyBudgets(key, maxBudgets), index);
        }
        policy = toPolicy(createWith);
        create.push(newBudget(key, policy, now));
      }
      known.set(key, policy);
      if (cost > capacityOf(policy)) {
        return reject(costExceedsCapacity(key, cost, policy), index);
      }
    }
  }
  for (const budget of create) yield* insertBudget(budget);
  return undefined;
}

const insertBinding = toInsert("bindings", ["key", "job_id", "cost"]);

/** Writes the bindings of new jobs. */
export function* bindJobs(
  jobs: readonly { readonly id: string; readonly bindings: readonly Binding[] }[],
): Transition<void> {
  yield* insertRows(
    insertBinding,
    jobs.flatMap(({ id, bindings }) => bindings.flatMap(({ key, cost }) => [key, id, cost])),
  );
}
