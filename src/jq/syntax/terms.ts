/**
 * Terms: what stands between operators, with the `.key`, `[…]` and `?` that follow it.
 *
 * @module
 */

import { positionOf } from "./lexer.ts";
import type { Ast, Member, Step } from "./ast.ts";
import type { Lexer } from "./lexer.ts";
import type { Json } from "../values/json.ts";
import { parseExpression } from "./parser.ts";
import { parsePatterns } from "./patterns.ts";

const identity: Ast = { kind: "identity" };
const constants = { __proto__: null, null: null, true: true, false: false } as const;

/** A term and its suffixes. */
export function parseTerm(lexer: Lexer): Ast {
  let term = parsePlain(lexer);
  for (;;) {
    if (lexer.peek().kind === "field") {
      term = optional(lexer, stepTo(term, literal(lexer.take().text)));
    } else if (lexer.is("[")) {
      term = optional(lexer, parseBrackets(lexer, term));
    } else if (lexer.accept("?")) {
      term = { kind: "try", body: term, handler: undefined };
    } else if (lexer.is("?//")) {
      // Outside of patterns these are two words, however close they stand.
      lexer.split("?");
    } else if (lexer.is(".")) {
      lexer.take();
      term = optional(lexer, parseAfterDot(lexer, term));
    } else return term;
  }
}

/** A string, with a format before it or without: `"a\(.b)"`, `@base64 "\(.c)"`. */
export function parseText(lexer: Lexer): Ast {
  const { kind, text, at } = lexer.peek();
  const format = kind === "format" ? lexer.take().text : "text";
  if (lexer.peek().kind !== "quote") {
    return kind === "format" ? { kind: "format", format: text, at } : lexer.refuse("a string");
  }
  lexer.take();
  const parts: (string | Ast)[] = [];
  for (;;) {
    const { text, interpolates } = lexer.takeText();
    if (text !== "") parts.push(text);
    if (!interpolates) break;
    parts.push(parseExpression(lexer));
    lexer.expect(")");
  }
  if (parts.every((part) => typeof part === "string")) return literal(parts.join(""));
  return { kind: "text", format, parts, at };
}

/** `.a.b?` forgives the step to `b`, and not the way to where it starts. */
function optional(lexer: Lexer, step: Step): Ast {
  if (lexer.is("?//")) lexer.split("?");
  return lexer.accept("?") ? { ...step, forgives: true } : step;
}

function parsePlain(lexer: Lexer): Ast {
  const { kind, text, at } = lexer.peek();
  switch (kind) {
    case "number":
      lexer.take();
      return literal(Number(text));
    case "quote":
    case "format":
      return parseText(lexer);
    case "field":
      lexer.take();
      return optional(lexer, stepTo(identity, literal(text)));
    case "variable":
      lexer.take();
      return text === "__loc__" ? locate(lexer, at) : { kind: "variable", name: text, at };
    case "word":
      lexer.take();
      if (text in constants && !lexer.is("(")) return literal(constants[text as "null"]);
      return { kind: "call", name: text, args: parseArguments(lexer), at };
    case "keyword":
      return parseKeyword(lexer);
    case "symbol":
      return parseSymbol(lexer);
    default:
      return lexer.refuse("a term");
  }
}

function parseSymbol(lexer: Lexer): Ast {
  if (lexer.accept("..")) return { kind: "call", name: "recurse", args: [], at: 0 };
  if (lexer.accept(".")) {
    const { kind } = lexer.peek();
    if (kind !== "quote" && kind !== "format" && !lexer.is("[")) return identity;
    return optional(lexer, parseAfterDot(lexer, identity));
  }
  if (lexer.accept("(")) {
    const inner = parseExpression(lexer);
    lexer.expect(")");
    return inner;
  }
  if (lexer.accept("[")) {
    if (lexer.accept("]")) return { kind: "array", items: undefined };
    const items = parseExpression(lexer);
    lexer.expect("]");
    return { kind: "array", items };
  }
  return lexer.accept("{") ? parseObject(lexer) : lexer.refuse("a term");
}

function parseKeyword(lexer: Lexer): Ast {
  if (lexer.accept("if")) return parseIf(lexer);
  if (lexer.accept("try")) {
    const body = parsePostTry(lexer);
    return { kind: "try", body, handler: lexer.accept("catch") ? parsePostTry(lexer) : undefined };
  }
  if (lexer.accept("reduce")) {
    const { source, patterns } = parseLoop(lexer);
    const init = parseExpression(lexer);
    lexer.expect(";");
    const update = parseExpression(lexer);
    lexer.expect(")");
    return { kind: "reduce", source, patterns, init, update };
  }
  if (lexer.accept("foreach")) {
    const { source, patterns } = parseLoop(lexer);
    const init = parseExpression(lexer);
    lexer.expect(";");
    const update = parseExpression(lexer);
    const extract = lexer.accept(";") ? parseExpression(lexer) : undefined;
    lexer.expect(")");
    return { kind: "foreach", source, patterns, init, update, extract };
  }
  if (lexer.accept("break")) {
    const { kind, text: name, at } = lexer.peek();
    if (kind !== "variable") lexer.refuse("a label such as $out");
    lexer.take();
    return { kind: "break", name, at };
  }
  // What else may begin an operand may stand in a `try` too.
  return lexer.is("def") || lexer.is("label") ? parseExpression(lexer) : lexer.refuse("a term");
}

