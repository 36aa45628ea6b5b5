/**
 * Counts what an evaluation uses, and ends it at a limit.
 *
 * The counters are module state, because every node of every program reads them, and that is the fastest. It is safe,
 * because there is only one evaluation at a time: none awaits anything.
 *
 * @module
 */

import { JqLimitError, type JqLimitName } from "./errors.ts";

/** The limits of one evaluation. No limit can be switched off, but each can be a large number. */
export interface JqLimits {
  /**
   * The steps. A step is a call, a turn of a loop, a member of a new object, or about sixteen elements or characters of an
   * array or string. What takes longer costs more
   * steps, so that every known program does ten million of them in one or two seconds.
   *
   * @default {10_000_000}
   */
  readonly steps?: number;
  /**
   * The outputs.
   *
   * @default {1_000_000}
   */
  readonly outputs?: number;
  /**
   * The depth of calls inside calls, except for calls in tail position. The stack of the runtime may end before.
   *
   * @default {5_000}
   */
  readonly depth?: number;
  /**
   * The length of the longest string that a program may make, in UTF-16 units.
   *
   * @default {16_777_216}
   */
  readonly stringLength?: number;
  /**
   * The length of the longest array that a program may make.
   *
   * @default {1_000_000}
   */
  readonly arrayLength?: number;
}

/** The limits if the caller gives none. */
export const defaultLimits: Required<JqLimits> = {
  steps: 10_000_000,
  outputs: 1_000_000,
  depth: 5000,
  stringLength: 16_777_216,
  arrayLength: 1_000_000,
};

/** The counters: the steps that are left, and the depth of calls. */
export const meter: {
  limits: Required<JqLimits>;
  steps: number;
  depth: number;
} = { limits: defaultLimits, steps: 0, depth: 0 };

/** Steps that several evaluations share. */
export interface StepBudget {
  /** How many are left; below 0 when more were wanted. */
  steps: number;
}

let shared: StepBudget | undefined;
/** How many steps the present evaluation began with. */
let given = 0;

/** Begins an evaluation. */
export function resetMeter(limits: Required<JqLimits>): void {
  settleShared();
  meter.limits = limits;
  meter.steps = shared === undefined ? limits.steps : Math.min(limits.steps, shared.steps);
  meter.depth = 0;
  given = meter.steps;
}

/** Takes what the last evaluation used off the budget that it shares. */
function settleShared(): void {
  if (shared !== undefined) shared.steps -= given - meter.steps;
  given = meter.steps;
}

/**
 * Lets the evaluations of `work` share a budget of steps; each has its own limit besides.
 *
 * @param budget The budget, which is less afterwards.
 * @param work Runs programs, and awaits nothing.
 */
export function shareSteps<Result>(budget: StepBudget, work: () => Result): Result {
  shared = budget;
  given = meter.steps;
  try {
    return work();
  } finally {
    settleShared();
    shared = undefined;
  }
}

/** Counts one step. */
export function tick(): void {
  if (--meter.steps < 0) exceed("steps");
}

/** Counts the cost of an operation on this many elements or characters. */
export function spend(size: number): void {
  if ((meter.steps -= size >> 4) < 0) exceed("steps");
}

/** Counts the cost of a copy or list of an object's members, which is slow for a large object. */
export function spendMembers(count: number): void {
  if ((meter.steps -= count > 64 ? count * 8 : count) < 0) exceed("steps");
}

/** Counts the cost of reading a string. A short one is part of the step that uses it. */
export function spendText(text: string): void {
  if (text.length > 64) spend(text.length);
}

/** Counts the cost of an operation that takes as long as so many steps. */
export function spendSteps(count: number): void {
  if ((meter.steps -= count) < 0) exceed("steps");
}

/** Counts the cost of an error, or of a `break`, that is caught. */
export function spendCatch(): void {
  spendSteps(16);
}

/** Ends the evaluation if a string is too long; called before the string is made, where possible. */
export function checkString(length: number): void {
  if (length > meter.limits.stringLength) exceed("stringLength");
}

/** Ends the evaluation if an array is too long. */
export function checkArray(length: number): void {
  if (length > meter.limits.arrayLength) exceed("arrayLength");
}

/** Ends the evaluation at a limit. */
export function exceed(limit: Exclude<JqLimitName, "stack">): never {
  throw new JqLimitError(
    limit,
    `The program exceeds its limit '${limit}' of ${meter.limits[limit]}`,
  );
}
