/**
 * Writes values as text: as `tojson` does, and in the shortened form of error messages.
 *
 * @module
 */

import { checkString, spendMembers, spendSteps, spendText, tick } from "../meter.ts";
import { ExactNumber, exactText } from "./exact-number.ts";
import { hasParts, isArray, type Json, type JsonObject, typeOf } from "./json.ts";

/** Writes a value as JSON, without blanks. */
export function toJson(value: Json): string {
  const text = write(value, 0);
  checkString(text.length);
  return text;
}

/** Writes a string as it is, and any other value as JSON. */
export function toText(value: Json): string {
  return typeof value === "string" ? value : toJson(value);
}

/**
 * Writes a number as jq does: with the fewest digits that read back as the same number, and with an exponent if it would
 * need more than fifteen zeros. An exact one has all its digits. Infinity is written as the largest double, and `nan` as null.
 */
export function numberText(value: number | ExactNumber): string {
  if (typeof value !== "number") {
    const text = exactText(value);
    spendText(text);
    return text;
  }
  if (value !== value) return "null";
  if (value === Infinity) return "1.7976931348623157e+308";
  if (value === -Infinity) return "-1.7976931348623157e+308";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return Object.is(value, -0) ? "-0" : `${value}`;
  }
  spendSteps(4);
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

/** Describes a value in an error message, with its type: `string ("1234567890...)`. */
export function describe(value: Json): string {
  return `${typeOf(value)} (${shorten(value)})`;
}

/**
 * Writes the beginning of a value's JSON.
 *
 * @param value The value.
 * @param bytes The most bytes of the text; of a longer one, the last three are dots.
 */
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

/** Writes the beginning of a value's JSON, at least `length` units of it, but not a whole large value. */
function preview(value: Json, length: number): string {
  if (length <= 0) return "";
  if (typeof value === "string") {
    return value.length > length ? quote(value.slice(0, length)).slice(0, -1) : quote(value);
  }
  if (!hasParts(value)) return write(value, 0);
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

/** How many bytes a text has in UTF-8. */
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

// JSON.stringify writes numbers otherwise. It also cannot count steps, and a value that has one part in many places is far
// larger as text than in memory.
function write(value: Json, length: number): string {
  tick();
  checkString(length);
  switch (typeof value) {
    case "string":
      spendText(value);
      checkString(length + value.length);
      return quote(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "true" : "false";
    default:
      if (value === null || value === undefined) return "null";
      if (value instanceof ExactNumber) return numberText(value);
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

/** Writes a string as JSON.stringify does, and escapes DEL too, as jq does. */
function quote(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.includes("\x7f") ? quoted.replaceAll("\x7f", "\\u007f") : quoted;
}
