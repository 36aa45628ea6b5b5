/**
 * Compiles a tree to closures: one case for each kind of node.
 *
 * @module
 */

import { refuseVariable } from "../builtins/refused.ts";
import { callBuiltin, formats } from "../builtins/table.ts";
import { JqCompileError } from "../errors.ts";
import { checkString, spendText } from "../meter.ts";
import { positionOf } from "../syntax/lexer.ts";
import type { Ast } from "../syntax/ast.ts";
import type { Json } from "../values/json.ts";
import { buildBind } from "./bind.ts";
import { type Code, computed } from "./code.ts";
import { buildArray, buildObject, buildText } from "./construct.ts";
import {
  buildAlternative,
  buildBreak,
  buildComma,
  buildIf,
  buildLabel,
  buildLogic,
  buildPipe,
  buildTry,
  constant,
  identity,
} from "./flow.ts";
import { buildCall, buildDefine, buildParameterCall, buildVariable } from "./functions.ts";
import { buildForeach, buildReduce } from "./loops.ts";
import { buildBinary, buildNegate } from "./operators.ts";
import { type Build, find, type Scope } from "./scope.ts";
import { buildAccess } from "./access.ts";
import { buildUpdate } from "./updates.ts";

/**
 * Compiles a tree.
 *
 * @param program The tree.
 * @param source The text that it was read from; error messages need it to tell line and column.
 * @param outer What is in scope from the start.
 * @throws {JqCompileError} If a name is unknown, or has no meaning here.
 */
export function compileTree(program: Ast, source: string, outer: Scope | undefined): Code {
  const library = new Map<string, Scope>();

  function refuse(reason: string, at: number): never {
    throw new JqCompileError(reason, positionOf(source, at));
  }

  const build: Build = (node, scope, isTail = false) => {
    switch (node.kind) {
      case "identity":
        return identity;
      case "literal":
        return constant(node.value);
      case "format":
        return computed(formatOf(node.format, node.at));
      case "text":
        return buildText(node, scope, build, formatOf(node.format, node.at));
      case "index":
      case "slice":
      case "iterate":
        return buildAccess(node, scope, build);
      case "try":
        return buildTry(node, scope, build);
      case "pipe":
        return buildPipe(node, scope, build, isTail);
      case "comma":
        return buildComma(node, scope, build, isTail);
      case "alternative":
        return buildAlternative(node, scope, build, isTail);
      case "and":
      case "or":
        return buildLogic(node, scope, build);
      case "binary":
        return buildBinary(node, scope, build);
      case "update":
        return buildUpdate(node, scope, build);
      case "negate":
        return buildNegate(node, scope, build);
      case "if":
        return buildIf(node, scope, build, isTail);
      case "array":
        return buildArray(node, scope, build);
      case "object":
        return buildObject(node, scope, build);
      case "reduce":
        return buildReduce(node, scope, build);
      case "foreach":
        return buildForeach(node, scope, build);
      case "bind":
        return buildBind(node, scope, build, isTail);
      case "label":
        return buildLabel(node, scope, build);
      case "break":
        return buildBreak(node, scope, refuse);
      case "define":
        return buildDefine(node, scope, build, isTail);
      case "variable": {
        const variable = find(scope, "variable", node.name);
        if (variable === undefined) return refuse(refuseVariable(node.name), node.at);
        return buildVariable(scope, variable);
      }
      case "call":
        return buildAnyCall(node, scope, isTail);
    }
  };

  function buildAnyCall(
    node: Extract<Ast, { readonly kind: "call" }>,
    scope: Scope | undefined,
    isTail: boolean,
  ): Code {
    const name = `${node.name}/${node.args.length}`;
    const found = find(scope, "callable", name) ?? library.get(name);
    if (found === undefined) {
      const builtin = callBuiltin(name, node.args, scope, build, library);
      if (typeof builtin === "string") return refuse(builtin, node.at);
      if (!("kind" in builtin)) return builtin;
      return buildCall(node, scope, builtin, build, isTail);
    }
    return found.kind === "define"
      ? buildCall(node, scope, found, build, isTail)
      : buildParameterCall(scope, found);
  }

  function formatOf(name: string, at: number) {
    const format = formats.get(name) ?? refuse(`undefined format "@${name}"`, at);
    return (value: Json) => {
      if (typeof value === "string") spendText(value);
      const text = format(value);
      checkString(text.length);
      spendText(text);
      return text;
    };
  }

  return build(program, outer);
}
