/**
 * Assignment: `=`, `|=`, and `+=` and the like. The left side is used for its paths.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkArray, spend, tick } from "../meter.ts";
import type { AstNode, BinaryOperator } from "../syntax/ast.ts";
import { isTruthy, type Json } from "../values/json.ts";
import { deletePaths, getPath, setPath } from "../values/paths.ts";
import { shorten } from "../values/text.ts";
import {
  type Code,
  type Env,
  generated,
  GO,
  NO_PATH,
  type One,
  pathKeys,
  ROOT,
  type Signal,
  STOP,
} from "./code.ts";
import { operations } from "./operators.ts";
import type { Build, Scope } from "./scope.ts";

type Replacer = (old: Json) => Json | undefined;

/** Compiles `a = b`, `a |= f`, `a += b` and so on. */
export function buildUpdate(node: AstNode<"update">, scope: Scope | undefined, build: Build): Code {
  const left = build(node.left, scope);
  const right = build(node.right, scope);
  if (node.operator === "|=") {
    return pathless((input, env) => modify(left, input, env, (old) => firstOf(right, old, env)));
  }
  const apply = (input: Json, env: Env | undefined, value: Json): Json =>
    node.operator === "="
      ? assign(left, input, env, value)
      : modify(left, input, env, changeBy(node.operator, value));
  const one = right.one;
  if (one !== undefined) return pathless((input, env) => apply(input, env, one(input, env)));
  return generated((input, env, give) =>
    right.run(input, undefined, env, (value) => give(apply(input, env, value)))
  );
}

/** Makes a filter whose output has no path: an assignment makes a new value, even if nothing is different. */
function pathless(one: One): Code {
  return {
    one,
    run: (input, path, env, emit) => emit(one(input, env), path && NO_PATH),
  };
}

/** Gives the path of each output of a filter. */
export function eachPath(
  code: Code,
  input: Json,
  env: Env | undefined,
  give: (keys: readonly Json[]) => Signal,
): Signal {
  return code.run(input, ROOT, env, (value, path) => {
    tick();
    if (path === NO_PATH) fail(`Invalid path expression with result ${shorten(value, 29)}`);
    const keys = pathKeys(path!);
    spend(keys.length << 2);
    return give(keys);
  });
}

/** The first output of a filter; undefined if there is none. */
export function firstOf(code: Code, input: Json, env: Env | undefined): Json | undefined {
  if (code.one !== undefined) return code.one(input, env);
  let first: Json | undefined;
  code.run(input, undefined, env, (value) => {
    first = value;
    return STOP;
  });
  return first;
}

function assign(left: Code, input: Json, env: Env | undefined, value: Json): Json {
  let changed = input;
  eachPath(left, input, env, (keys) => {
    changed = setPath(changed, keys, value);
    return GO;
  });
  return changed;
}

/** Replaces the value at each path. A path for which `change` gives nothing is deleted, after all others are changed. */
function modify(left: Code, input: Json, env: Env | undefined, change: Replacer): Json {
  let changed = input;
  const gone: Json[] = [];
  eachPath(left, input, env, (keys) => {
    const value = change(getPath(changed, keys));
    if (value !== undefined) changed = setPath(changed, keys, value);
    else checkArray(gone.push(keys));
    return GO;
  });
  return gone.length === 0 ? changed : deletePaths(changed, gone);
}

function changeBy(operator: AstNode<"update">["operator"], value: Json): Replacer {
  if (operator === "//=") return (old) => isTruthy(old) ? old : value;
  const operation = operations[operator.slice(0, -1) as BinaryOperator];
  return (old) => operation(old, value);
}
