/**
 * Reads, writes and deletes at a path, which is an array of names, indices and slices.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkArray, spend, spendMembers, spendSteps, spendText, tick } from "../meter.ts";
import { cannotIndex, index, sliceBounds, toIndex } from "./access.ts";
import { isNumber, toDouble } from "./exact-number.ts";
import {
  type Draft,
  isArray,
  isObject,
  type Json,
  type JsonObject,
  member,
  setMember,
  typeOf,
} from "./json.ts";
import { compare, equals } from "./order.ts";

/** The value at a path; null if the path leads to nothing. */
export function getPath(value: Json, path: readonly Json[]): Json {
  let found = value;
  for (const key of path) {
    tick();
    if (found === null) return null;
    found = index(found, key);
  }
  return found;
}

/** A copy with another value at a path. Objects and arrays that are missing on the way are made. */
export function setPath(value: Json, path: readonly Json[], leaf: Json): Json {
  return setFrom(value, path, 0, leaf);
}

/** A copy without the values at some paths. All paths are those of the value before anything is deleted. */
export function deletePaths(value: Json, paths: readonly Json[]): Json {
  const sorted = paths.map((path) =>
    isArray(path) ? path : fail(`Path must be specified as array, not ${typeOf(path)}`)
  );
  if (sorted.length === 0) return value;
  sorted.sort(compare);
  return sorted[0]!.length === 0 ? null : deleteSorted(value, sorted, 0);
}

function setFrom(value: Json, path: readonly Json[], at: number, leaf: Json): Json {
  if (at === path.length) return leaf;
  tick();
  const key = path[at]!;
  const next = (inner: Json) => setFrom(inner, path, at + 1, leaf);
  if (typeof key === "string" && (value === null || isObject(value))) {
    return withMember(value ?? {}, key, next(value === null ? null : member(value, key) ?? null));
  }
  if (isNumber(key) && (value === null || isArray(value))) {
    return withElement(value ?? [], toDouble(key), next);
  }
  if (isObject(key) && (value === null || isArray(value))) {
    return withSlice(value ?? [], key, value === null, next);
  }
  return fail(
    isArray(key)
      ? `Cannot update field at array index of ${typeOf(value)}`
      : cannotIndex(value, key),
  );
}

function withMember(object: JsonObject, key: string, value: Json): Json {
  const copy: Draft = { ...object };
  spendText(key);
  setMember(copy, key, value);
  spendMembers(Object.keys(copy).length);
  return copy;
}

function withElement(array: readonly Json[], key: number, next: (value: Json) => Json): Json {
  const at = key !== key ? 0 : toIndex(array, key);
  if (at < 0) fail("Out of bounds negative array index");
  checkArray(at + 1);
  const value = next(array[at] ?? null);
  const copy = array.slice();
  while (copy.length < at) copy.push(null);
  copy[at] = value;
  spend(copy.length);
  return copy;
}

function withSlice(
  array: readonly Json[],
  key: JsonObject,
  isNew: boolean,
  next: (value: Json) => Json,
): Json {
  const [start, end] = sliceBounds(array.length, key);
  const part = next(isNew ? null : array.slice(start, end));
  if (!isArray(part)) return fail("A slice of an array can only be assigned another array");
  checkArray(array.length + part.length);
  spend((array.length + part.length) * 2);
  return array.slice(0, start).concat(part, array.slice(end));
}

/**
 * Deletes by sorted paths that are equal in their first `at` keys, and longer. From the last path to the first, so that
 * the indices of the others stay right; the keys with which a path ends are deleted together, at the end.
 */
function deleteSorted(value: Json, paths: readonly (readonly Json[])[], at: number): Json {
  if (value === null) return null;
  let rest: Json = value;
  const gone: Json[] = [];
  for (let end = paths.length, start = end; end > 0; end = start) {
    const key = paths[end - 1]![at]!;
    while (start > 0 && equals(paths[start - 1]![at]!, key)) start--;
    if (start === end) start--;
    tick();
    if (paths[start]!.length === at + 1) gone.push(key);
    else {
      const inner = index(rest, key);
      const left = deleteSorted(inner, paths.slice(start, end), at + 1);
      if (left !== inner) rest = setPath(rest, [key], left);
    }
  }
  return gone.length === 0 ? rest : deleteKeys(rest, gone);
}

function deleteKeys(value: Json, keys: readonly Json[]): Json {
  if (isArray(value)) {
    const gone = new Set<number>();
    for (const key of keys) {
      if (isNumber(key)) gone.add(toIndex(value, toDouble(key)));
      else if (isObject(key)) {
        const [start, end] = sliceBounds(value.length, key);
        for (let at = start; at < end; at++) gone.add(at);
      } else fail(`Cannot delete ${typeOf(key)} element of array`);
    }
    spend((value.length + gone.size) * 4);
    return value.filter((_, at) => !gone.has(at));
  }
  if (!isObject(value)) return fail(`Cannot delete fields from ${typeOf(value)}`);
  const copy: Draft = { ...value };
  spendSteps(keys.length * 8); // What a member is deleted from becomes a slower kind of object.
  for (const key of keys) {
    if (typeof key !== "string") return fail(`Cannot delete ${typeOf(key)} field of object`);
    delete copy[key];
  }
  spendMembers(Object.keys(value).length);
  return copy;
}
