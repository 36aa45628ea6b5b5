/**
 * `+ - * / %` on every pair of types that has a meaning, and jq's messages on the others.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkArray, checkString, spend, spendMembers, tick } from "../meter.ts";
import { type Draft, isArray, isObject, type Json, type JsonObject, setMember } from "./json.ts";
import { equals } from "./order.ts";
import { describe } from "./text.ts";

/** Numbers add, strings and arrays are joined, objects merged (the right one wins); null changes nothing. */
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
    spend(a.length + b.length);
    return a.concat(b);
  }
  if (isObject(a) && isObject(b)) {
    const sum = { ...a, ...b };
    spendMembers(Object.keys(sum).length);
    return sum;
  }
  return fail(`${describe(a)} and ${describe(b)} cannot be added`);
}

/** Numbers subtract; an array loses every element that the other has. */
export function subtract(a: Json, b: Json): Json {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (isArray(a) && isArray(b)) {
    return a.filter((left) => {
      spend(16 + b.length);
      return !b.some((right) => equals(left, right));
    });
  }
  return fail(`${describe(a)} and ${describe(b)} cannot be subtracted`);
}

/** Numbers multiply, a string is repeated, objects are merged all the way down. */
export function multiply(a: Json, b: Json): Json {
  if (typeof a === "number") {
    if (typeof b === "number") return a * b;
    if (typeof b === "string") return repeatText(b, a);
  } else if (typeof a === "string" && typeof b === "number") {
    return repeatText(a, b);
  } else if (isObject(a) && isObject(b)) {
    return merge(a, b);
  }
  return fail(`${describe(a)} and ${describe(b)} cannot be multiplied`);
}

/** Numbers divide; a string is split at every occurrence of the other. */
export function divide(a: Json, b: Json): Json {
  if (typeof a === "number" && typeof b === "number") {
    if (b === 0) {
      fail(`${describe(a)} and ${describe(b)} cannot be divided because the divisor is zero`);
    }
    return a / b;
  }
  if (typeof a === "string" && typeof b === "string") return splitText(a, b);
  return fail(`${describe(a)} and ${describe(b)} cannot be divided`);
}

/** The remainder of whole numbers, with the sign of the dividend. */
export function modulo(a: Json, b: Json): Json {
  if (typeof a !== "number" || typeof b !== "number") {
    return fail(`${describe(a)} and ${describe(b)} cannot be divided (remainder)`);
  }
  if (a !== a || b !== b) return NaN;
  if (Math.trunc(b) === 0) {
    fail(
      `${describe(a)} and ${describe(b)} cannot be divided (remainder) because the divisor is zero`,
    );
  }
  const isSafe = Math.abs(a) <= Number.MAX_SAFE_INTEGER && Math.abs(b) <= Number.MAX_SAFE_INTEGER;
  // Integers know no negative zero.
  if (isSafe) return Math.trunc(a) % Math.trunc(b) + 0;
  return Number(toInteger(a) % toInteger(b));
}

/** The negative of a number. */
export function negate(value: Json): Json {
  return typeof value === "number" ? -value : fail(`${describe(value)} cannot be negated`);
}

/** The parts of a string between a separator; the characters where it is empty, nothing of nothing. */
export function splitText(text: string, separator: string): readonly string[] {
  spend(text.length << 2);
  if (text === "") return [];
  return separator === "" ? Array.from(text) : text.split(separator);
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

/** As a C cast to a 64-bit integer does, which has an end. */
function toInteger(value: number): bigint {
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}
