/**
 * The formats, such as `@base64`: they write a value as text, alone or in the interpolations of a string.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkString, spend, spendSteps } from "../meter.ts";
import { isNumber } from "../values/exact-number.ts";
import { hasParts, isArray, type Json } from "../values/json.ts";
import { describe, numberText, toJson, toText } from "../values/text.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The function of each format, by its name without `@`. */
export const formats: ReadonlyMap<string, (value: Json) => string> = new Map([
  ["text", toText],
  ["json", toJson],
  ["csv", (value) => row(value, "csv", ",", (text) => `"${escapeMark(text, '"', '""')}"`)],
  ["tsv", (value) => row(value, "tsv", "\t", (text) => replace(text, tabEscapes))],
  ["html", (value) => replace(toText(value), htmlEscapes)],
  ["uri", (value) => toUri(toText(value))],
  ["sh", (value) => {
    const words = isArray(value) ? value : [value];
    spendSteps(words.length);
    return words.map(quoteForShell).join(" ");
  }],
  ["base64", (value) => toBase64(toBytes(toText(value)))],
  ["base64d", (value) => fromBase64(toText(value), value)],
  ["base32", (value) => toBase32(toBytes(toText(value)))],
  ["base32d", (value) => fromBase32(toText(value), value)],
]);

const htmlEscapes: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  "'": "&apos;",
  '"': "&quot;",
};

const tabEscapes: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\\": "\\\\",
};

function replace(text: string, escapes: Readonly<Record<string, string>>): string {
  spend(text.length << 2);
  return text.replace(/[<>&'"\t\n\r\\]/g, (char) => escapes[char] ?? char);
}

function row(
  value: Json,
  format: string,
  separator: string,
  quote: (text: string) => string,
): string {
  if (!isArray(value)) {
    return fail(`${describe(value)} cannot be ${format}-formatted, only array`);
  }
  spendSteps(value.length);
  return value.map((cell) => {
    if (typeof cell === "string") return quote(cell);
    if (isNumber(cell)) return cell !== cell ? "" : numberText(cell);
    if (typeof cell === "boolean") return `${cell}`;
    return cell === null ? "" : fail(`${describe(cell)} is not valid in a csv row`);
  }).join(separator);
}

/** What each byte becomes in a URI. */
const uriBytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[\w.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

function toUri(text: string): string {
  const bytes = toBytes(text);
  let encoded = "";
  for (const byte of bytes) encoded += uriBytes[byte];
  return encoded;
}

/** Escapes a quotation mark in a cell or word. */
function escapeMark(text: string, mark: string, escaped: string): string {
  spend(text.length << 2);
  return text.replaceAll(mark, escaped);
}

function quoteForShell(value: Json): string {
  if (hasParts(value)) {
    fail(`${describe(value)} can not be escaped for shell`);
  }
  return typeof value === "string" ? `'${escapeMark(value, "'", "'\\''")}'` : toText(value);
}

/** The bytes of a text in UTF-8. Counts the cost of what each of them is made into. */
function toBytes(text: string): Uint8Array {
  spendSteps(8 + (text.length >> 1));
  return encoder.encode(text);
}

function toBase64(bytes: Uint8Array): string {
  checkString(bytes.length * 4 / 3);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function fromBase64(text: string, value: Json): string {
  spendSteps(12 + (text.length >> 1));
  // An incomplete last group of four is decoded as far as possible.
  const digits = withoutPadding(text);
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
  if (/[^A-Za-z0-9+/]/.test(digits) || (whole === "" && digits !== "")) {
    const isCut = whole === "" && /^[A-Za-z0-9+/]$/.test(digits);
    return fail(
      `${describe(value)} ${isCut ? "trailing base64 byte found" : "is not valid base64 data"}`,
    );
  }
  return decoder.decode(Uint8Array.from(atob(whole), (char) => char.charCodeAt(0)));
}

/** Without a regular expression: on many `=` in a row its time would grow with their square. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "=") end--;
  return text.slice(0, end);
}

const base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function toBase32(bytes: Uint8Array): string {
  spendSteps(8 + bytes.length);
  let encoded = "";
  for (let at = 0; at < bytes.length; at += 5) {
    let bits = 0n;
    for (let i = 0; i < 5; i++) bits = bits << 8n | BigInt(bytes[at + i] ?? 0);
    const digits = Math.ceil(Math.min(5, bytes.length - at) * 8 / 5);
    for (let i = 0; i < 8; i++) {
      encoded += i < digits ? base32Digits[Number(bits >> BigInt(35 - 5 * i) & 31n)] : "=";
    }
  }
  return encoded;
}

function fromBase32(text: string, value: Json): string {
  spendSteps(12 + (text.length >> 1));
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const char of withoutPadding(text)) {
    const digit = base32Digits.indexOf(char);
    if (digit < 0) fail(`${describe(value)} is not valid base32 data`);
    bits = (bits << 5 | digit) & 0xfff;
    count += 5;
    if (count >= 8) bytes.push(bits >> (count -= 8) & 0xff);
  }
  return decoder.decode(Uint8Array.from(bytes));
}
