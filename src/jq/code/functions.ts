/**
 * Definitions, calls and variables.
 *
 * A call in tail position does not run at once: it leaves its work in `tail` and gives TAIL, and the call that it ends
 * carries on with it. `def f: if . > 9 then . else . + 1 | f end` is a loop, as it is in jq.
 *
 * @module
 */

import { exceed, meter, tick } from "../meter.ts";
import type { Ast, AstNode } from "../syntax/ast.ts";
import type { Json } from "../values/json.ts";
import {
  type Closure,
  type Code,
  computed,
  type Emit,
  type Env,
  extend,
  type Path,
  type Run,
  type Signal,
  TAIL,
} from "./code.ts";
import {
  type Build,
  type CompiledDefinition,
  declare,
  declareDefinition,
  type DefineScope,
  find,
  reach,
  type Scope,
} from "./scope.ts";

/** The call that was put off. One place is enough, as it is taken at once. */
const tail: { run: Run; input: Json; env: Env | undefined } = {
  run: () => TAIL,
  input: null,
  env: undefined,
};

/** `$x` */
export function buildVariable(scope: Scope | undefined, variable: Scope): Code {
  const env = reach(scope, variable);
  return computed((_input, inner) => env(inner)!.value as Json);
}

/** `def f: …; body` */
export function buildDefine(
  node: AstNode<"define">,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  return build(node.body, declareDefinition(scope, node.definition), isTail);
}

/** The call of a filter that was given as an argument. */
export function buildParameterCall(scope: Scope | undefined, parameter: Scope): Code {
  const env = reach(scope, parameter);
  return {
    run(input, path, inner, emit) {
      const { code, env: outer } = env(inner)!.value as Closure;
      enter();
      const signal = code.run(input, path, outer, emit);
      meter.depth--;
      return signal;
    },
  };
}

/** The call of a definition: each argument is a filter, and for a `$name` parameter each of its outputs a value. */
export function buildCall(
  node: AstNode<"call">,
  scope: Scope | undefined,
  target: DefineScope,
  build: Build,
  isTail: boolean,
): Code {
  const { parameters } = target.made.definition;
  const args = node.args.map((arg) => build(arg, scope));
  const pass = node.args.map((arg, i) => passing(arg, args[i]!, scope));
  const outer = reach(scope, target);
  const body = bodyOf(target.made, target, build);
  const bodyOne = body?.one;
  const { made } = target;
  // An argument with several outputs calls several times, and then only the last call would be in tail position.
  const isSingle = parameters.every((name, i) => !name.startsWith("$") || args[i]!.one);
  const call = (input: Json, path: Path | undefined, env: Env | undefined, emit: Emit): Signal => {
    const { run } = made.code!;
    if (isTail && isSingle && path === undefined) {
      tail.run = run;
      tail.input = input;
      tail.env = env;
      return TAIL;
    }
    enter();
    let signal = run(input, path, env, emit);
    while (signal === TAIL) {
      tick();
      signal = tail.run(tail.input, undefined, tail.env, emit);
    }
    meter.depth--;
    return signal;
  };
  const bindQuick = (input: Json, env: Env | undefined): Env | undefined => {
    let inner = outer(env);
    for (let i = 0; i < pass.length; i++) {
      inner = extend(inner, pass[i]!(env));
      if (parameters[i]!.startsWith("$")) inner = extend(inner, args[i]!.one!(input, env));
    }
    return inner;
  };
  const run: Run = isSingle
    ? (input, path, env, emit) => call(input, path, bindQuick(input, env), emit)
    : (input, path, env, emit) => {
      const bind = (at: number, inner: Env | undefined): Signal => {
        if (at === pass.length) return call(input, path, inner, emit);
        const next = extend(inner, pass[at]!(env));
        if (!parameters[at]!.startsWith("$")) return bind(at + 1, next);
        return args[at]!.run(input, undefined, env, (value) => bind(at + 1, extend(next, value)));
      };
      return bind(0, outer(env));
    };
  if (bodyOne === undefined || !isSingle) return { run };
  return {
    one(input, env) {
      const inner = bindQuick(input, env);
      enter();
      const value = bodyOne(input, inner);
      meter.depth--;
      return value;
    },
    run,
  };
}

/** The code of a definition's body; undefined while it is being compiled, that is for a call of itself. */
function bodyOf(made: CompiledDefinition, scope: DefineScope, build: Build): Code | undefined {
  if (made.state === "new") {
    made.state = "compiling";
    let inner: Scope = scope;
    for (const name of made.definition.parameters) {
      // A parameter `$x` may be called as the filter `x` too.
      inner = declare(inner, "filter", `${name.replace("$", "")}/0`);
      if (name.startsWith("$")) inner = declare(inner, "variable", name.slice(1));
    }
    made.code = build(made.definition.body, inner, true);
    made.state = "done";
  }
  return made.code;
}

/** The argument as a closure. A parameter that is only passed on stays the closure that it is. */
function passing(
  arg: Ast,
  code: Code,
  scope: Scope | undefined,
): (env: Env | undefined) => Closure {
  if (arg.kind === "call" && arg.args.length === 0) {
    const found = find(scope, "callable", `${arg.name}/0`);
    if (found?.kind === "filter") {
      const env = reach(scope, found);
      return (inner) => env(inner)!.value as Closure;
    }
  }
  return (env) => ({ code, env });
}

function enter(): void {
  tick();
  if (++meter.depth > meter.limits.depth) exceed("depth");
}
