/**
 * Outputs as JSON has them: without the numbers that JSON cannot say.
 *
 * @module
 */

import { tick } from "../meter.ts";
import { type Draft, isArray, type Json, type JsonObject, setMember } from "./json.ts";

/** What stands for a number that JSON cannot say. */
export type NonFiniteReplacer = (value: number) => Json;

/** As jq prints them: null for `nan`, the largest double for infinity. */
export const printNonFinite: NonFiniteReplacer = (value) =>
  value !== value ? null : value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;

/**
 * The value without numbers that JSON cannot say; itself, where there are none. Each part counts as a
 * step: a value that shares its parts can be far larger when it is written than it is in memory.
 */
export function replaceNonFinite(value: Json, nonFinite: NonFiniteReplacer): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : nonFinite(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  return isArray(value) ? replaceInArray(value, nonFinite) : replaceInObject(value, nonFinite);
}

function replaceInArray(array: readonly Json[], nonFinite: NonFiniteReplacer): Json {
  let copy: Json[] | undefined;
  for (let i = 0; i < array.length; i++) {
    tick();
    const item = array[i]!;
    const replaced = replaceNonFinite(item, nonFinite);
    if (replaced === item) continue;
    copy ??= array.slice();
    copy[i] = replaced;
  }
  return copy ?? array;
}

function replaceInObject(object: JsonObject, nonFinite: NonFiniteReplacer): Json {
  let copy: Draft | undefined;
  for (const key of Object.keys(object)) {
    tick();
    const item = object[key]!;
    const replaced = replaceNonFinite(item, nonFinite);
    if (replaced === item) continue;
    copy ??= { ...object };
    setMember(copy, key, replaced);
  }
  return copy ?? object;
}