function parsePostTry(lexer: Lexer): Ast {
  if (!lexer.accept("-")) return parseTerm(lexer);
  return { kind: "negate", operand: parsePostTry(lexer) };
}

function parseLoop(lexer: Lexer) {
  const source = parseTerm(lexer);
  lexer.expect("as");
  const patterns = parsePatterns(lexer);
  lexer.expect("(");
  return { source, patterns };
}

function parseIf(lexer: Lexer): Ast {
  const condition = parseExpression(lexer);
  lexer.expect("then");
  const then = parseExpression(lexer);
  let otherwise: Ast = identity;
  if (lexer.accept("elif")) otherwise = parseIf(lexer);
  else {
    if (lexer.accept("else")) otherwise = parseExpression(lexer);
    if (!lexer.accept("end")) lexer.refuse('"elif", "else" or "end"');
  }
  return { kind: "if", condition, then, otherwise };
}

function parseArguments(lexer: Lexer): Ast[] {
  const args: Ast[] = [];
  if (!lexer.accept("(")) return args;
  do args.push(parseExpression(lexer)); while (lexer.accept(";"));
  lexer.expect(")");
  return args;
}

function parseAfterDot(lexer: Lexer, target: Ast): Step {
  const { kind } = lexer.peek();
  if (kind === "quote" || kind === "format") return stepTo(target, parseText(lexer));
  return lexer.is("[") ? parseBrackets(lexer, target) : lexer.refuse('a key, a string or "["');
}

function parseBrackets(lexer: Lexer, target: Ast): Step {
  lexer.expect("[");
  if (lexer.accept("]")) return { kind: "iterate", target, forgives: false };
  const from = lexer.is(":") ? undefined : parseExpression(lexer);
  if (!lexer.accept(":")) {
    lexer.expect("]");
    return stepTo(target, from!);
  }
  const to = from !== undefined && lexer.is("]") ? undefined : parseExpression(lexer);
  lexer.expect("]");
  return { kind: "slice", target, from, to, forgives: false };
}

function parseObject(lexer: Lexer): Ast {
  const members: Member[] = [];
  while (!lexer.accept("}")) {
    members.push(parseMember(lexer));
    if (!lexer.accept(",") && !lexer.is("}")) lexer.refuse('"," or "}"');
  }
  return { kind: "object", members };
}

function parseMember(lexer: Lexer): Member {
  const { kind, text, at } = lexer.peek();
  if (kind === "variable") {
    lexer.take();
    const value: Ast = text === "__loc__"
      ? locate(lexer, at)
      : { kind: "variable", name: text, at };
    if (!lexer.accept(":")) return { key: literal(text), value };
    return { key: value, value: parseMemberValue(lexer) };
  }
  if (lexer.accept("(")) {
    const key = parseExpression(lexer);
    lexer.expect(")");
    lexer.expect(":");
    if (key.kind === "literal" && typeof key.value !== "string") {
      lexer.fail(`expected a string as a key, got ${JSON.stringify(key.value)}`, at);
    }
    return { key, value: parseMemberValue(lexer) };
  }
  let key: Ast;
  if (kind === "word" || kind === "keyword") key = literal(lexer.take().text);
  else if (kind === "quote" || kind === "format") key = parseText(lexer);
  else return lexer.refuse("a key");
  if (key.kind === "format") lexer.refuse("a string");
  return lexer.accept(":")
    ? { key, value: parseMemberValue(lexer) }
    : { key, value: stepTo(identity, key) };
}

/** Terms joined by `|`: a comma ends the member, and any other operator needs parentheses. */
function parseMemberValue(lexer: Lexer): Ast {
  const left: Ast = lexer.accept("-")
    ? { kind: "negate", operand: parseMemberValue(lexer) }
    : parseTerm(lexer);
  return lexer.accept("|") ? { kind: "pipe", left, right: parseMemberValue(lexer) } : left;
}

function stepTo(target: Ast, key: Ast): Step {
  return { kind: "index", target, key, forgives: false };
}

function locate(lexer: Lexer, at: number): Ast {
  return literal({ file: "<top-level>", line: positionOf(lexer.source, at).line });
}

function literal(value: Json): Ast {
  return { kind: "literal", value };
}
