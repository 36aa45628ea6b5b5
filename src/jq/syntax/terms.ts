/**
 * Parses terms: the operands between operators, with the `.key`, `[…]` and `?` behind them.
 *
 * @module
 */

import { readNumber } from "../values/exact-number.ts";
import type { AccessNode, Ast, Member } from "./ast.ts";
import { positionOf } from "./lexer.ts";
import { parsePatterns } from "./patterns.ts";
import type { Reader } from "./reader.ts";
import { literal, parseText } from "./text.ts";

const identityNode: Ast = { kind: "identity" };
const constants = { __proto__: null, null: null, true: true, false: false } as const;

/** Reads a term with its suffixes. */
export function parseTerm(reader: Reader): Ast {
  let term = parsePlain(reader);
  for (;;) {
    if (reader.peek().kind === "field") {
      term = withQuestionMark(reader, stepTo(term, literal(reader.take().text)));
    } else if (reader.is("[")) {
      term = withQuestionMark(reader, parseBrackets(reader, term));
    } else if (reader.accept("?")) {
      term = { kind: "try", body: term, handler: undefined };
    } else if (reader.is("?//")) {
      // `?//` is one word in patterns only; here it is `?` and then `//`.
      reader.split("?");
    } else if (reader.is(".")) {
      reader.take();
      term = withQuestionMark(reader, parseAfterDot(reader, term));
    } else return term;
  }
}

/** Reads the `?` behind an access, if there is one. In `.a.b?` only the access to `b` is optional. */
function withQuestionMark(reader: Reader, step: AccessNode): Ast {
  if (reader.is("?//")) reader.split("?");
  return reader.accept("?") ? { ...step, isOptional: true } : step;
}

function parsePlain(reader: Reader): Ast {
  const { kind, text, at } = reader.peek();
  switch (kind) {
    case "number":
      reader.take();
      return literal(readNumber(text));
    case "quote":
    case "format":
      return parseText(reader);
    case "field":
      reader.take();
      return withQuestionMark(reader, stepTo(identityNode, literal(text)));
    case "variable":
      reader.take();
      return text === "__loc__" ? locate(reader, at) : { kind: "variable", name: text, at };
    case "word":
      reader.take();
      if (text in constants && !reader.is("(")) return literal(constants[text as "null"]);
      return { kind: "call", name: text, args: parseArguments(reader), at };
    case "keyword":
      return parseKeyword(reader);
    case "symbol":
      return parseSymbol(reader);
    default:
      return reader.refuse("a term");
  }
}

function parseSymbol(reader: Reader): Ast {
  if (reader.accept("..")) return { kind: "call", name: "recurse", args: [], at: 0 };
  if (reader.accept(".")) {
    const { kind } = reader.peek();
    if (kind !== "quote" && kind !== "format" && !reader.is("[")) return identityNode;
    return withQuestionMark(reader, parseAfterDot(reader, identityNode));
  }
  if (reader.accept("(")) {
    const inner = reader.readExpression();
    reader.expect(")");
    return inner;
  }
  if (reader.accept("[")) {
    if (reader.accept("]")) return { kind: "array", items: undefined };
    const items = reader.readExpression();
    reader.expect("]");
    return { kind: "array", items };
  }
  return reader.accept("{") ? parseObject(reader) : reader.refuse("a term");
}

function parseKeyword(reader: Reader): Ast {
  if (reader.accept("if")) return parseIf(reader);
  if (reader.accept("try")) {
    const body = parsePostTry(reader);
    return {
      kind: "try",
      body,
      handler: reader.accept("catch") ? parsePostTry(reader) : undefined,
    };
  }
  if (reader.accept("reduce")) {
    const { source, patterns } = parseLoop(reader);
    const init = reader.readExpression();
    reader.expect(";");
    const update = reader.readExpression();
    reader.expect(")");
    return { kind: "reduce", source, patterns, init, update };
  }
  if (reader.accept("foreach")) {
    const { source, patterns } = parseLoop(reader);
    const init = reader.readExpression();
    reader.expect(";");
    const update = reader.readExpression();
    const extract = reader.accept(";") ? reader.readExpression() : undefined;
    reader.expect(")");
    return { kind: "foreach", source, patterns, init, update, extract };
  }
  if (reader.accept("break")) {
    const { kind, text: name, at } = reader.peek();
    if (kind !== "variable") reader.refuse("a label such as $out");
    reader.take();
    return { kind: "break", name, at };
  }
  // jq takes these two after `try` too.
  return reader.is("def") || reader.is("label") ? reader.readExpression() : reader.refuse("a term");
}

