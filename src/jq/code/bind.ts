/**
 * `f as $x | g`, with every pattern that may stand in place of `$x`.
 *
 * @module
 */

import { Raised } from "../errors.ts";
import { meter, spendCatch } from "../meter.ts";
import type { AstNode, Pattern } from "../syntax/ast.ts";
import { index } from "../values/access.ts";
import { type Json, typeOf } from "../values/json.ts";
import { fail } from "../errors.ts";
import { type Code, type Env, extend, type Signal } from "./code.ts";
import { type Build, declare, type Scope } from "./scope.ts";

/** Takes a value apart, and calls `then` with the variables in scope, once for each way to do so. */
export type Binder = (value: Json, env: Env | undefined, then: (env: Env) => Signal) => Signal;

/** A compiled pattern, with the scope in which its variables are known. */
export interface Bound {
  readonly scope: Scope;
  readonly bind: Binder;
  /** Whether the pattern is one variable, which takes any value and never fails. */
  readonly isPlain: boolean;
}

/** Compiles `source as patterns | body`. */
export function buildBind(
  node: AstNode<"bind">,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  const source = build(node.source, scope);
  const bound = buildPatterns(node.patterns, scope, build);
  const from = source.one;
  const isDirect = bound.isPlain && from !== undefined;
  const body = build(node.body, bound.scope, isTail && isDirect);
  const bodyRun = body.run;
  const bodyOne = body.one;
  if (!isDirect) {
    return {
      run: (input, path, env, emit) =>
        source.run(
          input,
          undefined,
          env,
          (value) => bound.bind(value, env, (inner) => bodyRun(input, path, inner, emit)),
        ),
    };
  }
  const run: Code["run"] = (input, path, env, emit) =>
    bodyRun(input, path, extend(env, from(input, env)), emit);
  if (bodyOne === undefined) return { run };
  return { one: (input, env) => bodyOne(input, extend(env, from(input, env))), run };
}

/** Compiles one pattern, or several with `?//` between them. If one of them or the body fails, the next is tried. */
export function buildPatterns(
  patterns: readonly Pattern[],
  scope: Scope | undefined,
  build: Build,
): Bound {
  const [first] = patterns;
  if (patterns.length === 1 && first!.kind === "variable") {
    return {
      scope: declare(scope, "variable", first!.name),
      bind: (value, env, then) => then(extend(env, value)),
      isPlain: true,
    };
  }
  const names = [...new Set(patterns.flatMap(namesOf))];
  const binders = patterns.map((pattern) => buildPattern(pattern, names, scope, build));
  const inner = names.reduce<Scope | undefined>(
    (outer, name) => declare(outer, "variable", name),
    scope,
  )!;
  const attempt = (
    at: number,
    value: Json,
    env: Env | undefined,
    then: (env: Env) => Signal,
  ): Signal => {
    const found: Json[] = names.map(() => null);
    const finish = () => then(found.reduce<Env | undefined>(extend, env)!);
    if (at === binders.length - 1) return binders[at]!(value, env, found, finish);
    const { depth } = meter;
    try {
      return binders[at]!(value, env, found, finish);
    } catch (error) {
      if (!(error instanceof Raised)) throw error;
      meter.depth = depth;
      spendCatch();
      return attempt(at + 1, value, env, then);
    }
  };
  return { scope: inner, bind: (value, env, then) => attempt(0, value, env, then), isPlain: false };
}

/** Writes the values of its variables to `found`, each at the index of its name. */
type Finder = (
  value: Json,
  env: Env | undefined,
  found: Json[],
  then: () => Signal,
) => Signal;

function buildPattern(
  pattern: Pattern,
  names: readonly string[],
  scope: Scope | undefined,
  build: Build,
): Finder {
  if (pattern.kind === "variable") {
    const slot = names.indexOf(pattern.name);
    return (value, _env, found, then) => {
      found[slot] = value;
      return then();
    };
  }
  if (pattern.kind === "array") {
    return pattern.items.map((item, at) => {
      const inner = buildPattern(item, names, scope, build);
      const find: Finder = (value, env, found, then) => inner(index(value, at), env, found, then);
      return find;
    }).reduce(inTurn);
  }
  return pattern.members.map(({ key, name, pattern }) => {
    const keys = build(key, scope).run;
    const inner = pattern && buildPattern(pattern, names, scope, build);
    const slot = name === undefined ? -1 : names.indexOf(name);
    const find: Finder = (value, env, found, then) =>
      keys(value, undefined, env, (key) => {
        if (typeof key !== "string") fail(`Cannot index ${typeOf(value)} with ${typeOf(key)}`);
        const member = index(value, key);
        if (slot >= 0) found[slot] = member;
        return inner === undefined ? then() : inner(member, env, found, then);
      });
    return find;
  }).reduce(inTurn);
}

/** Joins two finders that look into the same value. */
function inTurn(first: Finder, second: Finder): Finder {
  return (value, env, found, then) =>
    first(value, env, found, () => second(value, env, found, then));
}

function namesOf(pattern: Pattern): string[] {
  switch (pattern.kind) {
    case "variable":
      return [pattern.name];
    case "array":
      return pattern.items.flatMap(namesOf);
    case "object":
      return pattern.members.flatMap(({ name, pattern }) => [
        ...(name === undefined ? [] : [name]),
        ...(pattern === undefined ? [] : namesOf(pattern)),
      ]);
  }
}
