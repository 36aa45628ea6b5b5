/**
 * Parses programs and expressions, by precedence climbing with jq's table of operators.
 *
 * @module
 */

import { ExactNumber, negateExact } from "../values/exact-number.ts";
import type { Ast, BinaryOperator, Definition, UpdateOperator } from "./ast.ts";
import { parsePatterns } from "./patterns.ts";
import { Reader } from "./reader.ts";
import { parseTerm } from "./terms.ts";

/** How tightly an operator binds; and to which side operators of one level group, if they may stand together. */
interface Precedence {
  readonly level: number;
  readonly side: "left" | "right" | "none";
}

const assigns: Precedence = { level: 4, side: "none" };
const compares: Precedence = { level: 7, side: "none" };
const adds: Precedence = { level: 8, side: "left" };
const multiplies: Precedence = { level: 9, side: "left" };

const operators: ReadonlyMap<string, Precedence> = new Map<string, Precedence>([
  ["|", { level: 1, side: "right" }],
  [",", { level: 2, side: "left" }],
  ["//", { level: 3, side: "right" }],
  ...["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="].map((o) => [o, assigns] as const),
  ["or", { level: 5, side: "left" }],
  ["and", { level: 6, side: "left" }],
  ...["==", "!=", "<", "<=", ">", ">="].map((o) => [o, compares] as const),
  ["+", adds],
  ["-", adds],
  ...["*", "/", "%"].map((o) => [o, multiplies] as const),
]);

const named = { "|": "pipe", ",": "comma", "//": "alternative", "or": "or", "and": "and" } as const;

/**
 * Reads a whole program.
 *
 * @throws {JqCompileError} If the source is not a program.
 */
export function parseProgram(source: string): Ast {
  const reader = new ExpressionReader(source);
  for (const word of ["module", "import", "include"]) {
    if (reader.is(word)) {
      reader.fail(`"${word}" has no meaning here, as there are no modules`, reader.peek().at);
    }
  }
  const program = reader.readExpression();
  if (reader.peek().kind !== "end") reader.refuse("an operator or the end");
  return program;
}

/** Reads a source that is one definition: `def name: body;`. */
export function parseDefinition(source: string): Definition {
  return readDefinition(new ExpressionReader(source));
}

class ExpressionReader extends Reader {
  /** Reads an expression with operators of this level or a higher one; at level 1, with any. */
  override readExpression(level = 1): Ast {
    let left = parseOperand(this);
    for (;;) {
      const { kind, text } = this.peek();
      const operator = kind === "symbol" || kind === "keyword" ? operators.get(text) : undefined;
      if (operator === undefined || operator.level < level) return left;
      this.take();
      const right = this.readExpression(
        operator.side === "right" ? operator.level : operator.level + 1,
      );
      left = combine(text, left, right);
      if (operator.side === "none" && operators.get(this.peek().text) === operator) {
        this.refuse("an operator that binds otherwise");
      }
    }
  }
}

/** Reads `def name(parameters): body;`. */
function readDefinition(reader: ExpressionReader): Definition {
  reader.expect("def");
  const { kind, text: name } = reader.peek();
  if (kind !== "word" && kind !== "keyword") reader.refuse("the name of a filter");
  reader.take();
  const parameters: string[] = [];
  if (reader.accept("(")) {
    do {
      const { kind, text } = reader.peek();
      if (kind === "variable") parameters.push(`$${text}`);
      else if (kind === "word" || kind === "keyword") parameters.push(text);
      else reader.refuse("a parameter");
      reader.take();
    } while (reader.accept(";"));
    reader.expect(")");
  }
  reader.expect(":");
  const body = reader.readExpression();
  reader.expect(";");
  return { name, parameters, body };
}

function combine(operator: string, left: Ast, right: Ast): Ast {
  if (operator in named) return { kind: named[operator as keyof typeof named], left, right };
  if (operators.get(operator) === assigns) {
    return { kind: "update", operator: operator as UpdateOperator, left, right };
  }
  return { kind: "binary", operator: operator as BinaryOperator, left, right };
}

/** Reads an operand: a term, `-x`, `x as $y | …`, `def f: …; …` or `label $x | …`. */
function parseOperand(reader: ExpressionReader): Ast {
  if (reader.accept("-")) {
    const operand = reader.readExpression(multiplies.level);
    if (operand.kind === "literal") {
      const { kind, value } = operand;
      if (typeof value === "number") return { kind, value: -value };
      if (value instanceof ExactNumber) return { kind, value: negateExact(value) };
    }
    return { kind: "negate", operand };
  }
  if (reader.is("def")) {
    const definition = readDefinition(reader);
    return { kind: "define", definition, body: reader.readExpression() };
  }
  if (reader.accept("label")) {
    const { kind, text: name } = reader.peek();
    if (kind !== "variable") reader.refuse("a label such as $out");
    reader.take();
    reader.expect("|");
    return { kind: "label", name, body: reader.readExpression() };
  }
  const term = parseTerm(reader);
  if (!reader.accept("as")) return term;
  const patterns = parsePatterns(reader);
  reader.expect("|");
  return { kind: "bind", source: term, patterns, body: reader.readExpression() };
}
