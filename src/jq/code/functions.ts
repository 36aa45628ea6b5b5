/**
 * Definitions, calls and variables.
 *
 * A call in tail position is not made at once: it is written to `tail`, and TAIL is returned. The call that it would end
 * then makes it, in a loop. So `def f: if . > 9 then . else . + 1 | f end` needs no stack, as in jq.
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

/** The call in tail position that is still to be made. One is enough, because it is made before any other. */
const tail: { run: Run; input: Json; env: Env | undefined } = {
  run: () => TAIL,
  input: null,
  env: undefined,
};

/** Compiles `$x`. */
export function buildVariable(scope: Scope | undefined, variable: Scope): Code {
  const env = reach(scope, variable);
  return computed((_input, inner) => env(inner)!.value as Json);
}

/** Compiles `def f: …; body`. */
export function buildDefine(
  node: AstNode<"define">,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  return build(node.body, declareDefinition(scope, node.definition), isTail);
}

/** Compiles the call of a filter that was given as an argument. */
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

/**
 * Compiles the call of a definition. Each argument is passed as a filter. For a parameter `$name`, the body runs once for
 * each output of the argument.
 */
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
  // With several outputs there are several calls, and only the last of them would be in tail position.
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

/** The code of a definition's body, compiled when first needed; undefined in a call of itself, within that body. */
function bodyOf(made: CompiledDefinition, scope: DefineScope, build: Build): Code | undefined {
  if (made.state === "new") {
    made.state = "compiling";
    let inner: Scope = scope;
    for (const name of made.definition.parameters) {
      // A parameter `$x` may also be called, as the filter `x`.
      inner = declare(inner, "filter", `${name.replace("$", "")}/0`);
      if (name.startsWith("$")) inner = declare(inner, "variable", name.slice(1));
    }
    made.code = build(made.definition.body, inner, true);
    made.state = "done";
  }
  return made.code;
}

/** Makes the closure of an argument. A parameter that is passed on as it is needs no second closure. */
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
