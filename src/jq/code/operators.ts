/**
 * The operators that compute one value from two: arithmetic and comparison. The outputs of the right side are the outer
 * loop, those of the left side the inner loop, as in jq.
 *
 * @module
 */

import type { Ast, AstNode, BinaryOperator } from "../syntax/ast.ts";
import { add, divide, modulo, multiply, negate, subtract } from "../values/arithmetic.ts";
import type { Json } from "../values/json.ts";
import { compare, equals } from "../values/order.ts";
import { type Code, computed, generated, type One } from "./code.ts";
import type { Build, Scope } from "./scope.ts";

/** The function of each operator. */
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

/** Compiles `a + b`, `a == b` and so on. */
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

/** Compiles `-a`. */
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

/** A comparison with a constant, without a call where possible: most filters are one. Undefined for other operators. */
function quick(operator: BinaryOperator, left: One, right: Ast): One | undefined {
  if (right.kind !== "literal") return undefined;
  const b = right.value;
  if (typeof b === "object" && b !== null) return undefined;
  // `equals` counts the cost of a comparison with a long text.
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

/** Uses `quick` for a number, except for `nan`, which JavaScript and jq order differently. */
function orElse(left: One, quick: (a: number) => boolean, slow: (a: Json) => boolean): One {
  return (input, env) => {
    const a = left(input, env);
    return typeof a === "number" && a === a ? quick(a) : slow(a);
  };
}
