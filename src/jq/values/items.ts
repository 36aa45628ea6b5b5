/**
 * The items of an array or object.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spendMembers } from "../meter.ts";
import { isArray, isObject, type Json, type JsonObject } from "./json.ts";
import { describe } from "./text.ts";

/** The elements of an array or the values of an object. */
export function itemsOf(value: Json): readonly Json[] {
  if (isArray(value)) return value;
  if (!isObject(value)) return fail(`Cannot iterate over ${describe(value)}`);
  return ownKeys(value).map((key) => value[key]!);
}

/** The names of an object's members. Counts the cost of the list, which is slow for a large object. */
export function ownKeys(object: JsonObject): string[] {
  const keys = Object.keys(object);
  spendMembers(keys.length);
  return keys;
}
