/**
 * Backoffs in people's words. The protocol has one formula, in ms, for the wait before the n-th retry:
 * `n^exponent × 1000 + baseMs + random × jitterMs × n`, without fractions. What it cannot say is an error here, or is
 * said in the docs: no wait is under a second, none grows by a factor, and none has an upper bound.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import { checkOptions } from "../options.ts";
import type { Backoff } from "../protocol/job.ts";
import { max32 } from "../protocol/integer.ts";

/** How the waits of {@linkcode polynomial} grow. */
export interface PolynomialOptions {
  /**
   * The power of the number of failures that is waited for, in seconds: with 4, 1 s after the first failure, 16 s after the
   * second, 81 s after the third. With 0 it is 1 s after each.
   *
   * @default {4}
   */
  readonly exponent?: number | undefined;
  /**
   * What is added to every wait, in ms or as text.
   *
   * @default {15 s}
   */
  readonly base?: Duration | undefined;
  /**
   * The random part after the first failure, at most; after the n-th failure it is up to n times that. In ms or as text.
   *
   * @default {30 s}
   */
  readonly jitter?: Duration | undefined;
}

/** How the waits of {@linkcode exponential} grow. */
export interface ExponentialBackoffOptions {
  /**
   * By what each wait would be multiplied to give the next; 1 or more.
   *
   * @default {2}
   */
  readonly factor?: number | undefined;
  /**
   * The longest wait of the first `retries` ones, the random part included; in ms or as text.
   *
   * @default {no limit}
   */
  readonly max?: Duration | undefined;
  /**
   * The random part after the first failure, as a share of the first wait: from 0 to 1. After the n-th failure it is up to n
   * times that.
   *
   * @default {0}
   */
  readonly jitter?: number | undefined;
  /**
   * The retry whose wait is the same as that of a true exponential, or `max`; 2 or more. Give the retry limit of the job if
   * it is another one than the protocol's.
   *
   * @default {25 with max, the retries that a job has by default; 10 without}
   */
  readonly retries?: number | undefined;
}

/** The wait that no exponent and no base can make shorter: `1^exponent × 1000`. */
const shortestMs = 1000;

/**
 * The same wait before every retry, to the ms.
 *
 * | Retry         | 1     | 2     | … | 10    |
 * | ------------- | ----- | ----- | - | ----- |
 * | `fixed("1m")` | 1 min | 1 min | … | 1 min |
 *
 * @param wait How long, in ms or as text; one second or more, as the protocol has no shorter wait.
 * @throws {TypeError} If it is no duration.
 * @throws {RangeError} If it is too short or too long.
 *
 * @example
 * ```ts
 * import { defineJob, fixed } from "@millrace/millrace/client";
 *
 * export const sync = defineJob({ type: "sync", queue: "default", backoff: fixed("1m") });
 * console.log(fixed("1m")); // { exponent: 0, baseMs: 59000, jitterMs: 0 }
 * ```
 */
export function fixed(wait: Duration): Backoff {
  return { exponent: 0, baseMs: toBaseMs(wait, "wait"), jitterMs: 0 };
}

/**
 * Waits that grow by a power of the number of failures: what the protocol has, with durations as text.
 *
 * | Retry                                            | 1    | 2    | 3    | 4    | 5    | 6    | 7    | 8    | 9    | 10    |
 * | ------------------------------------------------ | ---- | ---- | ---- | ---- | ---- | ---- | ---- | ---- | ---- | ----- |
 * | `polynomial({ exponent: 2, base: 0, jitter: 0 })` | 1 s  | 4 s  | 9 s  | 16 s | 25 s | 36 s | 49 s | 64 s | 81 s | 100 s |
 * | `polynomial()`, least, in s                      | 16   | 31   | 96   | 271  | 640  | 1311 | 2416 | 4111 | 6576 | 10015 |
 * | `polynomial()`, most, in s                       | 46   | 91   | 186  | 391  | 790  | 1491 | 2626 | 4351 | 6846 | 10315 |
 *
 * @param options The power, what is added, and the random part. What is left out is the protocol's default.
 * @throws {TypeError} If a duration is none.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { polynomial } from "@millrace/millrace/client";
 *
 * console.log(polynomial({ exponent: 2, base: "10s", jitter: "5s" })); // { exponent: 2, baseMs: 10000, jitterMs: 5000 }
 * ```
 */
