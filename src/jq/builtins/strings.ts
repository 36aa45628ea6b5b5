/**
 * Builtins on strings, except those with regular expressions.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkString, spend, spendSteps, tick } from "../meter.ts";
import { add, splitText } from "../values/arithmetic.ts";
import { isNumber, toDouble } from "../values/exact-number.ts";
import { itemsOf } from "../values/items.ts";
import { isArray, type Json } from "../values/json.ts";
import { fromJson } from "../values/from-json.ts";
import { describe, toJson, toText, utf8Length } from "../values/text.ts";
import type { ValueRow } from "./row.ts";

/** The builtins of this file. */
export const strings: Readonly<Record<string, ValueRow>> = {
  "tojson/0": toJson,
  "tostring/0": toText,
  "fromjson/0": (input) =>
    typeof input === "string"
      ? fromJson(input)
      : fail(`${describe(input)} only strings can be parsed`),
  "tonumber/0": toNumber,
  "utf8bytelength/0": (input) =>
    typeof input === "string"
      ? utf8Length(input)
      : fail(`${describe(input)} only strings have UTF-8 byte length`),
  "startswith/1": (input, part) => both("startswith", input, part, (a, b) => a.startsWith(b)),
  "endswith/1": (input, part) => both("endswith", input, part, (a, b) => a.endsWith(b)),
  "ltrimstr/1": (input, part) =>
    typeof input === "string" && typeof part === "string" && input.startsWith(part)
      ? input.slice(part.length)
      : input,
  "rtrimstr/1": (input, part) =>
    typeof input === "string" && typeof part === "string" && part !== "" && input.endsWith(part)
      ? input.slice(0, -part.length)
      : input,
  "trim/0": (input) => trim(input, true, true),
  "ltrim/0": (input) => trim(input, true, false),
  "rtrim/0": (input) => trim(input, false, true),
  "ascii_downcase/0": (input) => changeCase(input, /[A-Z]+/g, (text) => text.toLowerCase()),
  "ascii_upcase/0": (input) => changeCase(input, /[a-z]+/g, (text) => text.toUpperCase()),
  "explode/0": explode,
  "implode/0": implode,
  "split/1": (input, separator) =>
    typeof input === "string" && typeof separator === "string"
      ? splitText(input, separator)
      : fail("split input and separator must be strings"),
  "join/1": join,
  "ascii/0": (input) => implode([input]),
};

function both(
  name: string,
  input: Json,
  part: Json,
  test: (a: string, b: string) => boolean,
): boolean {
  return typeof input === "string" && typeof part === "string"
    ? test(input, part)
    : fail(`${name}() requires string inputs`);
}

function toNumber(input: Json): Json {
  if (isNumber(input)) return input;
  if (typeof input !== "string") return fail(`${describe(input)} cannot be parsed as a number`);
  const value = fromJson(input);
  return isNumber(value) || value === null
    ? value
    : fail(`${describe(input)} cannot be parsed as a number`);
}

function trim(input: Json, atStart: boolean, atEnd: boolean): Json {
  if (typeof input !== "string") return fail(`${describe(input)} cannot be trimmed`);
  let start = 0;
  let end = input.length;
  while (atStart && start < end && isBlank(input.charCodeAt(start))) start++;
  while (atEnd && end > start && isBlank(input.charCodeAt(end - 1))) end--;
  return input.slice(start, end);
}

/** Whether a UTF-16 unit is white space, as C decides it for Latin-1. */
function isBlank(unit: number): boolean {
  return (unit >= 9 && unit <= 13) || unit === 32 || unit === 0x85 || unit === 0xa0;
}

function changeCase(input: Json, letters: RegExp, change: (text: string) => string): Json {
  if (typeof input !== "string") return fail("explode input must be a string");
  spendSteps(2 + (input.length >> 2));
  return input.replace(letters, change);
}

function explode(input: Json): Json {
  if (typeof input !== "string") return fail("explode input must be a string");
  spend(input.length << 3);
  return Array.from(input, (char) => char.codePointAt(0)!);
}

function implode(input: Json): Json {
  if (!isArray(input)) return fail("implode input must be an array");
  spend(input.length << 3);
  let text = "";
  for (const item of input) {
    if (!isNumber(item)) {
      return fail(`${describe(item)} can't be imploded, unicode codepoint needs to be numeric`);
    }
    const point = toDouble(item);
    const isChar = point >= 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    text += isChar ? String.fromCodePoint(Math.floor(point)) : "\ufffd";
  }
  return text;
}

function join(input: Json, separator: Json): Json {
  let text: Json = null;
  for (const item of itemsOf(input)) {
    tick();
    const shown = isNumber(item) || typeof item === "boolean" ? toText(item) : item ?? "";
    text = add(text === null ? "" : add(text, separator), shown);
    if (typeof text === "string") checkString(text.length);
  }
  return text ?? "";
}
