/**
 * Reads JSON whose numbers keep their digits. Few texts have a number that a double does not keep; all others are read by
 * `JSON.parse` alone.
 *
 * @module
 */

import { ExactNumber, readNumber } from "./exact-number.ts";
import { type Draft, type Json, setMember } from "./json.ts";

/** So many digits in a row, with their point, may be more than a double keeps; also those of a text look so. */
const longRun = 16;

/** A number next to zero, where doubles have fewer digits. */
const tiny = /[eE]-0*[0-9]{3}/;

/** A number that may be one, with what comes before it. A text that consists of digits has its quote there. */
const candidates =
  /(?:^|[\s:,[])(-?[0-9][0-9.]{15,}(?:[eE][+-]?[0-9]+)?|-?[0-9][0-9.]*[eE]-[0-9]+)/g;

/**
 * Whether a text that `JSON.parse` takes has a number that a double does not keep. It may also say so of digits in a
 * text.
 */
export function hasExactNumbers(text: string): boolean {
  if (!hasLongRun(text) && !((text.includes("e-") || text.includes("E-")) && tiny.test(text))) {
    return false;
  }
  for (const [, number] of text.matchAll(candidates)) {
    if (readNumber(number!) instanceof ExactNumber) return true;
  }
  return false;
}

/** Looks at every sixteenth character only, as each long run has one of them: five times as fast as an expression. */
function hasLongRun(text: string): boolean {
  for (let at = longRun - 1; at < text.length; at += longRun) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let start = at;
    while (isDigit(text.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end - start >= longRun) return true;
  }
  return false;
}

/** Whether this is a digit or a point. */
function isDigit(unit: number): boolean {
  return unit <= 0x39 && unit >= 0x2e && unit !== 0x2f;
}

/** Whether this is a part of a number: also a sign or an exponent. */
function isInNumber(unit: number): boolean {
  return isDigit(unit) || unit === 0x2d || unit === 0x65 || unit === 0x45 || unit === 0x2b;
}

/** Reads a text that `JSON.parse` takes, with every digit. Throws `RangeError` for what is nested thousands of levels deep. */
export function readExactJson(text: string): Json {
  return new ExactReader(text).value();
}

const constants: Readonly<Record<string, Json>> = { t: true, f: false, n: null };

/**
 * A reader of its own: a function that `JSON.parse` calls for each number gets to see its digits only on new engines, and
 * what that makes of keys with escapes is not to be relied on.
 */
class ExactReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Json {
    this.#skipSpace();
    const first = this.#text[this.#at]!;
    if (first === '"') return this.#string();
    if (first === "[") return this.#array();
    if (first === "{") return this.#object();
    if (first in constants) {
      this.#at += first === "f" ? 5 : 4;
      return constants[first]!;
    }
    return this.#number();
  }

  #array(): Json {
    const items: Json[] = [];
    for (this.#at++; !this.#ends("]");) items.push(this.value());
    return items;
  }

  #object(): Json {
    const object: Draft = {};
    for (this.#at++; !this.#ends("}");) {
      const key = this.#string();
      this.#skipSpace();
      this.#at++; // The colon.
      setMember(object, key, this.value());
    }
    return object;
  }

  /** Passes over what stands between two items, and tells whether it was the end of them. */
  #ends(end: string): boolean {
    this.#skipSpace();
    const isEnd = this.#text[this.#at] === end;
    if (isEnd || this.#text[this.#at] === ",") this.#at++;
    this.#skipSpace();
    return isEnd;
  }

  #string(): string {
    const start = this.#at;
    let end = start;
    do end = this.#text.indexOf('"', end + 1); while (this.#isEscaped(end));
    this.#at = end + 1;
    const inner = this.#text.slice(start + 1, end);
    return inner.includes("\\") ? JSON.parse(`"${inner}"`) : inner;
  }

  #isEscaped(at: number): boolean {
    let before = at - 1;
    while (this.#text[before] === "\\") before--;
    return (at - before) % 2 === 0;
  }

  #number(): number | ExactNumber {
    const start = this.#at;
    while (isInNumber(this.#text.charCodeAt(this.#at))) this.#at++;
    return readNumber(this.#text.slice(start, this.#at));
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= 0x20) this.#at++;
  }
}
