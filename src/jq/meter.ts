/**
 * What a running program has used up, and the registers of the one evaluation that is going on.
 *
 * Nothing in an evaluation awaits or calls back, so there is never more than one; module state is then the cheapest
 * place, and what every node of every program looks at should be cheap.
 *
 * @module
 */

import { JqLimitError, type JqLimitName } from "./errors.ts";

/** What a program may use in one evaluation. Every limit has a default; none can be switched off but by a large number. */
export interface JqLimits {
  /**
   * Steps: a call, a turn of a loop, a member of an object that is made, or about sixteen elements or characters of an
   * array or string. Most programs do ten million in a second, the slowest known one in four. Default 10,000,000.
   */
  readonly steps?: number;
  /** Outputs of one evaluation. Default 1,000,000. */
  readonly outputs?: number;
  /** Calls inside calls, calls in tail position excepted. Default 5,000; the stack of the runtime may hold fewer. */
  readonly depth?: number;
  /** The longest string that a program may make, in UTF-16 units. Default 16,777,216. */
  readonly stringLength?: number;
  /** The longest array that a program may make. Default 1,000,000. */
  readonly arrayLength?: number;
}

/** The limits where a caller names none. */
export const defaultLimits: Required<JqLimits> = {
  steps: 10_000_000,
  outputs: 1_000_000,
  depth: 5000,
  stringLength: 16_777_216,
  arrayLength: 1_000_000,
};

/** The registers: what is left of the steps, and how deep the calls are. */
export const meter: {
  limits: Required<JqLimits>;
  steps: number;
  depth: number;
} = { limits: defaultLimits, steps: 0, depth: 0 };

/** Begins an evaluation. */
export function resetMeter(limits: Required<JqLimits>): void {
  meter.limits = limits;
  meter.steps = limits.steps;
  meter.depth = 0;
}

/** One step. */
export function tick(): void {
  if (--meter.steps < 0) exceed("steps");
}

/** The cost of an operation that touches so many elements or characters. */
export function spend(size: number): void {
  if ((meter.steps -= size >> 4) < 0) exceed("steps");
}

/** The cost of copying or listing so many members of an object, which engines are slow at in large ones. */
export function spendMembers(count: number): void {
  if ((meter.steps -= count > 64 ? count * 8 : count) < 0) exceed("steps");
}

/** The cost of looking through a string; short ones are part of the step that they are used in. */
export function spendText(text: string): void {
  if (text.length > 64) spend(text.length);
}

/** The cost of a failure that is caught. */
export function spendCatch(): void {
  if ((meter.steps -= 8) < 0) exceed("steps");
}

/** Refuses a string that would be too long, before it is made where that can be known. */
export function checkString(length: number): void {
  if (length > meter.limits.stringLength) exceed("stringLength");
}

/** Refuses an array that would be too long. */
export function checkArray(length: number): void {
  if (length > meter.limits.arrayLength) exceed("arrayLength");
}

/** Ends the evaluation. */
export function exceed(limit: Exclude<JqLimitName, "stack">): never {
  throw new JqLimitError(
    limit,
    `The program exceeds its limit '${limit}' of ${meter.limits[limit]}`,
  );
}
