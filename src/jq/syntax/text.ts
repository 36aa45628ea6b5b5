/**
 * Parses strings, with their interpolations, and the formats before them.
 *
 * @module
 */

import type { Json } from "../values/json.ts";
import type { Ast } from "./ast.ts";
import type { Reader } from "./reader.ts";

/** Reads a string, a string with a format, or a format alone: `"a\(.b)"`, `@base64 "\(.c)"`, `@base64`. */
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

/** Makes the node of a constant. */
export function literal(value: Json): Ast {
  return { kind: "literal", value };
}
