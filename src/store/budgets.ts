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
  mergePolicy,
  type PolicyPatch,
  referencedByCrons,
  referencedByJobs,
  tooManyBudgets,
} from "../protocol/budget.ts";
import { fromBindingsText } from "../protocol/binding.ts";
import { isRejection, type Rejection, unprocessable } from "../protocol/rejection.ts";
import type { BindingTerms } from "./bindings.ts";
import { newBudget, underPolicy } from "./budget-level.ts";
import {
  type BudgetRecord,
  countBudgets,
  findBudget,
  insertBudget,
  putHold,
  updateBudget,
} from "./budgets-table.ts";
import { isInFlight, isReady, isUnfinished } from "./status-sql.ts";
import { report, rows, run, type Transition } from "./transition.ts";

/**
 * Budgets go on refilling from `now` on where a clock that was wrong told that they were refilled after `after`; until then
 * they would earn nothing. Their tokens stay.
 *
 * @returns How many there were.
 */
export function* correctRefills(now: number, after: number): Transition<number> {
  return yield* run("UPDATE budgets SET refilled_at = ? WHERE refilled_at > ?", [now, after]);
}

/** Creates a budget; a conflict when there is one of this key. */
export function* createBudget(
  key: string,
  policy: BudgetPolicy,
  terms: BindingTerms,
): Transition<BudgetRecord | Rejection> {
  if ((yield* findBudget(key)) !== undefined) {
    return { kind: "conflict", message: budgetExists(key) };
  }
  return yield* create(key, policy, terms);
}

/** Creates a budget or gives the one that is there a new policy. */
export function* replaceBudget(
  key: string,
  policy: BudgetPolicy,
  terms: BindingTerms,
): Transition<BudgetRecord | Rejection> {
  const budget = yield* findBudget(key);
  return budget === undefined
    ? yield* create(key, policy, terms)
    : yield* change(budget, policy, terms.now);
}

/** Patches the policy of a budget; undefined when there is none. */
export function* changeBudget(
  key: string,
  patch: PolicyPatch,
  now: number,
): Transition<BudgetRecord | Rejection | undefined> {
  const budget = yield* findBudget(key);
  if (budget === undefined) return undefined;
  const policy = mergePolicy(budget, patch);
  return isRejection(policy) ? policy : yield* change(budget, policy, now);
}

/**
 * Holds a budget: none of its tokens is given for a time. A hold that lasts longer stays; one of 0 ms ends it.
 *
 * @returns The budget; undefined when there is none.
 */
export function* holdBudget(
  key: string,
  forMs: number,
  now: number,
): Transition<BudgetRecord | undefined> {
  const budget = yield* findBudget(key);
  if (budget === undefined) return undefined;
  const held = {
    ...budget,
    heldUntil: forMs === 0 ? 0 : Math.max(budget.heldUntil, now + forMs),
  };
  yield* putHold(held);
  // Jobs that were told to wait for its end need not.
  if (forMs === 0) yield report({ kind: "budgets", keys: [key], refunded: false });
  return held;
}

/** Rows that are told of who waits for a budget. */
const mostWaiting = 100;

/** How many ready jobs draw on a budget, by queue and type. */
export function* countWaiting(
  key: string,
): Transition<
  readonly { readonly queue: string; readonly type: string; readonly count: number }[]
> {
  return yield* rows(
    `SELECT queue, type, count(*) AS count
     FROM bindings JOIN jobs ON jobs.id = bindings.job_id WHERE key = ? AND ${isReady}
     GROUP BY queue, type ORDER BY count(*) DESC, queue, type LIMIT ${mostWaiting}`,
    [key],
  );
}

/** Deletes a budget that nothing refers to; undefined when there is none. */
export function* removeBudget(key: string): Transition<Rejection | "deleted" | undefined> {
  if ((yield* findBudget(key)) === undefined) return undefined;
  const crons = yield* listCronDraws(key);
  if (crons.length > 0) {
    const entries = crons.map(({ entry }) => entry);
    return { kind: "conflict", message: referencedByCrons(key, entries) };
  }
  const { jobs } = yield* countDraws(key);
  if (jobs > 0) return { kind: "conflict", message: referencedByJobs(key, jobs) };
  yield* run("DELETE FROM budgets WHERE key = ?", [key]);
  return "deleted";
}

/** Deletes all budgets, whatever refers to them. */
export function* removeBudgets(): Transition<void> {
  const gone = yield* rows<{ key: string }>("DELETE FROM budgets RETURNING key");
  yield* run("DELETE FROM bindings");
  const keys = gone.map(({ key }) => key);
  if (keys.length > 0) yield report({ kind: "budgets", keys, refunded: false });
}

function* create(
  key: string,
  policy: BudgetPolicy,
  { now, maxBudgets }: BindingTerms,
): Transition<BudgetRecord | Rejection> {
  if ((yield* countBudgets()) >= maxBudgets) return unprocessable(tooManyBudgets(key, maxBudgets));
  const budget = newBudget(key, policy, now);
  yield* insertBudget(budget);
  return budget;
}

function* change(
  budget: BudgetRecord,
  policy: BudgetPolicy,
  now: number,
): Transition<BudgetRecord | Rejection> {
  const { key } = budget;
  const capacity = capacityOf(policy);
  for (const { entry, cost } of yield* listCronDraws(key)) {
    if (cost > capacity) {
      return unprocessable(costExceedsCapacityForCron(key, { capacity, entry, cost }));
    }
  }
  const { jobs, cost, drawn } = yield* countDraws(key);
  if (cost > capacity) {
    return unprocessable(costExceedsCapacityForJobs(key, { capacity, jobs, cost }));
  }
  const changed = underPolicy(budget, policy, { drawn, now });
  yield* updateBudget(changed);
  // A new policy may let jobs go that wait.
  yield report({ kind: "budgets", keys: [key], refunded: false });
  return changed;
}

/** How many unfinished jobs draw on a budget, the most that one of them costs, and what all in flight cost. */
function* countDraws(
  key: string,
): Transition<{ readonly jobs: number; readonly cost: number; readonly drawn: number }> {
  const [row] = yield* rows<{ jobs: number; cost: number; drawn: number }>(
    `SELECT count(*) AS jobs, coalesce(max(cost), 0) AS cost,
       CAST(coalesce(sum(CASE WHEN ${isInFlight} THEN cost ELSE 0 END), 0) AS BIGINT) AS drawn
     FROM bindings JOIN jobs ON jobs.id = bindings.job_id WHERE key = ? AND ${isUnfinished}`,
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
