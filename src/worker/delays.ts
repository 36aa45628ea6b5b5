/**
 * How long a job is put off: a fixed time, a random one of a range, or one that grows with the tries.
 *
 * @module
 */

import type { Random } from "../async/clock.ts";
import { type Duration, toMs } from "../async/duration.ts";
import { checkOptions, show } from "../options.ts";

/** What a delay may depend on. */
export interface DelayFacts {
  /** Which run has come to this, from 1. */
  readonly attempt: number;
  /** What the handler threw. */
  readonly error: unknown;
  /** Where random numbers come from: from 0 up to 1. */
  readonly random: Random;
}

/**
 * How long to wait: a duration (`"10s"`, or ms), a range of which a random point is taken, or a function that gives a
 * duration, such as {@linkcode exponential}.
 */
export type Delay =
  | Duration
  | readonly [from: Duration, to: Duration]
  | ((facts: DelayFacts) => Duration);

/** How delays grow. */
export interface ExponentialOptions {
  /**
   * By what each delay is multiplied to give the next; 1 or more.
   *
   * @default {2}
   */
  readonly factor?: number | undefined;
  /**
   * The random part: each delay is multiplied by a number from `1 - jitter` to `1 + jitter`; 0 to 1.
   *
   * @default {0}
   */
  readonly jitter?: number | undefined;
  /**
   * The longest delay, before the random part; in ms or as text.
   *
   * @default {no limit}
   */
  readonly max?: Duration | undefined;
}

/**
 * Delays that grow with each try: `base`, `base × factor`, `base × factor²`, …
 *
 * @param base The delay after the first run, in ms or as text.
 * @param options How fast they grow, and how far.
 * @throws {TypeError} If a duration is none.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { exponential } from "@millrace/millrace/worker";
 *
 * const delay = exponential("10s", { factor: 3, max: "1m" });
 * const error = new Error("busy");
 * const delays = [1, 2, 3].map((attempt) => delay({ attempt, error, random: Math.random }));
 * console.log(delays); // [ 10000, 30000, 60000 ]
 * ```
 */
export function exponential(
  base: Duration,
  options: ExponentialOptions = {},
): (facts: DelayFacts) => number {
  checkOptions("exponential", options, { factor: 1, jitter: 1, max: 1 });
  const { factor = 2, jitter = 0, max } = options;
  const baseMs = toMs(base, "base");
  const maxMs = max === undefined ? Number.MAX_SAFE_INTEGER / 2 : toMs(max, "max");
  if (!(factor >= 1 && factor < Infinity)) {
    throw new RangeError(`Cannot use 'factor' ${factor}: expected a finite number of 1 or more`);
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot use 'jitter' ${jitter}: expected a number from 0 to 1`);
  }
  return ({ attempt, random }) => {
    const ms = Math.min(baseMs * factor ** (attempt - 1), maxMs);
    return Math.round(ms * (1 + jitter * (2 * random() - 1)));
  };
}

/**
 * Makes a function of any delay.
 *
 * @throws {TypeError} If a duration is none.
 * @throws {RangeError} If one is negative, or a range ends before it begins.
 */
export function toDelayMs(delay: Delay): (facts: DelayFacts) => number {
  if (typeof delay === "function") return (facts) => toMs(delay(facts), "delay");
  if (typeof delay === "string" || typeof delay === "number") {
    const ms = toMs(delay, "delay");
    return () => ms;
  }
  if (!Array.isArray(delay)) {
    throw new TypeError(
      `Cannot use 'delay' ${show(delay)}: expected a duration, a range of two, or a function`,
    );
  }
  const [firstMs, lastMs] = [toMs(delay[0], "delay"), toMs(delay[1], "delay")];
  if (firstMs > lastMs) {
    throw new RangeError(
      `Cannot use 'delay' from ${firstMs} to ${lastMs} ms: expected a range that does not end before it begins`,
    );
  }
  return ({ random }) => Math.round(firstMs + random() * (lastMs - firstMs));
}
