/**
 * Parses the patterns after `as`: `$x`, `[$a, {b: $c}]`, and alternatives with `?//`.
 *
 * @module
 */

import type { Ast, Pattern, PatternMember } from "./ast.ts";
import type { Reader } from "./reader.ts";
import { parseText } from "./text.ts";

/** Reads one pattern, or several with `?//` between them. */
export function parsePatterns(reader: Reader): Pattern[] {
  const patterns = [parsePattern(reader)];
  while (reader.accept("?//")) patterns.push(parsePattern(reader));
  return patterns;
}

function parsePattern(reader: Reader): Pattern {
  if (reader.accept("[")) {
    const items = [parsePattern(reader)];
    while (reader.accept(",")) items.push(parsePattern(reader));
    reader.expect("]");
    return { kind: "array", items };
  }
  if (reader.accept("{")) {
    const members = [parsePatternMember(reader)];
    while (reader.accept(",")) members.push(parsePatternMember(reader));
    reader.expect("}");
    return { kind: "object", members };
  }
  const { kind, text: name } = reader.peek();
  if (kind !== "variable") reader.refuse('a variable, "[" or "{"');
  reader.take();
  return { kind: "variable", name };
}

function parsePatternMember(reader: Reader): PatternMember {
  const { kind, text } = reader.peek();
  if (kind === "variable") {
    reader.take();
    const pattern = reader.accept(":") ? parsePattern(reader) : undefined;
    return { key: { kind: "literal", value: text }, name: text, pattern };
  }
  const key = parseKey(reader);
  reader.expect(":");
  return { key, name: undefined, pattern: parsePattern(reader) };
}

function parseKey(reader: Reader): Ast {
  const { kind, text } = reader.peek();
  if (kind === "word" || kind === "keyword") {
    reader.take();
    return { kind: "literal", value: text };
  }
  if (kind === "quote" || kind === "format") return parseText(reader);
  if (!reader.accept("(")) reader.refuse("a key");
  const key = reader.readExpression();
  reader.expect(")");
  return key;
}
