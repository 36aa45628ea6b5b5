/**
 * Budgets as a user asks for them, and as the wire spells that (docs/protocol.md, sections 8.1 and 8.4).
 *
 * @module
 */

import { type Duration, spanMs } from "../async/duration.ts";
import { checkOptions, demandObject } from "../options.ts";
import { checkInteger, max32, maxExact } from "./integer.ts";

/** How the tokens of a budget come back. */
export type BudgetStrategy = RateStrategy | InFlightStrategy;

/** A rate: `allocation` tokens drip in, evenly, over each period. */
export interface RateStrategy {
  /** The wire's name. */
  readonly type: "time_based";
  /** The period, in ms, from 1. */
  readonly durationMs: number;
  /** The most tokens that gather while nothing draws on them, from 1 to 1,000,000. Left out, it is `allocation`. */
  readonly burst?: number | undefined;
}

/** A rate, with the period as a person writes it. */
export interface RateWords {
  /** The wire's name. */
  readonly type: "time_based";
  /** The period, in ms or as text (`"1m"`). */
  readonly duration: Duration;
  /** None. */
  readonly durationMs?: undefined;
  /** The most tokens that gather while nothing draws on them, from 1 to 1,000,000. Left out, it is `allocation`. */
  readonly burst?: number | undefined;
}

/** A limit: each of the `allocation` tokens comes back when the job that holds it leaves flight. */
export interface InFlightStrategy {
  /** The wire's name. */
  readonly type: "while_in_flight";
}

/** What a budget allows. */
export interface BudgetSettings {
  /** How many tokens there are for each period, or at most in flight: from 1 to 1,000,000. */
  readonly allocation: number;
  /** How the tokens come back. */
  readonly strategy: BudgetStrategy;
}

/** What a budget is to allow: the same, and the period may be text. */
export interface BudgetRequest {
  /** How many tokens there are for each period, or at most in flight: from 1 to 1,000,000. */
  readonly allocation: number;
  /** How the tokens come back. */
  readonly strategy: BudgetStrategy | RateWords;
}

/** A budget that a job draws on. */
export interface BudgetUse {
  /** The name of the budget; the same rules as for queues. */
  readonly key: string;
  /**
   * How many tokens one run costs, from 1 to what the budget holds.
   *
   * @default {1}
   */
  readonly cost?: number | undefined;
  /** The settings that the budget is created with if it does not exist. Without them that is an error. */
  readonly createWith?: BudgetRequest | undefined;
}

/** What to change of a budget. What is left out stays. */
export interface BudgetPatch {
  /** How many tokens there are for each period, or at most in flight. */
  readonly allocation?: number | undefined;
  /** How the tokens come back. Without a `type` the strategy stays of its kind. */
  readonly strategy?: {
    /** The kind of strategy to change to. */
    readonly type?: BudgetStrategy["type"] | undefined;
    /** The period, in ms. */
    readonly durationMs?: number | undefined;
    /** The period, in ms or as text; in the place of `durationMs`. */
    readonly duration?: Duration | undefined;
    /** The most tokens that gather; null is `allocation`. */
    readonly burst?: number | null | undefined;
  } | undefined;
}

/**
 * Writes what a budget allows.
 *
 * @throws {TypeError} If the period is no duration, or is given twice.
 * @throws {RangeError} If a number cannot be sent.
 */
export function toBudgetSettingsWire(settings: BudgetRequest): object {
  checkOptions("budget", settings, { allocation: 1, strategy: 1 });
  const { allocation, strategy } = settings;
  demandObject("budget", strategy, "'strategy'");
  return {
    allocation: checkInteger("allocation", allocation, max32),
    strategy: strategy.type === "while_in_flight" ? { type: strategy.type } : toRateWire(strategy),
  };
}

function toRateWire({ type, burst, ...period }: NonNullable<BudgetPatch["strategy"]>): object {
  const durationMs = spanMs("strategy.duration", period.duration, period.durationMs);
  return {
    type,
    duration_ms: checkInteger("strategy.durationMs", durationMs, maxExact),
    burst: checkInteger("strategy.burst", burst, max32),
  };
}

/**
 * Writes a budget that a job draws on.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toBudgetUseWire(
  { key, cost, createWith }: BudgetUse,
): { readonly key: string; readonly [member: string]: unknown } {
  return {
    key,
    cost: checkInteger("cost", cost, max32),
    create_with: createWith && toBudgetSettingsWire(createWith),
  };
}

/**
 * Writes what to change of a budget.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toBudgetPatchWire(patch: BudgetPatch): object {
  checkOptions("budget", patch, { allocation: 1, strategy: 1 });
  const { allocation, strategy } = patch;
  return {
    allocation: checkInteger("allocation", allocation, max32),
    strategy: strategy && toRateWire(strategy),
  };
}
