/**
 * The arithmetic of tokens (section 9.4 of the protocol), in integers, exactly.
 *
 * @module
 */

import type { BudgetPolicy } from "../protocol/budget.ts";
import type { BudgetRecord } from "./budgets-table.ts";

/** The level of a budget that nobody has drawn on. */
export type Level = Pick<BudgetRecord, "drawn" | "tokens" | "credit" | "refilledAt">;

/** The level that a budget starts with: full. */
export function fullLevel(_policy: BudgetPolicy, _now: number): Level {
  throw new Error("not built");
}

/** Pays `cost` at `now`; undefined when there are not enough tokens. */
export function draw(_budget: BudgetRecord, _cost: number, _now: number): BudgetRecord | undefined {
  throw new Error("not built");
}

/** When `cost` can be paid at the earliest, in ms since the epoch; Infinity when only a release helps. */
export function availableAt(_budget: BudgetRecord, _cost: number, _now: number): number {
  throw new Error("not built");
}

/** Gives back what a job that leaves flight held. */
export function release(_budget: BudgetRecord, _cost: number): BudgetRecord {
  throw new Error("not built");
}

/** The budget under a new policy; `drawn` is what jobs in flight cost now. */
export function underPolicy(
  _budget: BudgetRecord,
  _policy: BudgetPolicy,
  _drawn: number,
  _now: number,
): BudgetRecord {
  throw new Error("not built");
}
