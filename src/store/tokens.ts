/**
 * Tokens inside one transition: budgets are read once, drawn on as often as needed, and written once.
 *
 * @module
 */

import { fromBindingsText } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import { availableAt, draw, release } from "./budget-level.ts";
import { type BudgetRecord, findBudget, putLevel } from "./budgets-table.ts";
import type { Transition } from "./transition.ts";

/** Why a job cannot be paid for: the budget that keeps it longest. */
export interface Shortage {
  readonly key: string;
  /** When it has enough, in ms since the epoch; Infinity when a job must leave flight first. */
  readonly until: number;
}

/** The budgets that a transition has to do with. */
export interface Purse {
  /** Pays for a job from all of its budgets, or from none and tells what is short. */
  pay(bindings: readonly Binding[], now: number): Transition<Shortage | undefined>;
  /** Gives back what a job in flight holds. */
  restore(bindings: readonly Binding[]): Transition<void>;
  /** Writes the levels that changed. */
  settle(): Transition<void>;
}

/** Creates a purse for one transition. */
export function createPurse(): Purse {
  const budgets = new Map<string, BudgetRecord | undefined>();
  const changed = new Set<string>();

  function* find(key: string): Transition<BudgetRecord | undefined> {
    if (!budgets.has(key)) budgets.set(key, yield* findBudget(key));
    return budgets.get(key);
  }
  const put = (budget: BudgetRecord) => {
    budgets.set(budget.key, budget);
    changed.add(budget.key);
  };

  return {
    *pay(bindings, now) {
      const paid: BudgetRecord[] = [];
      let worst: Shortage | undefined;
      for (const { key, cost } of bindings) {
        const budget = yield* find(key);
        if (budget === undefined) continue;
        const rest = draw(budget, cost, now);
        if (rest !== undefined) paid.push(rest);
        else {
          const until = availableAt(budget, cost, now);
          if (worst === undefined || until > worst.until) worst = { key, until };
        }
      }
      if (worst === undefined) paid.forEach(put);
      return worst;
    },
    *restore(bindings) {
      for (const { key, cost } of bindings) {
        const budget = yield* find(key);
        if (budget === undefined) continue;
        const restored = release(budget, cost);
        if (restored !== budget) put(restored);
      }
    },
    *settle() {
      for (const key of changed) yield* putLevel(budgets.get(key)!);
      changed.clear();
    },
  };
}

/** Gives back what jobs that leave flight hold, by their bindings as records have them. */
export function* returnTokens(budgets: readonly (string | null)[]): Transition<void> {
  const drawn = budgets.filter((text) => text !== null);
  if (drawn.length === 0) return; // as for most jobs
  const purse = createPurse();
  for (const text of drawn) yield* purse.restore(fromBindingsText(text));
  yield* purse.settle();
}