function parsePostTry(reader: Reader): Ast {
  if (!reader.accept("-")) return parseTerm(reader);
  return { kind: "negate", operand: parsePostTry(reader) };
}

function parseLoop(reader: Reader) {
  const source = parseTerm(reader);
  reader.expect("as");
  const patterns = parsePatterns(reader);
  reader.expect("(");
  return { source, patterns };
}

function parseIf(reader: Reader): Ast {
  const condition = reader.readExpression();
  reader.expect("then");
  const then = reader.readExpression();
  let otherwise: Ast = identityNode;
  if (reader.accept("elif")) otherwise = parseIf(reader);
  else {
    if (reader.accept("else")) otherwise = reader.readExpression();
    if (!reader.accept("end")) reader.refuse('"elif", "else" or "end"');
  }
  return { kind: "if", condition, then, otherwise };
}

function parseArguments(reader: Reader): Ast[] {
  const args: Ast[] = [];
  if (!reader.accept("(")) return args;
  do args.push(reader.readExpression()); while (reader.accept(";"));
  reader.expect(")");
  return args;
}

function parseAfterDot(reader: Reader, target: Ast): AccessNode {
  const { kind } = reader.peek();
  if (kind === "quote" || kind === "format") return stepTo(target, parseText(reader));
  return reader.is("[") ? parseBrackets(reader, target) : reader.refuse('a key, a string or "["');
}

function parseBrackets(reader: Reader, target: Ast): AccessNode {
  reader.expect("[");
  if (reader.accept("]")) return { kind: "iterate", target, isOptional: false };
  const from = reader.is(":") ? undefined : reader.readExpression();
  if (!reader.accept(":")) {
    reader.expect("]");
    return stepTo(target, from!);
  }
  const to = from !== undefined && reader.is("]") ? undefined : reader.readExpression();
  reader.expect("]");
  return { kind: "slice", target, from, to, isOptional: false };
}

function parseObject(reader: Reader): Ast {
  const members: Member[] = [];
  while (!reader.accept("}")) {
    members.push(parseObjectMember(reader));
    if (!reader.accept(",") && !reader.is("}")) reader.refuse('"," or "}"');
  }
  return { kind: "object", members };
}

function parseObjectMember(reader: Reader): Member {
  const { kind, text, at } = reader.peek();
  if (kind === "variable") {
    reader.take();
    const value: Ast = text === "__loc__"
      ? locate(reader, at)
      : { kind: "variable", name: text, at };
    if (!reader.accept(":")) return { key: literal(text), value };
    return { key: value, value: parseMemberValue(reader) };
  }
  if (reader.accept("(")) {
    const key = reader.readExpression();
    reader.expect(")");
    reader.expect(":");
    if (key.kind === "literal" && typeof key.value !== "string") {
      reader.fail(`expected a string as a key, got ${JSON.stringify(key.value)}`, at);
    }
    return { key, value: parseMemberValue(reader) };
  }
  let key: Ast;
  if (kind === "word" || kind === "keyword") key = literal(reader.take().text);
  else if (kind === "quote" || kind === "format") key = parseText(reader);
  else return reader.refuse("a key");
  if (key.kind === "format") reader.refuse("a string");
  return reader.accept(":")
    ? { key, value: parseMemberValue(reader) }
    : { key, value: stepTo(identityNode, key) };
}

/** Reads terms with `|` between them. A comma ends the member; any other operator needs parentheses. */
function parseMemberValue(reader: Reader): Ast {
  const left: Ast = reader.accept("-")
    ? { kind: "negate", operand: parseMemberValue(reader) }
    : parseTerm(reader);
  return reader.accept("|") ? { kind: "pipe", left, right: parseMemberValue(reader) } : left;
}

function stepTo(target: Ast, key: Ast): AccessNode {
  return { kind: "index", target, key, isOptional: false };
}

function locate(reader: Reader, at: number): Ast {
  return literal({ file: "<top-level>", line: positionOf(reader.source, at).line });
}
