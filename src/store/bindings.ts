/**
 * Tying jobs to budgets: what is asked for is checked against the budgets there are before anything is written.
 *
 * @module
 */

import type { BindingRequest } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import type { Rejection } from "../protocol/rejection.ts";
import {
  type BudgetPolicy,
  capacityOf,
  noSuchBudget,
  tooDear,
  tooManyBudgets,
  toPolicy,
} from "../protocol/budget.ts";
import { fullLevel } from "./budget-level.ts";
import { type BudgetRecord, countBudgets, findBudget, insertBudget } from "./budgets-table.ts";
import { insertRows, toInsert, type Transition } from "./transition.ts";

/** What a check of bindings depends on. */
export interface BindingTerms {
  readonly now: number;
  /** How many budgets there may be. */
  readonly maxBudgets: number;
}

/**
 * Checks the bindings of several jobs, in their order, against the budgets there are and those that they create, and
 * creates these; the first that creates a budget sets its policy. When one is refused, nothing is created. Their form
 * was checked before (`checkBindings`).
 */
export function* ensureBudgets(
  lists: readonly (readonly BindingRequest[])[],
  { now, maxBudgets }: BindingTerms,
): Transition<Rejection | undefined> {
  const reject = (message: string, index: number): Rejection => ({
    kind: "unprocessable",
    message,
    index,
  });
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
        const level = fullLevel(policy, now);
        create.push({ key, ...policy, ...level, createdAt: now, updatedAt: now });
      }
      known.set(key, policy);
      if (cost > capacityOf(policy)) return reject(tooDear(key, cost, policy), index);
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
    jobs.flatMap(({ id, bindings }) => bindings.map(({ key, cost }) => [key, id, cost])),
  );
}
