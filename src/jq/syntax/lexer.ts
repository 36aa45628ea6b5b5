/**
 * The words of a program. A string is read in pieces, when the parser asks for them, because it may have programs in it.
 *
 * @module
 */

import { JqCompileError, type JqPosition } from "../errors.ts";

/** The kind of a word. `quote` is the `"` that begins a string. */
export type TokenKind =
  | "number"
  | "quote"
  | "word"
  | "keyword"
  | "field"
  | "variable"
  | "format"
  | "symbol"
  | "end";

/** A word. `text` is without the leading `.`, `$` or `@`. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const keywords: ReadonlySet<string> = new Set(
  ("def as if then elif else end and or reduce foreach try catch label break import include " +
    "module __loc__").split(" "),
);

const blank = /(?:[ \t\r\n]|#(?:\\(?:\r\n|[\s\S])|[^\n\\])*)*/y;
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const name = /[a-zA-Z_]\w*(?:::[a-zA-Z_]\w*)*/y;
const symbols =
  /\?\/\/|\/\/=|\.\.|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|[.[\](){}|,:;=<>+\-*/%?]/y;
const plain = /[^"\\]+/y;

/** Reads the words of a source, from its beginning to its end. */
export class Lexer {
  readonly source: string;
  #at = 0;
  #next: Token | undefined;

  constructor(source: string) {
    this.source = source;
  }

  /** The next word, which is not taken. */
  peek(): Token {
    return this.#next ??= this.#read();
  }

  /** Takes the next word. */
  take(): Token {
    const token = this.peek();
    this.#next = undefined;
    return token;
  }

  /** Whether the next word is this symbol or keyword. */
  is(text: string): boolean {
    const { kind, text: found } = this.peek();
    return found === text && (kind === "symbol" || kind === "keyword");
  }

  /** Takes the next word if it is this symbol or keyword. */
  accept(text: string): boolean {
    const found = this.is(text);
    if (found) this.#next = undefined;
    return found;
  }

  /** Shortens the next word to its beginning; the rest is the word after it. */
  split(text: string): void {
    this.#next = { kind: "symbol", text, at: this.#next!.at };
    this.#at = this.#next.at + text.length;
  }

  /** Takes the next word; fails if it is not this symbol or keyword. */
  expect(text: string): void {
    if (!this.accept(text)) this.refuse(`"${text}"`);
  }

  /** Fails, with what was expected instead of the next word. */
  refuse(expected: string): never {
    const { kind, text, at } = this.peek();
    this.fail(
      `expected ${expected}, got ${kind === "end" ? "the end" : `"${shownText(kind, text)}"`}`,
      at,
    );
  }

  /** Fails, with a reason and the offset in the source. */
  fail(reason: string, at: number): never {
    throw new JqCompileError(reason, positionOf(this.source, at));
  }

  /**
   * Takes a piece of a string. The word before it was a `quote`, or the `)` of an interpolation.
   *
   * @returns The text up to the next interpolation or the end of the string, and whether an interpolation follows.
   */
  takeText(): { readonly text: string; readonly interpolates: boolean } {
    const begin = this.#at;
    let text = "";
    for (;;) {
      text += this.#match(plain);
      if (this.#at >= this.source.length) this.fail(`expected a closing '"', got the end`, begin);
      const mark = this.source[this.#at++];
      if (mark === '"') return { text, interpolates: false };
      const escape = this.source[this.#at++];
      if (escape === "(") return { text, interpolates: true };
      text += this.#unescape(escape);
    }
  }

  #unescape(escape: string | undefined): string {
    const at = this.#at - 2;
    const simple = escape === undefined ? -1 : '"\\/bfnrt'.indexOf(escape);
    if (simple >= 0) return '"\\/\b\f\n\r\t'[simple]!;
    if (escape !== "u") this.fail(`expected an escape, got "\\${escape ?? ""}"`, at);
    const unit = this.#hex();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    // A surrogate is a character only together with its other half.
    if (unit < 0xdc00 && this.source.startsWith("\\u", this.#at)) {
      this.#at += 2;
      const low = this.#hex();
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(unit, low);
    }
    return this.fail("expected a pair of surrogates", at);
  }

  #hex(): number {
    const digits = this.source.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("expected four hexadecimal digits", this.#at);
    this.#at += 4;
    return parseInt(digits, 16);
  }

  #read(): Token {
    this.#match(blank);
    const at = this.#at;
    const char = this.source[at];
    if (char === undefined) return { kind: "end", text: "", at };
    if (char === '"') {
      this.#at++;
      return { kind: "quote", text: char, at };
    }
    const digits = this.#match(number);
    if (digits !== "") return { kind: "number", text: digits, at };
    const word = this.#match(name);
    if (word !== "") return { kind: keywords.has(word) ? "keyword" : "word", text: word, at };
    if (char === "." || char === "$" || char === "@") {
      this.#at++;
      const named = this.#match(name);
      if (named !== "") return { kind: prefixed[char], text: named, at };
      this.#at = at;
    }
    const symbol = this.#match(symbols);
    if (symbol === "") this.fail(`expected a term, got "${char}"`, at);
    return { kind: "symbol", text: symbol, at };
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}

/** The line and column of an offset. */
export function positionOf(source: string, at: number): JqPosition {
  const before = source.slice(0, at).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

const prefixed = { ".": "field", "$": "variable", "@": "format" } as const;

function shownText(kind: TokenKind, text: string): string {
  const mark = kind === "field" ? "." : kind === "variable" ? "$" : kind === "format" ? "@" : "";
  return mark + text;
}
