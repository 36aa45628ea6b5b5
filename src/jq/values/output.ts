/**
 * Makes an output of what a program gave: replaces the numbers that its receiver does not have.
 *
 * @module
 */

import { spend, spendMembers } from "../meter.ts";
import { ExactNumber, toDouble } from "./exact-number.ts";
import { type Draft, isArray, type Json, type JsonObject, setMember } from "./json.ts";
import type { Json as PlainJson } from "./plain-json.ts";

/** What replaces the numbers of an output. */
export interface Replacements {
  /** Replaces `nan` or an infinite number, which JSON does not have. */
  readonly nonFinite: (value: number) => Json;
  /** Replaces a number with more digits than a double keeps; undefined keeps it. */
  readonly exact: ((value: ExactNumber) => Json) | undefined;
}

/** Replaces as jq does when it prints: `nan` by null, infinity by the largest double. */
export function printNonFinite(value: number): PlainJson {
  return value !== value ? null : value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
}

/** For a receiver who has JavaScript's numbers only. */
export const roundExact: (value: ExactNumber) => PlainJson = toDouble;

/**
 * Replaces numbers. Each array and object counts each time that it is met: a value that has one part in many places is far
 * larger as text than in memory.
 *
 * @param value The value, which is not changed.
 * @param replacements Give what stands in the place of a number.
 * @returns A copy, which shares parts with the value; the value itself if there is nothing to replace.
 */
export function replaceNumbers(value: Json, replacements: Replacements): Json {
  if (typeof value === "number") {
    return Number.isFinite(value) ? value : replacements.nonFinite(value);
  }
  if (typeof value !== "object" || value === null) return value ?? null;
  if (isArray(value)) return replaceInArray(value, replacements);
  return replaceInObject(value, replacements);
}

function replaceInArray(array: readonly Json[], replacements: Replacements): Json {
  let copy: Json[] | undefined;
  spend(16 + array.length);
  for (let i = 0; i < array.length; i++) {
    const item = array[i]!;
    const replaced = replaceNumbers(item, replacements);
    if (replaced === item) continue;
    copy ??= array.slice();
    copy[i] = replaced;
  }
  return copy ?? array;
}

function replaceInObject(object: ExactNumber | JsonObject, replacements: Replacements): Json {
  const keys = Object.keys(object);
  // An exact number has no members; so asked, the question costs objects nothing.
  if (keys.length === 0 && object instanceof ExactNumber) {
    return replacements.exact?.(object) ?? object;
  }
  spend(16 + keys.length * 8);
  if (keys.length > 64) spendMembers(keys.length);
  return replaceMembers(object as JsonObject, keys, replacements);
}

function replaceMembers(
  object: JsonObject,
  keys: readonly string[],
  replacements: Replacements,
): Json {
  let copy: Draft | undefined;
  for (const key of keys) {
    const item = object[key]!;
    const replaced = replaceNumbers(item, replacements);
    if (replaced === item) continue;
    copy ??= { ...object };
    setMember(copy, key, replaced);
  }
  return copy ?? object;
}
