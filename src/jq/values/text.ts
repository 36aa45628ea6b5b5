/**
 * Values as text: what `tojson` writes, and the shortened form that error messages quote.
 *
 * @module
 */

import { checkString, spendMembers, tick } from "../meter.ts";
import { isArray, type Json, type JsonObject, typeOf } from "./json.ts";

/** The compact JSON text, members in the order they have. */
export function toJson(value: Json): string {
  const text = write(value, 0);
  checkString(text.length);
  return text;
}

/** A string as it is, anything else as JSON. */
export function toText(value: Json): string {
  return typeof value === "string" ? value : toJson(value);
}

/**
 * A number as jq writes it: the shortest digits that read back, with an exponent where plain digits would need more than
 * fifteen zeros. JSON has no infinity, so the largest double stands for it, and null for `nan`.
 */
export function numberText(value: number): string {
  if (value !== value) return "null";
  if (value === Infinity) return "1.7976931348623157e+308";
  if (value === -Infinity) return "-1.7976931348623157e+308";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return Object.is(value, -0) ? "-0" : `${value}`;
  }
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  const point = Number(exponent) + 1;
  if (point <= -4 || point > digits.length + 15) {
    const shown = Math.abs(point - 1).toString().padStart(2, "0");
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${point > 0 ? "+" : "-"}${shown}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, "0");
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A value with its type, for a message: `string ("1234567890...)`. */
export function describe(value: Json): string {
  return `${typeOf(value)} (${shorten(value)})`;
}

/** At most so many bytes of a value's JSON, the last three of them dots where it is longer. */
export function shorten(value: Json, bytes = 14): string {
  const text = preview(value, bytes + 1);
  let size = 0;
  let kept = "";
  for (const char of text) {
    size += utf8Length(char);
    if (size > bytes) return `${kept}...`;
    if (size <= bytes - 3) kept += char;
  }
  return text;
}

/** The beginning of a value's JSON, somewhat longer than asked for: a failing filter must not write whole payloads. */
function preview(value: Json, length: number): string {
  if (length <= 0) return "";
  if (typeof value === "string") {
    return value.length > length ? quote(value.slice(0, length)).slice(0, -1) : quote(value);
  }
  if (typeof value !== "object" || value === null) return write(value, 0);
  let text = "";
  const more = (name: string, item: Json) => {
    text += `${text === "" ? "" : ","}${name}`;
    text += preview(item, length - text.length);
    return text.length > length;
  };
  if (isArray(value)) {
    value.some((item) => more("", item));
    return `[${text}]`;
  }
  const keys = Object.keys(value);
  spendMembers(keys.length);
  keys.some((key) => more(`${preview(key, length)}:`, value[key]!));
  return `{${text}}`;
}

/** How many bytes a string has in UTF-8. */
export function utf8Length(text: string): number {
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) size += 1;
    else if (unit < 0x800) size += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      size += 4;
      i++;
    } else size += 3;
  }
  return size;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

// By hand and not with JSON.stringify: numbers differ, and a value that shares its parts may be far larger as text than
// it is in memory, so that each part has to count.
function write(value: Json, length: number): string {
  tick();
  checkString(length);
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "true" : "false";
    default:
      if (value === null || value === undefined) return "null";
      return isArray(value) ? writeArray(value, length) : writeObject(value, length);
  }
}

function writeArray(array: readonly Json[], length: number): string {
  let text = "[";
  for (let i = 0; i < array.length; i++) {
    if (i > 0) text += ",";
    text += write(array[i]!, length + text.length);
  }
  return `${text}]`;
}

function writeObject(object: JsonObject, length: number): string {
  let text = "{";
  for (const key of Object.keys(object)) {
    if (text.length > 1) text += ",";
    text += `${quote(key)}:`;
    text += write(object[key]!, length + text.length);
  }
  return `${text}}`;
}

/** As JSON.stringify, but for DEL, which jq escapes too. */
function quote(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.includes("\x7f") ? quoted.replaceAll("\x7f", "\\u007f") : quoted;
}
