/**
 * Who waits for a budget (docs/protocol.md, section 8.10), as a client reads it.
 *
 * @module
 */

import * as v from "valibot";
import { type HeldBudget, readHeldBudget } from "./budget-hold.ts";
import { readAs, text, u64 } from "./schema.ts";

/** How many ready jobs of one type draw on a budget, in one queue. */
export interface WaitingCount {
  /** The queue that they wait in. */
  readonly queue: string;
  /** Their type. */
  readonly type: string;
  /** How many there are. */
  readonly count: number;
}

/** A budget, and which ready jobs draw on it. */
export interface BudgetWaiting {
  /** The budget, with the end of its hold if it is held. */
  readonly budget: HeldBudget;
  /** The ready jobs by queue and type, most first; 100 rows at most. */
  readonly waiting: readonly WaitingCount[];
}

const waitingSchema: v.GenericSchema<unknown, {
  readonly budget: unknown;
  readonly waiting: WaitingCount[];
}> = v.object({
  budget: v.unknown(),
  waiting: v.array(v.object({ queue: text, type: text, count: u64 }, "an object"), "a list"),
}, "an object");

/** Reads the answer of `GET /budgets/{key}/waiting`. */
export function readWaiting(value: unknown): BudgetWaiting {
  const { budget, waiting } = readAs(waitingSchema, value);
  return { budget: readHeldBudget(budget), waiting };
}
