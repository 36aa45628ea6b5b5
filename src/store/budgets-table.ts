/**
 * The statements on one budget that several transitions share.
 *
 * @module
 */

import type { BudgetPolicy } from "../protocol/budget.ts";
import { lockRows } from "./dialect.ts";
import { rows, run, StaleReadError, type Transition } from "./transition.ts";

/** A budget as the store keeps it. Instants are ms since the epoch. */
export interface BudgetRecord extends BudgetPolicy {
  readonly key: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Tokens that jobs in flight hold; only without a `durationMs`. */
  readonly drawn: number;
  /** Whole tokens there were at `refilledAt`; only with a `durationMs`, as are the next two. */
  readonly tokens: number;
  /** Token-milliseconds that do not make up a token yet. */
  readonly credit: number;
  readonly refilledAt: number;
  /** Until when none of its tokens is given; 0 if it was never held. */
  readonly heldUntil: number;
}

const columns = `key, allocation, duration_ms AS "durationMs", burst, created_at AS "createdAt",
  updated_at AS "updatedAt", drawn, tokens, credit, refilled_at AS "refilledAt",
  held_until AS "heldUntil"`;

/** One budget; others that want to change it wait. */
export function* findBudget(key: string): Transition<BudgetRecord | undefined> {
  return (yield* rows<BudgetRecord>(
    `SELECT ${columns} FROM budgets WHERE key = ? ${lockRows}`,
    [key],
  ))[0];
}

/** One budget, for who only reads. */
export function* getBudget(key: string): Transition<BudgetRecord | undefined> {
  return (yield* rows<BudgetRecord>(`SELECT ${columns} FROM budgets WHERE key = ?`, [key]))[0];
}

/** All budgets, sorted by their keys' bytes. */
export function* listBudgets(): Transition<BudgetRecord[]> {
  return yield* rows<BudgetRecord>(`SELECT ${columns} FROM budgets ORDER BY key`);
}

/** How many budgets there are. */
export function* countBudgets(): Transition<number> {
  return (yield* rows<{ count: number }>("SELECT count(*) AS count FROM budgets"))[0]!.count;
}

/**
 * Writes a new budget.
 *
 * @throws {StaleReadError} If there is one of its key by now, which jobs may draw on already.
 */
export function* insertBudget(budget: BudgetRecord): Transition<void> {
  const inserted = yield* run(
    `INSERT INTO budgets (key, allocation, duration_ms, burst, created_at, updated_at, drawn, tokens, credit, refilled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
    [
      budget.key,
      budget.allocation,
      budget.durationMs,
      budget.burst,
      budget.createdAt,
      budget.updatedAt,
      budget.drawn,
      budget.tokens,
      budget.credit,
      budget.refilledAt,
    ],
  );
  if (inserted === 0) throw new StaleReadError(`Budget '${budget.key}' was created meanwhile`);
}

/** Writes the policy of a budget, and its level. */
export function* updateBudget(budget: BudgetRecord): Transition<void> {
  yield* run(
    "UPDATE budgets SET allocation = ?, duration_ms = ?, burst = ?, updated_at = ? WHERE key = ?",
    [budget.allocation, budget.durationMs, budget.burst, budget.updatedAt, budget.key],
  );
  yield* putLevel(budget);
}

/** Writes until when a budget is held. */
export function* putHold({ key, heldUntil }: BudgetRecord): Transition<void> {
  yield* run("UPDATE budgets SET held_until = ? WHERE key = ?", [heldUntil, key]);
}

/** Writes only the level of a budget. */
export function* putLevel(budget: BudgetRecord): Transition<void> {
  yield* run(
    "UPDATE budgets SET drawn = ?, tokens = ?, credit = ?, refilled_at = ? WHERE key = ?",
    [budget.drawn, budget.tokens, budget.credit, budget.refilledAt, budget.key],
  );
}
