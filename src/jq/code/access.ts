/**
 * Access to the parts of a value: `.key`, `.[f]`, `.[a:b]`, `.[]`, each also with `?` behind it.
 *
 * @module
 */

import { fail, Raised } from "../errors.ts";
import { spendCatch, spendMembers, tick } from "../meter.ts";
import type { AccessNode } from "../syntax/ast.ts";
import { cannotIndex, index, missing, slice } from "../values/access.ts";
import { ExactNumber } from "../values/exact-number.ts";
import { isArray, isObject, type Json } from "../values/json.ts";
import { describe, shorten } from "../values/text.ts";
import {
  type Code,
  type Emit,
  giveOutputs,
  GO,
  NO_PATH,
  type One,
  type Path,
  type Signal,
  STOP,
} from "./code.ts";
import type { Build, Scope } from "./scope.ts";

/** Compiles `target.key`, `target[f]`, `target[a:b]` and `target[]`. */
export function buildAccess(node: AccessNode, scope: Scope | undefined, build: Build): Code {
  const target = build(node.target, scope);
  switch (node.kind) {
    case "iterate":
      return accessItems(target, node.isOptional);
    case "slice":
      return accessSlice(node, target, scope, build);
    case "index":
      return node.key.kind === "literal" && typeof node.key.value === "string"
        ? accessMember(target, node.key.value, node.isOptional)
        : accessBy(target, build(node.key, scope), node.isOptional);
  }
}

/** Compiles `.key` with a fixed name. Most programs use it most, so it must be fast. */
function accessMember(target: Code, key: string, isOptional: boolean): Code {
  // An inherited member must not be found. `index` checks for that; most names need no check.
  const get = key in ExactNumber.prototype ? index : (value: Json, key: string): Json => {
    if (typeof value !== "object") return fail(cannotIndex(value, key));
    if (value === null) return null;
    if (isArray(value)) return fail(cannotIndex(value, key));
    return (value as { readonly [key: string]: Json | undefined })[key] ?? missing(value, key);
  };
  const isThere = (value: Json) => value === null || isObject(value);
  const from = target.one;
  const run: Code["run"] = (input, path, env, emit) =>
    target.run(input, path, env, (value, at) => {
      if (at !== undefined) refuseWithoutPath(at, value, key);
      if (isOptional && !isThere(value)) return GO;
      return emit(get(value, key), at && { key, up: at });
    });
  if (isOptional || from === undefined) return { run };
  return {
    one: (input, env) => get(from(input, env), key),
    run: (input, path, env, emit) =>
      path === undefined
        ? emit(get(from(input, env), key), undefined)
        : run(input, path, env, emit),
  };
}

/** Compiles `.[f]`. `f` gets the same input as the target, and its outputs are the outer loop. */
function accessBy(target: Code, key: Code, isOptional: boolean): Code {
  const from = target.one;
  const by = key.one;
  const run: Code["run"] = (input, path, env, emit) =>
    key.run(input, undefined, env, (k) =>
      target.run(input, path, env, (value, at) => {
        if (at !== undefined) refuseWithoutPath(at, value, k);
        const found = isOptional ? attempt(() => index(value, k)) : index(value, k);
        return found === undefined ? GO : emit(found, at && { key: k, up: at });
      }));
  if (isOptional || from === undefined || by === undefined) return { run };
  return {
    one(input, env) {
      const k = by(input, env);
      return index(from(input, env), k);
    },
    run,
  };
}

function accessSlice(
  node: Extract<AccessNode, { readonly kind: "slice" }>,
  target: Code,
  scope: Scope | undefined,
  build: Build,
): Code {
  const start = node.from && build(node.from, scope);
  const end = node.to && build(node.to, scope);
  const from = target.one;
  const startOne = start === undefined ? none : start.one;
  const endOne = end === undefined ? none : end.one;
  const run: Code["run"] = (input, path, env, emit) =>
    giveOutputs(
      start,
      input,
      env,
      (from) =>
        giveOutputs(end, input, env, (to) =>
          target.run(input, path, env, (value, at) => {
            if (at !== undefined) refuseWithoutPath(at, value, { start: from, end: to });
            const found = node.isOptional
              ? attempt(() => slice(value, from, to))
              : slice(value, from, to);
            if (found === undefined) return GO;
            return emit(found, at && { key: { start: from, end: to }, up: at });
          })),
    );
  if (node.isOptional || from === undefined || startOne === undefined || endOne === undefined) {
    return { run };
  }
  return {
    one(input, env) {
      const start = startOne(input, env);
      return slice(from(input, env), start, endOne(input, env));
    },
    run,
  };
}

/** Compiles `.[]`. */
function accessItems(target: Code, isOptional: boolean): Code {
  return {
    run: (input, path, env, emit) =>
      target.run(input, path, env, (value, at) => {
        if (at === NO_PATH) {
          fail(`Invalid path expression near attempt to iterate through ${shorten(value, 29)}`);
        }
        return giveItems(value, at, isOptional, emit);
      }),
  };
}

/** Gives every element of an array, or every value of an object, with its path. */
export function giveItems(
  value: Json,
  path: Path | undefined,
  isOptional: boolean,
  emit: Emit,
): Signal {
  if (isArray(value)) {
    for (let key = 0; key < value.length; key++) {
      tick();
      if (emit(value[key]!, path && { key, up: path }) === STOP) return STOP;
    }
  } else if (isObject(value)) {
    const keys = Object.keys(value);
    spendMembers(keys.length);
    for (const key of keys) {
      if (emit(value[key]!, path && { key, up: path }) === STOP) return STOP;
    }
  } else if (!isOptional) {
    fail(`Cannot iterate over ${value === null ? "null (null)" : describe(value)}`);
  }
  return GO;
}

/** Fails if the value is not a part of the input, which means that it has no path. */
function refuseWithoutPath(path: Path, value: Json, key: Json): void {
  if (path !== NO_PATH) return;
  fail(
    "Invalid path expression near attempt to access element " +
      `${shorten(key, 29)} of ${shorten(value, 29)}`,
  );
}

const none: One = () => null;

/** The value, or undefined if the program failed. */
function attempt(take: () => Json): Json | undefined {
  try {
    return take();
  } catch (error) {
    if (!(error instanceof Raised)) throw error;
    spendCatch();
    return undefined;
  }
}
