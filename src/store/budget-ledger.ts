/**
 * The tokens of budgets inside one transition: each budget is read once, charged and refunded as often as needed, and
 * written once.
 *
 * @module
 */

import { fromBindingsText } from "../protocol/binding.ts";
import type { Binding } from "../protocol/job.ts";
import type { JobRecord } from "../protocol/record.ts";
import { availableAt, draw, release } from "./budget-level.ts";
import { type BudgetRecord, findBudget, putLevel } from "./budgets-table.ts";
import { report, type Transition } from "./transition.ts";

/** Why a job cannot be paid for: of the budgets that are short, the one that takes longest. */
export interface Shortage {
  readonly key: string;
  /** When it has enough tokens, in ms since the epoch; Infinity when a job in flight has to end first. */
  readonly until: number;
}

/** The budgets that one transition charges and refunds. */
export interface BudgetLedger {
  /** Charges a job to all of its budgets; if one of them is short, charges none and gives the shortage. */
  charge(bindings: readonly Binding[], now: number): Transition<Shortage | undefined>;
  /** Gives back what a job in flight holds. */
  refund(job: Pick<JobRecord, "budgets">): Transition<void>;
  /** Writes the levels that changed, and reports the budgets that got tokens back. */
  flush(): Transition<void>;
}

/** Creates a ledger for one transition. */
export function createBudgetLedger(): BudgetLedger {
  const budgets = new Map<string, BudgetRecord | undefined>();
  const changed = new Set<string>();
  const refunded = new Set<string>();

  function* find(key: string): Transition<BudgetRecord | undefined> {
    if (!budgets.has(key)) budgets.set(key, yield* findBudget(key));
    return budgets.get(key);
  }
  const put = (budget: BudgetRecord) => {
    budgets.set(budget.key, budget);
    changed.add(budget.key);
  };

  return {
    *charge(bindings, now) {
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
    *refund({ budgets }) {
      if (budgets === null) return; // as for most jobs
      for (const { key, cost } of fromBindingsText(budgets)) {
        refunded.add(key);
        const budget = yield* find(key);
        if (budget === undefined) continue;
        const restored = release(budget, cost);
        if (restored !== budget) put(restored);
      }
    },
    *flush() {
      for (const key of changed) yield* putLevel(budgets.get(key)!);
      changed.clear();
      if (refunded.size === 0) return;
      yield report({ kind: "budgets", keys: [...refunded], refunded: true });
      refunded.clear();
    },
  };
}
