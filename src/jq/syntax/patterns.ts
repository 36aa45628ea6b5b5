/**
 * What stands after `as`: `$x`, `[$a, {b: $c}]`, and alternatives of them with `?//`.
 *
 * @module
 */

import type { Ast, Pattern, PatternMember } from "./ast.ts";
import type { Lexer } from "./lexer.ts";
import { parseExpression } from "./parser.ts";
import { parseText } from "./terms.ts";

/** One pattern, or several of which the first that fits is taken. */
export function parsePatterns(lexer: Lexer): Pattern[] {
  const patterns = [parsePattern(lexer)];
  while (lexer.accept("?//")) patterns.push(parsePattern(lexer));
  return patterns;
}

function parsePattern(lexer: Lexer): Pattern {
  if (lexer.accept("[")) {
    const items = [parsePattern(lexer)];
    while (lexer.accept(",")) items.push(parsePattern(lexer));
    lexer.expect("]");
    return { kind: "array", items };
  }
  if (lexer.accept("{")) {
    const members = [parseMember(lexer)];
    while (lexer.accept(",")) members.push(parseMember(lexer));
    lexer.expect("}");
    return { kind: "object", members };
  }
  const { kind, text: name } = lexer.peek();
  if (kind !== "variable") lexer.refuse('a variable, "[" or "{"');
  lexer.take();
  return { kind: "variable", name };
}

function parseMember(lexer: Lexer): PatternMember {
  const { kind, text } = lexer.peek();
  if (kind === "variable") {
    lexer.take();
    const pattern = lexer.accept(":") ? parsePattern(lexer) : undefined;
    return { key: { kind: "literal", value: text }, name: text, pattern };
  }
  const key = parseKey(lexer);
  lexer.expect(":");
  return { key, name: undefined, pattern: parsePattern(lexer) };
}

function parseKey(lexer: Lexer): Ast {
  const { kind, text } = lexer.peek();
  if (kind === "word" || kind === "keyword") {
    lexer.take();
    return { kind: "literal", value: text };
  }
  if (kind === "quote" || kind === "format") return parseText(lexer);
  if (!lexer.accept("(")) lexer.refuse("a key");
  const key = parseExpression(lexer);
  lexer.expect(")");
  return key;
}
