/**
 * Builtins on arrays and objects.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkArray, spendMembers, spendSteps, spendText, tick } from "../meter.ts";
import { cannotIndex, findPart, index } from "../values/access.ts";
import { add, subtract } from "../values/arithmetic.ts";
import { hasPart } from "../values/find-text.ts";
import { isNumber, toDouble } from "../values/exact-number.ts";
import { itemsOf, ownKeys } from "../values/items.ts";
import {
  type Draft,
  isArray,
  isObject,
  type Json,
  member,
  setMember,
  typeOf,
} from "../values/json.ts";
import { compare, equals, sortedKeys } from "../values/order.ts";
import { deletePaths, getPath, setPath } from "../values/paths.ts";
import { countPoints, findText } from "../values/strings.ts";
import { describe } from "../values/text.ts";
import type { ValueRow } from "./row.ts";

/** The builtins of this file. */
export const collections: Readonly<Record<string, ValueRow>> = {
  "length/0": length,
  "not/0": (input) => input === null || input === false,
  "type/0": typeOf,
  "keys/0": (input) => isObject(input) ? sortedKeys(input) : keysOf(input),
  "keys_unsorted/0": keysOf,
  "to_entries/0": toEntries,
  "from_entries/0": fromEntries,
  "add/0": (input) =>
    itemsOf(input).reduce((sum, value) => {
      tick();
      return add(sum, value);
    }, null),
  "has/1": has,
  "in/1": (input, container) => has(container, input, null, null),
  "contains/1": contains,
  "inside/1": (input, container) => contains(container, input, null, null),
  "reverse/0": reverse,
  "sort/0": sort,
  "min/0": (input) => extreme(input, (order) => order < 0),
  "max/0": (input) => extreme(input, (order) => order >= 0),
  "flatten/0": (input) => flatten(itemsOf(input), -1, []),
  "flatten/1": (input, depth) => {
    if (compare(depth, 0) < 0) fail("flatten depth must not be negative");
    return flatten(itemsOf(input), depth, []);
  },
  "transpose/0": transpose,
  "indices/1": indices,
  "index/1": (input, what) => pickIndex(indices(input, what, null, null), 0),
  "rindex/1": (input, what) => pickIndex(indices(input, what, null, null), -1),
  "getpath/1": (input, path) => getPath(input, toPathKeys(path)),
  "setpath/2": (input, path, value) => setPath(input, toPathKeys(path), value),
  "delpaths/1": (input, paths) =>
    isArray(paths) ? deletePaths(input, paths) : fail("Paths must be specified as an array"),
  "bsearch/1": bsearch,
  "toarray/0": (input) => isArray(input) ? input : [input],
};

/** Checks that a path is an array. */
export function toPathKeys(path: Json): readonly Json[] {
  return isArray(path) ? path : fail("Path must be specified as an array");
}

function sort(input: Json): Json {
  if (!isArray(input)) return fail(`${describe(input)} cannot be sorted, as it is not an array`);
  return [...input].sort((a, b) => {
    tick();
    return compare(a, b);
  });
}

function length(input: Json): Json {
  switch (typeof input) {
    case "string":
      return countPoints(input);
    case "number":
      return Math.abs(input);
    case "boolean":
      return fail(`${describe(input)} has no length`);
    default:
      if (input === null) return 0;
      if (isNumber(input)) return Math.abs(toDouble(input));
      return isArray(input) ? input.length : ownKeys(input).length;
  }
}

function keysOf(input: Json): Json {
  if (isArray(input)) return input.map((_, i) => i);
  return isObject(input) ? ownKeys(input) : fail(`${describe(input)} has no keys`);
}

function toEntries(input: Json): Json {
  const keys = keysOf(input) as readonly (string | number)[];
  spendSteps(keys.length * 2);
  return keys.map((key) => ({ key, value: index(input, key) }));
}

const keyNames = ["key", "Key", "name", "Name"] as const;

/** Makes an object from a list of entries. */
export function fromEntries(input: Json): Json {
  const object: Draft = {};
  const entries = itemsOf(input);
  spendMembers(entries.length);
  for (const entry of entries) {
    tick();
    // The first name with a value that is neither false nor null; if there is none, the value of the last name.
    let key: Json = null;
    for (const name of keyNames) {
      key = index(entry, name);
      if (key !== null && key !== false) break;
    }
    if (typeof key !== "string") fail(`Cannot use ${describe(key)} as object key`);
    setMember(
      object,
      key as string,
      index(entry, has(entry, "value", null, null) ? "value" : "Value"),
    );
  }
  return object;
}

function has(input: Json, key: Json, _b: Json, _c: Json): boolean {
  if (isObject(input) && typeof key === "string") return Object.hasOwn(input, key);
  if (isArray(input) && isNumber(key)) {
    const at = toDouble(key);
    return at >= 0 && at < input.length;
  }
  if (input === null) return false;
  return fail(`Cannot check whether ${typeOf(input)} has a ${typeOf(key)} key`);
}

function contains(a: Json, b: Json, _b: Json, _c: Json): boolean {
  tick();
  if (isObject(a) && isObject(b)) {
    return Object.keys(b).every((key) => {
      const own = member(a, key);
      return own !== undefined && holds(own, b[key]!);
    });
  }
  if (isArray(a) && isArray(b)) return b.every((part) => a.some((own) => holds(own, part)));
  if (typeof a === "string" && typeof b === "string") {
    spendText(a);
    return hasPart(a, b);
  }
  if (typeOf(a) === typeOf(b)) return equals(a, b);
  return fail(`${describe(a)} and ${describe(b)} cannot have their containment checked`);
}

/** As `contains`, but values of different types are no error: one does not contain the other. */
function holds(a: Json, b: Json): boolean {
  tick();
  return typeOf(a) === typeOf(b) && contains(a, b, null, null);
}

function reverse(input: Json): Json {
  if (isArray(input)) return input.toReversed();
  return length(input) === 0 ? [] : fail(cannotIndex(input, 0));
}

function extreme(input: Json, isBetter: (order: number) => boolean): Json {
  if (!isArray(input)) {
    return fail(`${describe(input)} and ${describe(input)} cannot be iterated over`);
  }
  let best: Json | undefined;
  for (const value of input) {
    tick();
    if (best === undefined || isBetter(compare(value, best))) best = value;
  }
  return best ?? null;
}

/** Flattens down to a depth; a negative depth is no limit. */
function flatten(items: readonly Json[], depth: Json, into: Json[]): Json[] {
  for (const item of items) {
    tick();
    if (isArray(item) && depth !== 0) flatten(item, subtract(depth, 1), into);
    else into.push(item);
  }
  return into;
}

function transpose(input: Json): Json {
  const rows = itemsOf(input);
  const width = Math.max(0, ...rows.map((row) => length(row) as number));
  checkArray(width);
  spendSteps(width);
  return Array.from({ length: width }, (_, i) =>
    rows.map((row) => {
      tick();
      return index(row, i);
    }));
}

function indices(input: Json, what: Json, _b: Json, _c: Json): Json {
  if (typeof input === "string" && typeof what === "string") return findText(input, what);
  if (isArray(input)) return findPart(input, isArray(what) ? what : [what]);
  return index(input, what);
}

function pickIndex(found: Json, at: number): Json {
  return found === null ? null : isArray(found) ? found.at(at) ?? null : index(found, at);
}

function bsearch(input: Json, target: Json): Json {
  const items = input === null ? [] : isArray(input) ? input : fail(cannotIndex(input, 0));
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(items[middle]!, target);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1 - low;
}
