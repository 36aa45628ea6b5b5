/**
 * The operators `+ - * / %` on all types for which jq has them, and jq's error messages for the others.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkArray, checkString, spend, spendMembers, tick } from "../meter.ts";
import { ExactNumber, exactText, isNumber, negateExact, toDouble } from "./exact-number.ts";
import { type Draft, isArray, isObject, type Json, type JsonObject, setMember } from "./json.ts";
import { splitAt } from "./find-text.ts";
import { equals } from "./order.ts";
import { describe } from "./text.ts";

/** Adds numbers, joins strings or arrays, merges objects (the right one wins). Null adds nothing. */
export function add(a: Json, b: Json): Json {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === null) return b;
  if (b === null) return a;
  if (typeof a === "string" && typeof b === "string") {
    checkString(a.length + b.length);
    return a + b;
  }
  if (isArray(a) && isArray(b)) {
    if (b.length === 0) return a;
    checkArray(a.length + b.length);
    spend(16 + a.length + b.length);
    return a.concat(b);
  }
  if (isObject(a) && isObject(b)) {
    const sum = { ...a, ...b };
    spendMembers(Object.keys(sum).length);
    return sum;
  }
  if (isNumber(a) && isNumber(b)) return toDouble(a) + toDouble(b);
  return fail(`${describe(a)} and ${describe(b)} cannot be added`);
}

/** Subtracts numbers, or removes from an array every element of the other. */
export function subtract(a: Json, b: Json): Json {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (isArray(a) && isArray(b)) {
    return a.filter((left) => {
      spend(16 + b.length);
      return !b.some((right) => equals(left, right));
    });
  }
  if (isNumber(a) && isNumber(b)) return toDouble(a) - toDouble(b);
  return fail(`${describe(a)} and ${describe(b)} cannot be subtracted`);
}

/** Multiplies numbers, repeats a string, or merges objects at every depth. */
export function multiply(a: Json, b: Json): Json {
  if (typeof a === "number") {
    if (typeof b === "number") return a * b;
    if (typeof b === "string") return repeatText(b, a);
  } else if (typeof a === "string" && typeof b === "number") {
    return repeatText(a, b);
  } else if (isObject(a) && isObject(b)) {
    return merge(a, b);
  }
  if (a instanceof ExactNumber) return multiply(toDouble(a), b);
  if (b instanceof ExactNumber) return multiply(a, toDouble(b));
  return fail(`${describe(a)} and ${describe(b)} cannot be multiplied`);
}

/** Divides numbers, or splits a string at each occurrence of the other. */
export function divide(a: Json, b: Json): Json {
  if (isNumber(a) && isNumber(b)) {
    const divisor = toDouble(b);
    if (divisor === 0) {
      fail(`${describe(a)} and ${describe(b)} cannot be divided because the divisor is zero`);
    }
    return toDouble(a) / divisor;
  }
  if (typeof a === "string" && typeof b === "string") return splitText(a, b);
  return fail(`${describe(a)} and ${describe(b)} cannot be divided`);
}

/** The remainder of whole numbers, with the sign of the left one. */
export function modulo(a: Json, b: Json): Json {
  if (!isNumber(a) || !isNumber(b)) {
    return fail(`${describe(a)} and ${describe(b)} cannot be divided (remainder)`);
  }
  const x = toDouble(a);
  const y = toDouble(b);
  if (x !== x || y !== y) return NaN;
  if (Math.trunc(y) === 0) {
    fail(
      `${describe(a)} and ${describe(b)} cannot be divided (remainder) because the divisor is zero`,
    );
  }
  const isSafe = Math.abs(x) <= Number.MAX_SAFE_INTEGER && Math.abs(y) <= Number.MAX_SAFE_INTEGER;
  // Adding 0 makes a negative zero positive: jq computes with integers here, which have none.
  if (isSafe) return Math.trunc(x) % Math.trunc(y) + 0;
  return Number(toInteger(x) % toInteger(y));
}

/**
 * The negative of a number, with all digits: as in jq 1.8, and not as in jq 1.7.1, where `. == -1234567890123456789` is
 * true of others too.
 */
export function negate(value: Json): Json {
  if (typeof value === "number") return -value;
  if (value instanceof ExactNumber) {
    spend(exactText(value).length);
    return negateExact(value);
  }
  return fail(`${describe(value)} cannot be negated`);
}

/** Splits a string at a separator; into characters if that is empty. An empty string has no parts. */
export function splitText(text: string, separator: string): readonly string[] {
  spend(16 + text.length << (separator === "" ? 3 : 2));
  if (text === "") return [];
  return separator === "" ? Array.from(text) : splitAt(text, separator);
}

function repeatText(text: string, times: number): Json {
  if (!(times >= 0)) return null;
  const count = Math.floor(times);
  checkString(text.length * count);
  spend(text.length * count);
  return text === "" ? "" : text.repeat(count);
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  tick();
  const merged: Draft = { ...a };
  for (const key of Object.keys(b)) {
    const left = Object.hasOwn(merged, key) ? merged[key]! : null;
    const right = b[key]!;
    setMember(merged, key, isObject(left) && isObject(right) ? merge(left, right) : right);
  }
  spendMembers(Object.keys(merged).length);
  return merged;
}

/** Converts as C does to a 64-bit integer: a number outside of its range becomes the nearest in it. */
function toInteger(value: number): bigint {
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}
