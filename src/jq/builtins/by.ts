/**
 * Builtins that sort, group, change or collect by the outputs of a filter.
 *
 * @module
 */

import { type Code, computed, type Env, generated, GO } from "../code/code.ts";
import { collectOutputs } from "../code/construct.ts";
import { identity } from "../code/flow.ts";
import { eachPath, firstOf } from "../code/updates.ts";
import { fail } from "../errors.ts";
import { checkArray, spendMembers, spendSteps, tick } from "../meter.ts";
import { add } from "../values/arithmetic.ts";
import { itemsOf, ownKeys } from "../values/items.ts";
import { type Draft, isArray, isObject, type Json, setMember } from "../values/json.ts";
import { compare } from "../values/order.ts";
import { deletePaths, getPath, setPath } from "../values/paths.ts";
import { describe, toText } from "../values/text.ts";
import { fromEntries } from "./collections.ts";
import type { FilterRow } from "./row.ts";

/** An element, and the outputs of the filter for it, as its key. */
interface Keyed {
  readonly key: Json;
  readonly value: Json;
}

/** The builtins of this file. */
export const by: Readonly<Record<string, FilterRow>> = {
  "map/1": (filter) =>
    computed((input, env) => {
      const outputs: Json[] = [];
      for (const item of itemsOf(input)) collectInto(outputs, filter, item, env);
      return outputs;
    }),
  "map_values/1": (filter) => computed((input, env) => mapValues(input, filter, env)),
  "sort_by/1": (filter) =>
    onKeys(filter, notSortable, (items) => sortByKey(items).map(({ value }) => value)),
  "group_by/1": (filter) => onKeys(filter, notSortable, groups),
  "unique_by/1": (filter) =>
    onKeys(filter, notSortable, (items) => groups(items).map(([first]) => first!)),
  "min_by/1": (filter) =>
    onKeys(filter, notIterable, (items) => extremeByKey(items, (order) => order < 0)),
  "max_by/1": (filter) =>
    onKeys(filter, notIterable, (items) => extremeByKey(items, (order) => order >= 0)),
  "add/1": (filter) =>
    computed((input, env) => {
      let sum: Json = null;
      filter.run(input, undefined, env, (value) => {
        tick();
        sum = add(sum, value);
        return GO;
      });
      return sum;
    }),
  "unique/0": () =>
    onKeys(identity, notSortable, (items) => groups(items).map(([first]) => first!)),
  "with_entries/1": (filter) => computed((input, env) => withEntries(input, filter, env)),
  "path/1": (filter) => generated((input, env, give) => eachPath(filter, input, env, give)),
  "del/1": (filter) =>
    computed((input, env) => {
      const paths: Json[] = [];
      eachPath(filter, input, env, (keys) => {
        checkArray(paths.push(keys));
        return GO;
      });
      return deletePaths(input, paths);
    }),
  "pick/1": (filter) =>
    computed((input, env) => {
      let picked: Json = null;
      eachPath(filter, input, env, (keys) => {
        picked = setPath(picked, keys, getPath(input, keys));
        return GO;
      });
      return picked;
    }),
  "INDEX/1": (key) => computed((input, env) => indexRows(itemsOf(input), key, env)),
  "INDEX/2": (source, key) =>
    computed((input, env) => indexRows(collectOutputs(source, input, env), key, env)),
};

function collectInto(outputs: Json[], filter: Code, item: Json, env: Env | undefined): void {
  tick();
  if (filter.one !== undefined) {
    checkArray(outputs.push(filter.one(item, env)));
    return;
  }
  filter.run(item, undefined, env, (value) => {
    tick();
    checkArray(outputs.push(value));
    return GO;
  });
}

/** The first output of the filter for each element. An element without an output is left out. */
function mapValues(input: Json, filter: Code, env: Env | undefined): Json {
  const change = (value: Json): Json | undefined => {
    tick();
    return firstOf(filter, value, env);
  };
  if (isArray(input)) return input.map(change).filter((value) => value !== undefined);
  if (!isObject(input)) return fail(`Cannot iterate over ${describe(input)}`);
  const changed: Draft = {};
  for (const key of ownKeys(input)) {
    const value = change(input[key]!);
    if (value !== undefined) setMember(changed, key, value);
  }
  return changed;
}

function withEntries(input: Json, filter: Code, env: Env | undefined): Json {
  const entries: Json[] = [];
  if (!isObject(input) && !isArray(input)) return fail(`${describe(input)} has no keys`);
  const pairs = Object.entries(input);
  spendSteps(pairs.length * 2);
  for (const [key, value] of pairs) {
    collectInto(entries, filter, { key: isArray(input) ? Number(key) : key, value }, env);
  }
  return fromEntries(entries);
}

function onKeys(
  filter: Code,
  refuse: (input: Json, keys: readonly Json[]) => never,
  finish: (items: readonly Keyed[]) => Json,
): Code {
  return computed((input, env) => {
    const items = itemsOf(input).map((value) => {
      spendSteps(2);
      return { key: collectOutputs(filter, value, env), value };
    });
    // jq runs the filter over the values of an object too, before it refuses the object.
    return isArray(input) ? finish(items) : refuse(input, items.map(({ key }) => key));
  });
}

function notSortable(input: Json, keys: readonly Json[]): never {
  fail(`${describe(input)} and ${describe(keys)} cannot be sorted, as they are not both arrays`);
}

function notIterable(input: Json, keys: readonly Json[]): never {
  fail(`${describe(input)} and ${describe(keys)} cannot be iterated over`);
}

function sortByKey(items: readonly Keyed[]): Keyed[] {
  return [...items].sort((a, b) => {
    tick();
    return compare(a.key, b.key);
  });
}

function groups(items: readonly Keyed[]): Json[][] {
  const found: Json[][] = [];
  let last: Keyed | undefined;
  for (const item of sortByKey(items)) {
    if (last !== undefined && compare(last.key, item.key) === 0) found.at(-1)!.push(item.value);
    else found.push([item.value]);
    last = item;
  }
  return found;
}

function extremeByKey(items: readonly Keyed[], isBetter: (order: number) => boolean): Json {
  let best: Keyed | undefined;
  for (const item of items) {
    if (best === undefined || isBetter(compare(item.key, best.key))) best = item;
  }
  return best === undefined ? null : best.value;
}

function indexRows(rows: readonly Json[], key: Code, env: Env | undefined): Json {
  const object: Draft = {};
  for (const row of rows) {
    // With several outputs of the key, the row is stored under each, as in jq.
    for (const name of collectOutputs(key, row, env)) setMember(object, toText(name), row);
    spendMembers(1);
  }
  return object;
}
