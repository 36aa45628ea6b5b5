/**
 * Equality and order of values. The order is: null, false, true, numbers, strings, arrays, objects. `nan` is less than
 * every number, also than itself, and equal to none.
 *
 * @module
 */

import { spend, spendMembers, spendText, tick } from "../meter.ts";
import { compareExact, ExactNumber, isNumber, sizeOf } from "./exact-number.ts";
import { isArray, isObject, type Json, type JsonObject } from "./json.ts";

/** Compares two values, as a comparer for `sort`: below 0, 0 or above 0. */
export function compare(a: Json, b: Json): number {
  if (typeof a === "number" && typeof b === "number") {
    return a < b ? -1 : a === b ? 0 : a !== a ? -1 : 1;
  }
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (isArray(a)) return compareArrays(a, b as readonly Json[]);
  if (isObject(a)) return compareObjects(a, b as JsonObject);
  return isNumber(a) && isNumber(b) ? compareNumbers(a, b) : 0;
}

function compareNumbers(a: number | ExactNumber, b: number | ExactNumber): number {
  spend(sizeOf(a) + sizeOf(b));
  return compareExact(a, b);
}

/** Whether two values are equal; faster than `compare`. */
export function equals(a: Json, b: Json): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    if (typeof a === "string") spendText(a);
    // An exact number equals no plain one.
    return a === b;
  }
  return equalObjects(a, b);
}

/** As `equals`, which is small so that it is inlined. */
function equalObjects(a: Json & object, b: Json & object): boolean {
  tick();
  if (isArray(a)) {
    if (!isArray(b) || a.length !== b.length) return false;
    spend(a.length);
    for (let i = 0; i < a.length; i++) if (!equals(a[i]!, b[i]!)) return false;
    return true;
  }
  if (isArray(b)) return false;
  if (a instanceof ExactNumber || b instanceof ExactNumber) {
    return isNumber(a) && isNumber(b) && compareNumbers(a, b) === 0;
  }
  const keys = Object.keys(a);
  spendMembers(keys.length);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key) || !equals(a[key]!, b[key]!)) {
      return false;
    }
  }
  return true;
}

/** The names of an object's members, ordered by code point. */
export function sortedKeys(object: JsonObject): string[] {
  const keys = Object.keys(object);
  spendMembers(keys.length * 4);
  return keys.sort(compareStrings);
}

/** Compares by code point. JavaScript compares UTF-16 units, and so puts an emoji before U+FFFD. */
function compareStrings(a: string, b: string): number {
  spendText(a);
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
    }
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function rank(value: Json): number {
  switch (typeof value) {
    case "boolean":
      return value ? 2 : 1;
    case "number":
      return 3;
    case "string":
      return 4;
    case "object":
      if (value === null) return 0;
      if (isArray(value)) return 5;
      return value instanceof ExactNumber ? 3 : 6;
    default:
      return 0;
  }
}

function compareArrays(a: readonly Json[], b: readonly Json[]): number {
  tick();
  const length = Math.min(a.length, b.length);
  spend(length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject, b: JsonObject): number {
  const keys = sortedKeys(a);
  const order = compareArrays(keys, sortedKeys(b));
  if (order !== 0) return order;
  for (const key of keys) {
    const order = compare(a[key]!, b[key]!);
    if (order !== 0) return order;
  }
  return 0;
}
