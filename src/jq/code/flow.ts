/**
 * Filters that combine filters: pipes, commas, conditions, alternatives, `try` and labels.
 *
 * @module
 */

import { Raised } from "../errors.ts";
import { meter, spendCatch } from "../meter.ts";
import type { Ast, AstNode, Pair } from "../syntax/ast.ts";
import { isTruthy, type Json } from "../values/json.ts";
import { type Code, computed, extend, generated, GO, type Label, NO_PATH, STOP } from "./code.ts";
import { type Build, declare, find, reach, type Refuse, type Scope } from "./scope.ts";

/** The filter `.`, which gives its input. */
export const identity: Code = {
  one: (input) => input,
  run: (input, path, _env, emit) => emit(input, path),
};

/** A filter that gives a constant. */
export function constant(value: Json): Code {
  return computed(() => value);
}

/** Compiles `a | b`. */
export function buildPipe(
  node: Pair,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  const left = build(node.left, scope);
  const first = left.one;
  // If `a` may have several outputs, `b` is not in tail position: more outputs of `a` follow.
  const right = build(node.right, scope, isTail && first !== undefined);
  const leftRun = left.run;
  const rightRun = right.run;
  if (first === undefined) {
    return {
      run: (input, path, env, emit) =>
        leftRun(input, path, env, (value, at) => rightRun(value, at, env, emit)),
    };
  }
  const second = right.one;
  const run: Code["run"] = (input, path, env, emit) =>
    path === undefined
      ? rightRun(first(input, env), undefined, env, emit)
      : leftRun(input, path, env, (value, at) => rightRun(value, at, env, emit));
  return second === undefined
    ? { run }
    : { one: (input, env) => second(first(input, env), env), run };
}

/** Compiles `a, b, …`. A long list is a deep tree of pairs; it is compiled as one list, to keep the stack small. */
export function buildComma(
  node: Pair,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  const rest: Ast[] = [];
  let first: Ast = node;
  for (; first.kind === "comma"; first = first.left) rest.push(first.right);
  const last = build(rest.shift()!, scope, isTail).run;
  const before = [first, ...rest.reverse()].map((part) => build(part, scope).run);
  return {
    run(input, path, env, emit) {
      for (const run of before) if (run(input, path, env, emit) === STOP) return STOP;
      return last(input, path, env, emit);
    },
  };
}

/** Compiles `if c then a else b end`, which chooses once for each output of `c`. */
export function buildIf(
  node: AstNode<"if">,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  const condition = build(node.condition, scope);
  const test = condition.one;
  const then = build(node.then, scope, isTail && test !== undefined);
  const otherwise = build(node.otherwise, scope, isTail && test !== undefined);
  const thenRun = then.run;
  const otherwiseRun = otherwise.run;
  if (test === undefined) {
    return {
      run: (input, path, env, emit) =>
        condition.run(
          input,
          undefined,
          env,
          (value) => (isTruthy(value) ? thenRun : otherwiseRun)(input, path, env, emit),
        ),
    };
  }
  const run: Code["run"] = (input, path, env, emit) =>
    (isTruthy(test(input, env)) ? thenRun : otherwiseRun)(input, path, env, emit);
  const thenOne = then.one;
  const otherwiseOne = otherwise.one;
  if (thenOne === undefined || otherwiseOne === undefined) return { run };
  return {
    one: (input, env) =>
      isTruthy(test(input, env)) ? thenOne(input, env) : otherwiseOne(input, env),
    run,
  };
}

/** Compiles `a and b` and `a or b`. The right side runs only if the left side does not decide. */
export function buildLogic(node: Pair, scope: Scope | undefined, build: Build): Code {
  const left = build(node.left, scope);
  const right = build(node.right, scope);
  const decisive = node.kind === "or";
  const leftOne = left.one;
  const rightOne = right.one;
  if (leftOne !== undefined && rightOne !== undefined) {
    return decisive
      ? computed((input, env) => isTruthy(leftOne(input, env)) || isTruthy(rightOne(input, env)))
      : computed((input, env) => isTruthy(leftOne(input, env)) && isTruthy(rightOne(input, env)));
  }
  return generated((input, env, give) =>
    left.run(
      input,
      undefined,
      env,
      (value) =>
        isTruthy(value) === decisive
          ? give(decisive)
          : right.run(input, undefined, env, (other) => give(isTruthy(other))),
    )
  );
}

/** Compiles `a // b`: the outputs of `a` that are neither false nor null; `b` if there are none. */
export function buildAlternative(
  node: Pair,
  scope: Scope | undefined,
  build: Build,
  isTail: boolean,
): Code {
  const left = build(node.left, scope);
  const right = build(node.right, scope, isTail);
  const leftOne = left.one;
  const rightOne = right.one;
  const run: Code["run"] = (input, path, env, emit) => {
    let found = false;
    const signal = left.run(input, path, env, (value, at) => {
      if (!isTruthy(value)) return GO;
      found = true;
      return emit(value, at);
    });
    return found ? signal : right.run(input, path, env, emit);
  };
  if (leftOne === undefined || rightOne === undefined) return { run };
  return {
    one(input, env) {
      const value = leftOne(input, env);
      return isTruthy(value) ? value : rightOne(input, env);
    },
    run,
  };
}

/** Compiles `try a catch b` and `a?`. An error ends `a`, and its value is the input of `b`. */
export function buildTry(node: AstNode<"try">, scope: Scope | undefined, build: Build): Code {
  const body = build(node.body, scope);
  const handler = node.handler && build(node.handler, scope).run;
  return {
    run(input, path, env, emit) {
      const { depth } = meter;
      let within = true;
      try {
        return body.run(input, path, env, (value, at) => {
          within = false;
          const signal = emit(value, at);
          within = true;
          return signal;
        });
      } catch (error) {
        if (!within || !(error instanceof Raised)) throw error;
        meter.depth = depth;
        spendCatch();
        return handler === undefined ? GO : handler(error.value, path && NO_PATH, env, emit);
      }
    },
  };
}

/** Compiles `label $out | a`. A `break $out` in `a` ends `a`. */
export function buildLabel(node: AstNode<"label">, scope: Scope | undefined, build: Build): Code {
  const body = build(node.body, declare(scope, "label", node.name)).run;
  return {
    run(input, path, env, emit) {
      const { depth } = meter;
      const label: Label = {};
      try {
        return body(input, path, extend(env, label), emit);
      } catch (error) {
        if (!(error instanceof Break) || error.label !== label) throw error;
        meter.depth = depth;
        spendCatch();
        return GO;
      }
    },
  };
}

/** Compiles `break $out`. */
export function buildBreak(node: AstNode<"break">, scope: Scope | undefined, refuse: Refuse): Code {
  const label = find(scope, "label", node.name);
  if (label === undefined) return refuse(`undefined label "$${node.name}"`, node.at);
  const env = reach(scope, label);
  return {
    run(_input, _path, inner) {
      throw new Break(env(inner)!.value as Label);
    },
  };
}

/** A `break`, thrown to its label. It is not a signal, because the fast forms have none. */
class Break {
  readonly label: Label;

  constructor(label: Label) {
    this.label = label;
  }
}
