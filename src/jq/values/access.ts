/**
 * Reads a part of a value: `.key`, `.[0]`, `.[1:3]`, `.[[1]]`.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spend, spendText } from "../meter.ts";
import { ExactNumber, isNumber, toDouble } from "./exact-number.ts";
import { isArray, isObject, type Json, type JsonObject, member, typeOf } from "./json.ts";
import { equals } from "./order.ts";
import { countPoints, slicePoints } from "./strings.ts";

/**
 * Reads a part of a value.
 *
 * @param value The value; of null, every part is null.
 * @param key A member's name, an index, a slice as an object, or an array, which is looked for in an array.
 * @returns The part; null if there is none. The indices of `key` if it is an array.
 */
export function index(value: Json, key: Json): Json {
  if (typeof key === "string") {
    spendText(key);
    if (value === null) return null;
    if (typeof value === "object" && !isArray(value)) {
      return member(value as JsonObject, key) ?? missing(value, key);
    }
  } else if (typeof key === "number") {
    if (isArray(value)) return key !== key ? null : value[toIndex(value, key)] ?? null;
    if (value === null) return null;
  } else if (isObject(key)) {
    if (value === null || isArray(value) || typeof value === "string") {
      return slice(value, sliceEnd(key, "start"), sliceEnd(key, "end"));
    }
  } else if (isArray(key) && isArray(value)) {
    return findPart(value, key);
  } else if (key instanceof ExactNumber) {
    return index(value, toDouble(key));
  }
  return fail(cannotIndex(value, key));
}

/** What stands in the place of a member that there is not: an exact number is an object of JavaScript, and none of jq. */
export function missing(value: Json, key: string): null {
  return value instanceof ExactNumber ? fail(cannotIndex(value, key)) : null;
}

/** jq's message for a key that does not fit the value. */
export function cannotIndex(value: Json, key: Json): string {
  const what = typeof key === "string" ? `string "${key}"` : typeOf(key);
  return `Cannot index ${typeOf(value)} with ${what}`;
}

/** A slice of an array or string; null of null. */
export function slice(value: Json, from: Json, to: Json): Json {
  if (value === null) return null;
  if (typeof value === "string") {
    spend(value.length);
    const [start, end] = bounds(countPoints(value), from, to);
    return slicePoints(value, start, end);
  }
  if (!isArray(value)) return fail(`Cannot index ${typeOf(value)} with object`);
  const [start, end] = bounds(value.length, from, to);
  spend(16 + end - start);
  return value.slice(start, end);
}

/** The start and end of a slice in an array, given as an object, as paths have it. */
export function sliceBounds(length: number, key: JsonObject): [start: number, end: number] {
  return bounds(length, sliceEnd(key, "start"), sliceEnd(key, "end"));
}

/** The start and end of a slice. Negative ones count from the end, fractions are rounded outwards, null is no limit. */
function bounds(length: number, from: Json, to: Json): [start: number, end: number] {
  const start = clamp(Math.floor(fromEnd(length, toPlace(from) ?? 0)), length);
  const end = clamp(Math.ceil(fromEnd(length, toPlace(to) ?? length)), length);
  return [start, Math.max(start, end)];
}

function toPlace(value: Json): number | null {
  if (value === null) return null;
  return isNumber(value) ? toDouble(value) : fail("Array/string slice indices must be integers");
}

/** The index in an array; a negative key counts from the end. The result may be outside of the array. */
export function toIndex(array: readonly Json[], key: number): number {
  const at = Math.floor(key);
  return at < 0 ? at + array.length : at;
}

/** Every index at which an array has a part; none for an empty part. */
export function findPart(array: readonly Json[], part: readonly Json[]): Json {
  const indices: number[] = [];
  if (part.length === 0) return indices;
  for (let at = 0; at + part.length <= array.length; at++) {
    const differs = part.findIndex((value, i) => !equals(array[at + i]!, value));
    spend(16 + (differs < 0 ? part.length : differs) * 4);
    if (differs < 0) indices.push(at);
  }
  return indices;
}

/** The start or end of a slice; false if it is missing, which is refused as any other value that is no number. */
function sliceEnd(key: JsonObject, name: string): Json {
  const end = member(key, name);
  return end === undefined ? false : end;
}

function fromEnd(length: number, at: number): number {
  return at < 0 ? at + length : at;
}

function clamp(at: number, length: number): number {
  return at > 0 ? Math.min(at, length) : 0;
}
