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
