/**
 * Budgets: named pools of tokens that jobs draw on (sections 9.1 and 9.2 of the protocol).
 *
 * @module
 */

import * as v from "valibot";
import { text, u32, u64 } from "./schema.ts";

/** How many tokens a budget has, and how they come back. */
export interface BudgetPolicy {
  /** Tokens for each period, or at most in flight: 1 to 1,000,000. */
  readonly allocation: number;
  /** The period in which `allocation` tokens drip in, in ms; null: tokens come back when a job leaves flight. */
  readonly durationMs: number | null;
  /** The most tokens that gather while nothing draws on them, 1 to 1,000,000; null is `allocation`. */
  readonly burst: number | null;
}

/** A policy as it was asked for: well-formed, and not yet checked by {@linkcode checkPolicy}. */
export interface PolicyRequest {
  readonly allocation: number;
  readonly strategy: {
    readonly type: string;
    readonly durationMs: number | null;
    readonly burst: number | null;
  };
}

/** The most tokens a budget ever holds, which is the most that a job may cost. */
export function capacityOf({ allocation, burst }: BudgetPolicy): number {
  return burst ?? allocation;
}

/** Reads a policy; an unknown field is refused (section 9.2). */
export const policySchema: v.GenericSchema<unknown, PolicyRequest> = v.pipe(
  v.strictObject({
    allocation: u32,
    strategy: v.pipe(
      v.strictObject({
        type: text,
        duration_ms: v.nullish(u64, null),
        burst: v.nullish(u32, null),
      }, "an object without unknown fields"),
      v.transform(({ type, duration_ms, burst }) => ({ type, durationMs: duration_ms, burst })),
    ),
  }, "an object without unknown fields"),
);

/** The most that `allocation` and `burst` may be (section 9.1). */
const maxTokens = 1_000_000;

/** Says why a well-formed policy cannot be, in the words and the order of the protocol. */
export function checkPolicy({ allocation, strategy }: PolicyRequest): string | undefined {
  const { type, durationMs, burst } = strategy;
  if (type !== "time_based" && type !== "while_in_flight") {
    return `unknown budget strategy: ${
      JSON.stringify(type)
    } (expected "time_based" or "while_in_flight")`;
  }
  if (allocation < 1) return "budget allocation must be at least 1";
  if (allocation > maxTokens) return `budget allocation must not exceed ${maxTokens}`;
  if (type === "while_in_flight") {
    if (burst !== null) {
      return "while_in_flight budget must not set strategy.burst — it has no drip to burst ahead of, so its allocation is already the most that can run at once";
    }
    if (durationMs !== null) {
      return "while_in_flight budget must not set strategy.duration_ms — its tokens return on acknowledgement, not on a clock";
    }
    return undefined;
  }
  if (durationMs === null) return "time_based budget requires strategy.duration_ms";
  if (durationMs < 1) return "time_based budget duration_ms must be at least 1";
  if (burst === null) return undefined;
  if (burst < 1) return "time_based budget burst must be at least 1";
  return burst > maxTokens ? `time_based budget burst must not exceed ${maxTokens}` : undefined;
}

/** The policy that was asked for, once it is checked. */
export function toPolicy({ allocation, strategy }: PolicyRequest): BudgetPolicy {
  return { allocation, durationMs: strategy.durationMs, burst: strategy.burst };
}

/** The refusal of a binding to a budget that there is not. */
export function noSuchBudget(key: string): string {
  return `budget '${key}' does not exist and no create_with policy was supplied to create it with`;
}

/** The refusal of a cost that the budget could never pay. */
export function tooDear(key: string, cost: number, policy: BudgetPolicy): string {
  return `cost ${cost} exceeds budget '${key}', which holds at most ${capacityOf(policy)}`;
}

/** The refusal of one budget more than there may be. */
export function tooManyBudgets(key: string, max: number): string {
  return `cannot create budget '${key}': the server already holds its maximum of ${max} budgets (--max-budgets / ZIZQ_MAX_BUDGETS). Raise the limit, or express the throttle as one shared budget rather than one per caller.`;
}
