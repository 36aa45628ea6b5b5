/**
 * The values: what JSON has, and nothing else. Programs never change a value; they make new ones that share parts with
 * the old.
 *
 * @module
 */

/** A JSON value, as `JSON.parse` gives it. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** A JSON object that is being made. */
export type Draft = { [key: string]: Json };

/** The name that `type` gives. */
export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object";

/** What kind of value it is. What JSON does not know (`undefined`, from a careless caller) counts as null. */
export function typeOf(value: Json): TypeName {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
      return value === null ? "null" : isArray(value) ? "array" : "object";
    default:
      return "null";
  }
}

/** Everything is true but null and false. */
export function isTruthy(value: Json): boolean {
  return value !== null && value !== false && value !== undefined;
}

/** Narrows to an array; the standard's own guard does not narrow a readonly one. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Narrows to an object that is neither null nor an array. */
export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member; never something that all objects inherit. */
export function member(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own member; assignment alone would let `__proto__` reach the prototype. */
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
