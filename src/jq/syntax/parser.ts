/**
 * Programs and expressions, by precedence climbing over jq's own table.
 *
 * @module
 */

import type { Ast, BinaryOperator, Definition, UpdateOperator } from "./ast.ts";
import { Lexer } from "./lexer.ts";
import { parsePatterns } from "./patterns.ts";
import { parseTerm } from "./terms.ts";

/** How tightly an operator binds, and to which side equal ones lean. */
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

/** Reads a whole program. */
export function parseProgram(source: string): Ast {
  const lexer = new Lexer(source);
  for (const word of ["module", "import", "include"]) {
    if (lexer.is(word)) {
      lexer.fail(`"${word}" has no meaning here, as there are no modules`, lexer.peek().at);
    }
  }
  const program = parseExpression(lexer);
  if (lexer.peek().kind !== "end") lexer.refuse("an operator or the end");
  return program;
}

/** Reads an expression whose operators bind at least so tightly; 1 is any. */
export function parseExpression(lexer: Lexer, level = 1): Ast {
  let left = parseOperand(lexer);
  for (;;) {
    const { kind, text } = lexer.peek();
    const operator = kind === "symbol" || kind === "keyword" ? operators.get(text) : undefined;
    if (operator === undefined || operator.level < level) return left;
    lexer.take();
    const right = parseExpression(
      lexer,
      operator.side === "right" ? operator.level : operator.level + 1,
    );
    left = combine(text, left, right);
    if (operator.side === "none" && operators.get(lexer.peek().text) === operator) {
      lexer.refuse("an operator that binds otherwise");
    }
  }
}

/** `def name(parameters): body;` */
export function parseDefinition(lexer: Lexer): Definition {
  lexer.expect("def");
  const { kind, text: name } = lexer.peek();
  if (kind !== "word" && kind !== "keyword") lexer.refuse("the name of a filter");
  lexer.take();
  const parameters: string[] = [];
  if (lexer.accept("(")) {
    do {
      const { kind, text } = lexer.peek();
      if (kind === "variable") parameters.push(`$${text}`);
      else if (kind === "word" || kind === "keyword") parameters.push(text);
      else lexer.refuse("a parameter");
      lexer.take();
    } while (lexer.accept(";"));
    lexer.expect(")");
  }
  lexer.expect(":");
  const body = parseExpression(lexer);
  lexer.expect(";");
  return { name, parameters, body };
}

function combine(operator: string, left: Ast, right: Ast): Ast {
  if (operator in named) return { kind: named[operator as keyof typeof named], left, right };
  if (operators.get(operator) === assigns) {
    return { kind: "update", operator: operator as UpdateOperator, left, right };
  }
  return { kind: "binary", operator: operator as BinaryOperator, left, right };
}

/** A term with what binds it to the rest: `-x`, `x as $y | …`, `def f: …; …`, `label $x | …`. */
function parseOperand(lexer: Lexer): Ast {
  if (lexer.accept("-")) {
    const operand = parseExpression(lexer, multiplies.level);
    return operand.kind === "literal" && typeof operand.value === "number"
      ? { kind: "literal", value: -operand.value }
      : { kind: "negate", operand };
  }
  if (lexer.is("def")) {
    const definition = parseDefinition(lexer);
    return { kind: "define", definition, body: parseExpression(lexer) };
  }
  if (lexer.accept("label")) {
    const { kind, text: name } = lexer.peek();
    if (kind !== "variable") lexer.refuse("a label such as $out");
    lexer.take();
    lexer.expect("|");
    return { kind: "label", name, body: parseExpression(lexer) };
  }
  const term = parseTerm(lexer);
  if (!lexer.accept("as")) return term;
  const patterns = parsePatterns(lexer);
  lexer.expect("|");
  return { kind: "bind", source: term, patterns, body: parseExpression(lexer) };
}
