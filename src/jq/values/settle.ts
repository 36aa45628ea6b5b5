/**
 * Outputs as JSON has them: without the numbers that JSON cannot say.
 *
 * @module
 */

import { tick } from "../meter.ts";
import { type Draft, isArray, type Json, type JsonObject, put } from "./json.ts";

/**
 * The value with null for `nan` and the largest double for infinity; itself, where there are none. Each part counts as a
 * step: a value that shares its parts can be far larger when it is written than it is in memory.
 */
export function settle(value: Json): Json {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    return value !== value ? null : value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
  }
  if (typeof value !== "object" || value === null) return value ?? null;
  return isArray(value) ? settleArray(value) : settleObject(value);
}

function settleArray(array: readonly Json[]): Json {
  let copy: Json[] | undefined;
  for (let i = 0; i < array.length; i++) {
    tick();
    const item = array[i]!;
    const settled = settle(item);
    if (settled === item) continue;
    copy ??= array.slice();
    copy[i] = settled;
  }
  return copy ?? array;
}

function settleObject(object: JsonObject): Json {
  let copy: Draft | undefined;
  for (const key of Object.keys(object)) {
    tick();
    const item = object[key]!;
    const settled = settle(item);
    if (settled === item) continue;
    copy ??= { ...object };
    put(copy, key, settled);
  }
  return copy ?? object;
}
