/**
 * Strings with parts to fill in, and the formats before them.
 *
 * @module
 */

import type { Json } from "../values/json.ts";
import type { Ast } from "./ast.ts";
import type { Reader } from "./reader.ts";

/** A string, with a format before it or without: `"a\(.b)"`, `@base64 "\(.c)"`. */
export function parseText(reader: Reader): Ast {
  const { kind, text, at } = reader.peek();
  const format = kind === "format" ? reader.take().text : "text";
  if (reader.peek().kind !== "quote") {
    return kind === "format" ? { kind: "format", format: text, at } : reader.refuse("a string");
  }
  reader.take();
  const parts: (string | Ast)[] = [];
  for (;;) {
    const { text, interpolates } = reader.takeText();
    if (text !== "") parts.push(text);
    if (!interpolates) break;
    parts.push(reader.readExpression());
    reader.expect(")");
  }
  if (parts.every((part) => typeof part === "string")) return literal(parts.join(""));
  return { kind: "text", format, parts, at };
}

/** The node of a constant. */
export function literal(value: Json): Ast {
  return { kind: "literal", value };
}
