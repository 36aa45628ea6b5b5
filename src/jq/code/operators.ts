/**
 * The operators that compute a value from two: arithmetic and comparison. The right side's outputs come in the outer
 * loop, the left one's in the inner, as in jq.
 *
 * @module
 */

import type { Ast, AstNode, BinaryOperator } from "../syntax/ast.ts";
import { add, divide, modulo, multiply, negate, subtract } from "../values/arithmetic.ts";
import type { Json } from "../values/json.ts";
import { compare, equals } from "../values/order.ts";
import { type Code, computed, generated, type One } from "./code.ts";
import type { Build, Scope } from "./scope.ts";

/** What each operator computes. */
export const operations: Readonly<Record<BinaryOperator, (a: Json, b: Json) => Json>> = {
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": divide,
  "%": modulo,
  "==": equals,
  "!=": (a, b) => !equals(a, b),
  "<": (a, b) => compare(a, b) < 0,
  "<=": (a, b) => compare(a, b) <= 0,
  ">": (a, b) => compare(a, b) > 0,
  ">=": (a, b) => compare(a, b) >= 0,
};

/** `a + b`, `a == b`, … */
export function buildBinary(node: AstNode<"binary">, scope: Scope | undefined, build: Build): Code {
  const operation = operations[node.operator];
  const left = build(node.left, scope);
  const right = build(node.right, scope);
  if (left.one !== undefined && right.one !== undefined) {
    return computed(
      quick(node.operator, left.one, node.right) ?? pair(operation, left.one, right.one),
    );
  }
  return generated((input, env, give) =>
    right.run(
      input,
      undefined,
      env,
      (b) => left.run(input, undefined, env, (a) => give(operation(a, b))),
    )
  );
}

/** `-a` */
export function buildNegate(node: AstNode<"negate">, scope: Scope | undefined, build: Build): Code {
  const { one, run } = build(node.operand, scope);
  if (one !== undefined) return computed((input, env) => negate(one(input, env)));
  return generated((input, env, give) =>
    run(input, undefined, env, (value) => give(negate(value)))
  );
}

function pair(operation: (a: Json, b: Json) => Json, left: One, right: One): One {
  return (input, env) => {
    const b = right(input, env);
    return operation(left(input, env), b);
  };
}

/** A comparison with a constant, which is what most filters are: no call, no look at types. */
function quick(operator: BinaryOperator, left: One, right: Ast): One | undefined {
  if (right.kind !== "literal") return undefined;
  const b = right.value;
  if (typeof b === "object" && b !== null) return undefined;
  // To compare with a long text is a cost, which `equals` counts.
  if (typeof b === "string" && b.length > 64) return undefined;
  switch (operator) {
    case "==":
      return (input, env) => left(input, env) === b;
    case "!=":
      return (input, env) => left(input, env) !== b;
  }
  if (typeof b !== "number") return undefined;
  switch (operator) {
    case "<":
      return orElse(left, (a) => a < b, (a) => compare(a, b) < 0);
    case "<=":
      return orElse(left, (a) => a <= b, (a) => compare(a, b) <= 0);
    case ">":
      return orElse(left, (a) => a > b, (a) => compare(a, b) > 0);
    case ">=":
      return orElse(left, (a) => a >= b, (a) => compare(a, b) >= 0);
    default:
      return undefined;
  }
}

/** By the quick way where the value is a number, of which only `nan` would be ordered otherwise. */
function orElse(left: One, quick: (a: number) => boolean, slow: (a: Json) => boolean): One {
  return (input, env) => {
    const a = left(input, env);
    return typeof a === "number" && a === a ? quick(a) : slow(a);
  };
}
