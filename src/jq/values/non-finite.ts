/**
 * Replaces the numbers of an output that JSON does not have: `nan` and the infinite ones.
 *
 * @module
 */

import { spend, spendMembers } from "../meter.ts";
import { type Draft, isArray, type Json, type JsonObject, setMember } from "./json.ts";

/** Gives the value that replaces `nan` or an infinite number. */
export type NonFiniteReplacer = (value: number) => Json;

/** Replaces as jq does when it prints: `nan` by null, infinity by the largest double. */
export const printNonFinite: NonFiniteReplacer = (value) =>
  value !== value ? null : value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;

/**
 * Replaces every number that JSON does not have. Each array and object counts each time that it is met: a value that has
 * one part in many places is far larger as text than in memory.
 *
 * @param value The value, which is not changed.
 * @param nonFinite Gives the replacement of a number.
 * @returns A copy, which shares parts with the value; the value itself if there is nothing to replace.
 */
export function replaceNonFinite(value: Json, nonFinite: NonFiniteReplacer): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : nonFinite(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  return isArray(value) ? replaceInArray(value, nonFinite) : replaceInObject(value, nonFinite);
}

function replaceInArray(array: readonly Json[], nonFinite: NonFiniteReplacer): Json {
  let copy: Json[] | undefined;
  spend(16 + array.length);
  for (let i = 0; i < array.length; i++) {
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
  const keys = Object.keys(object);
  spend(16 + keys.length * 8);
  if (keys.length > 64) spendMembers(keys.length);
  for (const key of keys) {
    const item = object[key]!;
    const replaced = replaceNonFinite(item, nonFinite);
    if (replaced === item) continue;
    copy ??= { ...object };
    setMember(copy, key, replaced);
  }
  return copy ?? object;
}
