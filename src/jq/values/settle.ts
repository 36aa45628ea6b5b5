/**
 * Outputs as JSON has them: without the numbers that JSON cannot say.
 *
 * @module
 */

import { tick } from "../meter.ts";
import { type Draft, isArray, type Json, type JsonObject, put } from "./json.ts";

/** What stands for a number that JSON cannot say. */
export type NonFinite = (value: number) => Json;

/** As jq prints them: null for `nan`, the largest double for infinity. */
export const printed: NonFinite = (value) =>
  value !== value ? null : value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;

/**
 * The value without numbers that JSON cannot say; itself, where there are none. Each part counts as a
 * step: a value that shares its parts can be far larger when it is written than it is in memory.
 */
export function settle(value: Json, nonFinite: NonFinite): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : nonFinite(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  return isArray(value) ? settleArray(value, nonFinite) : settleObject(value, nonFinite);
}

function settleArray(array: readonly Json[], nonFinite: NonFinite): Json {
  let copy: Json[] | undefined;
  for (let i = 0; i < array.length; i++) {
    tick();
    const item = array[i]!;
    const settled = settle(item, nonFinite);
    if (settled === item) continue;
    copy ??= array.slice();
    copy[i] = settled;
  }
  return copy ?? array;
}

function settleObject(object: JsonObject, nonFinite: NonFinite): Json {
  let copy: Draft | undefined;
  for (const key of Object.keys(object)) {
    tick();
    const item = object[key]!;
    const settled = settle(item, nonFinite);
    if (settled === item) continue;
    copy ??= { ...object };
    put(copy, key, settled);
  }
  return copy ?? object;
}