export function polynomial(options: PolynomialOptions = {}): Backoff {
  checkOptions("polynomial", options, { exponent: 1, base: 1, jitter: 1 });
  const { exponent = 4, base = 15_000, jitter = 30_000 } = options;
  if (!Number.isFinite(exponent)) {
    throw new RangeError(`Cannot use 'exponent' ${exponent}: expected a finite number`);
  }
  return { exponent, baseMs: toWireMs(base, "base"), jitterMs: toWireMs(jitter, "jitter") };
}

/**
 * Waits that come near to `base`, `base × factor`, `base × factor²`, … The protocol has no true exponential: this is the
 * power of the number of failures whose first wait is `base`, and whose `retries`-th wait is that of the exponential, or `max`.
 * With `max` the waits rise more slowly than the exponential and go beyond `max` after that retry; without it they are longer
 * before it, and shorter after it. For waits that are exact, let the worker say them: `retryOn` with the `exponential` of
 * `./worker`.
 *
 * | Retry, in s                                       | 1  | 2  | 3  | 4   | 5   | 6   | 7    | 8    | 9    | 10   |
 * | ------------------------------------------------- | -- | -- | -- | --- | --- | --- | ---- | ---- | ---- | ---- |
 * | `exponential("10s")`                              | 10 | 22 | 68 | 180 | 400 | 778 | 1371 | 2243 | 3467 | 5120 |
 * | a true one                                        | 10 | 20 | 40 | 80  | 160 | 320 | 640  | 1280 | 2560 | 5120 |
 * | `exponential("10s", { max: "1h" })`               | 10 | 15 | 25 | 43  | 69  | 104 | 150  | 207  | 276  | 358  |
 * | `exponential("10s", { max: "10m", retries: 10 })` | 10 | 16 | 30 | 56  | 96  | 152 | 229  | 327  | 450  | 600  |
 *
 * @param base The first wait, in ms or as text; one second or more.
 * @param options How fast the waits grow, and how far.
 * @throws {TypeError} If a duration is none.
 * @throws {RangeError} If a number is out of range, or the waits cannot be had with the protocol's formula.
 *
 * @example
 * ```ts
 * import { exponential } from "@millrace/millrace/client";
 *
 * console.log(exponential("10s", { max: "1h", jitter: 0.1 })); // { exponent: 2.54101, baseMs: 9000, jitterMs: 1000 }
 * ```
 */
export function exponential(base: Duration, options: ExponentialBackoffOptions = {}): Backoff {
  checkOptions("exponential", options, { factor: 1, max: 1, jitter: 1, retries: 1 });
  const { factor = 2, jitter = 0, max } = options;
  const { retries = max === undefined ? 10 : 25 } = options;
  const baseMs = toBaseMs(base, "base");
  if (!(factor >= 1 && factor < Infinity)) {
    throw new RangeError(`Cannot use 'factor' ${factor}: expected a finite number of 1 or more`);
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot use 'jitter' ${jitter}: expected a number from 0 to 1`);
  }
  if (!(Number.isInteger(retries) && retries >= 2)) {
    throw new RangeError(`Cannot use 'retries' ${retries}: expected a whole number of 2 or more`);
  }
  const firstMs = baseMs + shortestMs;
  const jitterMs = Math.round(jitter * firstMs);
  const exactMs = firstMs * factor ** (retries - 1);
  const maxMs = max === undefined ? Infinity : toMs(max, "max") - jitterMs * retries;
  if (maxMs < firstMs) {
    throw new RangeError(
      `Cannot use 'max' ${max} with 'base' ${base}: expected ${
        firstMs + jitterMs * retries
      } ms or more, which is the base with the random part of retry ${retries}`,
    );
  }
  const lastMs = Math.min(exactMs, maxMs);
  const exponent = Math.log((lastMs - baseMs) / 1000) / Math.log(retries);
  if (!Number.isFinite(exponent)) {
    throw new RangeError(`Cannot use 'factor' ${factor} for ${retries} retries: it is too large`);
  }
  // A little less, so that `max` holds although the protocol has an exponent of 32 bits.
  return { exponent: Math.max(0, Math.floor(exponent * 1e6 - 1) / 1e6), baseMs, jitterMs };
}

/** What has to be added to the second that every wait has. */
function toBaseMs(wait: Duration, label: string): number {
  const ms = toWireMs(wait, label);
  if (ms >= shortestMs) return ms - shortestMs;
  throw new RangeError(
    `Cannot use '${label}' ${wait}: expected a second or more, as the protocol has no shorter wait`,
  );
}

function toWireMs(value: Duration, label: string): number {
  const ms = toMs(value, label);
  if (ms <= max32) return ms;
  throw new RangeError(`Cannot use '${label}' ${value}: expected ${max32} ms at most`);
}
