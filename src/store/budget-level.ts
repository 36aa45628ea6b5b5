/**
 * The arithmetic of tokens (docs/protocol.md, section 8.5), in integers, exactly.
 *
 * A budget with a duration has `tokens`, which refill over time, and `credit` towards the next token, in
 * token-milliseconds. A budget without one limits what is in flight, and has only `drawn`: what the jobs in flight cost.
 * The protocol's tokens are then `allocation - drawn`; a negative result is its debt.
 *
 * @module
 */

import { type BudgetPolicy, capacityOf } from "../protocol/budget.ts";
import type { BudgetRecord } from "./budgets-table.ts";

/** A budget that is created at `now`: full. */
export function newBudget(key: string, policy: BudgetPolicy, now: number): BudgetRecord {
  const level = { drawn: 0, tokens: capacityOf(policy), credit: 0, refilledAt: now, heldUntil: 0 };
  return { key, ...policy, ...level, createdAt: now, updatedAt: now };
}

/** Pays `cost` at `now`; undefined when there are not enough tokens. */
export function draw(budget: BudgetRecord, cost: number, now: number): BudgetRecord | undefined {
  if (budget.heldUntil > now) return undefined;
  if (budget.durationMs === null) {
    const drawn = budget.drawn + cost;
    return drawn > budget.allocation ? undefined : { ...budget, drawn };
  }
  const full = refilled(budget, budget.durationMs, now);
  return full.tokens < cost ? undefined : { ...full, tokens: full.tokens - cost };
}

/** When `cost` can be paid at the earliest, in ms since the epoch; Infinity when only a release helps. */
export function availableAt(budget: BudgetRecord, cost: number, now: number): number {
  return Math.max(budget.heldUntil, enoughAt(budget, cost, now));
}

function enoughAt(budget: BudgetRecord, cost: number, now: number): number {
  const { durationMs, allocation } = budget;
  if (durationMs === null) return budget.drawn + cost > allocation ? Infinity : now;
  const { tokens, credit, refilledAt } = refilled(budget, durationMs, now);
  if (tokens >= cost) return now;
  const missing = BigInt(cost - tokens) * BigInt(durationMs) - BigInt(credit);
  const waitMs = (missing + BigInt(allocation) - 1n) / BigInt(allocation);
  // Counted from the last refill, which is ahead of a clock that was set back.
  return Math.min(refilledAt + Math.max(1, Number(waitMs)), Number.MAX_SAFE_INTEGER);
}

/** Gives back the tokens of a job that leaves flight. Tokens of a budget with a duration do not come back. */
export function release(budget: BudgetRecord, cost: number): BudgetRecord {
  if (budget.durationMs !== null) return budget;
  return { ...budget, drawn: Math.max(0, budget.drawn - cost) };
}

/**
 * The budget under a new policy, with its level kept; `drawn` is what jobs in flight cost now.
 *
 * When the new policy limits what is in flight, all jobs in flight count, also those that started before. (The protocol
 * says so for a change from one such limit to another. For a change from a rate it would keep the tokens that were left,
 * but then the tokens that jobs in flight have spent would never come back.)
 */
export function underPolicy(
  budget: BudgetRecord,
  policy: BudgetPolicy,
  { drawn, now }: { readonly drawn: number; readonly now: number },
): BudgetRecord {
  const changed = { ...budget, ...policy, updatedAt: now };
  if (policy.durationMs === null) {
    return { ...changed, drawn, tokens: 0, credit: 0, refilledAt: now };
  }
  const before = budget.durationMs === null
    ? { tokens: Math.max(0, budget.allocation - drawn), credit: 0, refilledAt: now }
    : refilled(budget, budget.durationMs, now);
  return {
    ...changed,
    drawn: 0,
    tokens: Math.min(before.tokens, capacityOf(policy)),
    credit: policy.durationMs === budget.durationMs ? before.credit : 0,
    refilledAt: before.refilledAt,
  };
}

function refilled(budget: BudgetRecord, durationMs: number, now: number): BudgetRecord {
  const refilledAt = Math.max(budget.refilledAt, now);
  const missing = capacityOf(budget) - budget.tokens;
  if (missing <= 0) return { ...budget, credit: 0, refilledAt };
  const { earned, credit } = earnTokens(budget, durationMs, refilledAt - budget.refilledAt);
  if (earned >= missing) return { ...budget, tokens: capacityOf(budget), credit: 0, refilledAt };
  return { ...budget, tokens: budget.tokens + earned, credit, refilledAt };
}

/** Whole tokens of `elapsedMs`, and what is left over. */
function earnTokens(
  { credit, allocation }: BudgetRecord,
  durationMs: number,
  elapsedMs: number,
): { readonly earned: number; readonly credit: number } {
  const banked = credit + elapsedMs * allocation;
  if (Number.isSafeInteger(banked)) {
    return { earned: Math.floor(banked / durationMs), credit: banked % durationMs };
  }
  const exact = BigInt(credit) + BigInt(elapsedMs) * BigInt(allocation);
  const duration = BigInt(durationMs);
  return { earned: Number(exact / duration), credit: Number(exact % duration) };
}
