/**
 * The values of programs, which are those of JSON. A value never changes: programs make new ones, which share parts with
 * the old.
 *
 * @module
 */

import { ExactNumber } from "./exact-number.ts";

/** A JSON value, whose numbers may have more digits than a double keeps. */
export type Json =
  | null
  | boolean
  | number
  | ExactNumber
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** A JSON object that is being made. */
export type Draft = { [key: string]: Json };

/** The names that the builtin `type` gives. */
export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object";

/** The type of a value. What JSON does not have, such as `undefined` in an input, counts as null. */
export function typeOf(value: Json): TypeName {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
      if (value === null) return "null";
      if (isArray(value)) return "array";
      return value instanceof ExactNumber ? "number" : "object";
    default:
      return "null";
  }
}

/** Whether a value counts as true: all do, except null and false. */
export function isTruthy(value: Json): boolean {
  return value !== null && value !== false && value !== undefined;
}

/** Whether a value is an array; `Array.isArray` alone does not narrow a readonly type. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether a value is an object, and neither null nor an array nor a number. */
export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof ExactNumber);
}

/** Whether a value is an array or an object. */
export function hasParts(value: Json): value is readonly Json[] | JsonObject {
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}

/** The value of an object's own member, never of an inherited one. */
export function member(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an object's own member. An assignment alone would change the prototype for the name `__proto__`. */
export function setMember(object: Draft, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    object[key] = value;
  }
}
