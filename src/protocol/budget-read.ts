/**
 * Budgets as a client reads them from answers.
 *
 * @module
 */

import * as v from "valibot";
import type { BudgetSettings } from "./budget-request.ts";
import { optional, readAs, text, u32, u64 } from "./schema.ts";

/** A budget, as an answer of the broker shows it. Instants are in ms since the epoch. */
export interface Budget extends BudgetSettings {
  /** Its name. */
  readonly key: string;
  /** When it was created. */
  readonly createdAt: number;
  /** When its settings were last set. */
  readonly updatedAt: number;
}

/** What became of jobs whose budgets were to be changed. */
export interface RebindReport {
  /** How many jobs changed. */
  readonly changed: number;
  /** The ids of jobs that did not change because they are in flight. */
  readonly blocked: readonly string[];
}

const strategySchema: v.GenericSchema<unknown, BudgetSettings["strategy"]> = v.pipe(
  v.object({ type: text, duration_ms: optional(u64), burst: optional(u32) }, "an object"),
  v.transform(({ type, duration_ms, burst }): BudgetSettings["strategy"] =>
    type === "while_in_flight" ? { type } : {
      type: "time_based",
      durationMs: duration_ms ?? 0,
      ...burst != null && { burst },
    }
  ),
);

const budgetSchema: v.GenericSchema<unknown, Budget> = v.pipe(
  v.object(
    { key: text, allocation: u32, strategy: strategySchema, created_at: u64, updated_at: u64 },
    "an object",
  ),
  v.transform(({ created_at, updated_at, ...budget }): Budget => ({
    ...budget,
    createdAt: created_at,
    updatedAt: updated_at,
  })),
);

const budgetListSchema: v.GenericSchema<unknown, { readonly budgets: Budget[] }> = v.object(
  { budgets: v.array(budgetSchema, "a list") },
  "an object",
);

const reportSchema: v.GenericSchema<unknown, RebindReport> = v.object(
  { changed: u64, blocked: v.array(text, "a list") },
  "an object",
);

/** Reads the answer of the calls on one budget. */
export function readBudget(value: unknown): Budget {
  return readAs(budgetSchema, value);
}

/** Reads the answer of `GET /budgets`. */
export function readBudgets(value: unknown): Budget[] {
  return readAs(budgetListSchema, value).budgets;
}

/** Reads the answer of the bulk calls. */
export function readRebindReport(value: unknown): RebindReport {
  return readAs(reportSchema, value);
}
