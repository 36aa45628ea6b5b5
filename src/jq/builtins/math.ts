/**
 * Builtins on numbers, which compute with doubles.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { isNumber, toDouble } from "../values/exact-number.ts";
import type { Json } from "../values/json.ts";
import { describe } from "../values/text.ts";
import { isNormal } from "./control.ts";
import type { ValueRow } from "./row.ts";

/** The builtins of this file. */
export const math: Readonly<Record<string, ValueRow>> = {
  "nan/0": () => NaN,
  "infinite/0": () => Infinity,
  "isnan/0": (input) => Number.isNaN(numberOf(input)),
  "isinfinite/0": (input) => Math.abs(numberOf(input)) === Infinity,
  "isfinite/0": (input) => isNumber(input) && Math.abs(toDouble(input)) !== Infinity,
  "isnormal/0": (input) => isNormal(numberOf(input)),
  ...unary({
    floor: Math.floor,
    ceil: Math.ceil,
    trunc: Math.trunc,
    round: (x) => x < 0 ? -Math.round(-x) : Math.round(x),
    rint: roundEven,
    nearbyint: roundEven,
    fabs: Math.abs,
    sqrt: Math.sqrt,
    cbrt: Math.cbrt,
    exp: Math.exp,
    exp2: (x) => 2 ** x,
    exp10: (x) => 10 ** x,
    pow10: (x) => 10 ** x,
    expm1: Math.expm1,
    log: Math.log,
    log2: Math.log2,
    log10: Math.log10,
    log1p: Math.log1p,
    logb: (x) => x === 0 ? -Infinity : Math.abs(x) === Infinity ? Infinity : split(x)[1] - 1,
    significand: (x) => x === 0 || !Number.isFinite(x) ? x : split(x)[0] * 2,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    asin: Math.asin,
    acos: Math.acos,
    atan: Math.atan,
    sinh: Math.sinh,
    cosh: Math.cosh,
    tanh: Math.tanh,
    asinh: Math.asinh,
    acosh: Math.acosh,
    atanh: Math.atanh,
  }),
  ...binary({
    pow: (x, y) => x ** y,
    atan2: Math.atan2,
    fmod: (x, y) => x % y,
    hypot: Math.hypot,
    fmin: (x, y) => x !== x ? y : y !== y ? x : Math.min(x, y),
    fmax: (x, y) => x !== x ? y : y !== y ? x : Math.max(x, y),
    fdim: (x, y) => x > y ? x - y : 0,
    copysign: (x, y) => y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x),
    drem: remainder,
    remainder,
    ldexp: scale,
    scalb: scale,
    scalbln: scale,
  }),
  "fma/3": (_input, a, b, c) => numberOf(a) * numberOf(b) + numberOf(c),
  "frexp/0": (input) => split(numberOf(input)),
  "modf/0": (input) => {
    const x = numberOf(input);
    return [Math.abs(x) === Infinity ? 0 : x - Math.trunc(x), Math.trunc(x)];
  },
};

function numberOf(value: Json): number {
  return isNumber(value) ? toDouble(value) : fail(`${describe(value)} number required`);
}

function unary(functions: Record<string, (x: number) => number>): Record<string, ValueRow> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, compute]) => [
      `${name}/0`,
      (input: Json) => compute(numberOf(input)),
    ]),
  );
}

function binary(
  functions: Record<string, (x: number, y: number) => number>,
): Record<string, ValueRow> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, compute]) => [
      `${name}/2`,
      (_input: Json, a: Json, b: Json) => compute(numberOf(a), numberOf(b)),
    ]),
  );
}

/** Rounds to the nearest whole number; a half to the even one. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The remainder of a division whose quotient is rounded to the nearest whole number. */
function remainder(x: number, y: number): number {
  return Math.abs(y) === Infinity ? x : x - roundEven(x / y) * y;
}

/** `x * 2 ** exponent`, in two steps, because the power alone may be too large or too small for a number. */
function scale(x: number, exponent: number): number {
  const n = Math.max(-2200, Math.min(2200, Math.trunc(exponent)));
  const half = Math.trunc(n / 2);
  return x * 2 ** half * 2 ** (n - half);
}

/** Splits a number into a fraction of at least 0.5 and below 1, and an exponent of 2. */
function split(x: number): [fraction: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  let exponent = Math.floor(Math.log2(Math.abs(x))) + 1;
  let fraction = scale(x, -exponent);
  // The logarithm is rounded, and may be one off.
  if (Math.abs(fraction) >= 1) {
    fraction /= 2;
    exponent++;
  } else if (Math.abs(fraction) < 0.5) {
    fraction *= 2;
    exponent--;
  }
  return [fraction, exponent];
}
