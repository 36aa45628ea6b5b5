/**
 * Parses regular expressions, in the syntax that jq uses with Oniguruma, which is that of Perl.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spend, spendSteps } from "../meter.ts";
import {
  type CharTest,
  fold,
  foldingSet,
  not,
  posixSet,
  propertySet,
  withTable,
} from "./classes.ts";
import type { Anchor, ParsedRegex, RegexNode, RegexOptions } from "./tree.ts";

/** The deepest nesting that an expression may have. */
const maxDepth = 200;
const maxRepeat = 100_000;

/** What the table of a set costs. */
const bracketSteps = 50;

/** Reads an expression. A mistake in it is an error that the program may catch. */
export function parseRegex(source: string, options: RegexOptions): ParsedRegex {
  return new Parser(source).parse(options);
}

const wordSet = posixSet("word")!;
const spaceSet = posixSet("space")!;
const digitSet = posixSet("digit")!;

const shortSets: Readonly<Record<string, CharTest>> = {
  d: digitSet,
  D: not(digitSet),
  s: spaceSet,
  S: not(spaceSet),
  w: wordSet,
  W: not(wordSet),
};

const controls: Readonly<Record<string, number>> = {
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  a: 7,
  e: 27,
};

const anchors: Readonly<Record<string, Anchor>> = {
  A: "start",
  Z: "end",
  z: "veryEnd",
  b: "word",
  B: "noWord",
  G: "from",
};

class Parser {
  readonly #source: string;
  readonly #names: (string | null)[] = [];
  /** References are resolved at the end, because one may stand before its group. */
  readonly #references: { readonly name: string; readonly groups: number[] }[] = [];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(options: RegexOptions): ParsedRegex {
    const node = this.#choice(options);
    if (this.#at < this.#source.length) refuse("unmatched close parenthesis");
    for (const { name, groups } of this.#references) {
      if (/^\d+$/.test(name)) {
        if (Number(name) > this.#names.length) refuse("invalid backref number/name");
        groups.push(Number(name) - 1);
      } else {
        spendSteps(this.#names.length);
        this.#names.forEach((found, index) => found === name && groups.push(index));
        if (groups.length === 0) refuse(`undefined name <${name}> reference`);
      }
    }
    return { node, names: this.#names };
  }

  #choice(outer: RegexOptions): RegexNode {
    if (++this.#depth > maxDepth) refuse("too deep nest level");
    let options = outer;
    const choices: RegexNode[] = [];
    let parts: RegexNode[] = [];
    while (this.#at < this.#source.length && this.#source[this.#at] !== ")") {
      if (this.#accept("|")) {
        choices.push({ kind: "sequence", parts });
        parts = [];
        continue;
      }
      if (options.extended && this.#match(/(?:\s+|#[^\n]*)+/y) !== undefined) continue;
      const changed = this.#match(/\(\?[imsx]*(?:-[imsx]*)?\)/y);
      if (changed !== undefined) {
        options = changeOptions(options, changed);
        continue;
      }
      const part = this.#repeated(options);
      if (part !== undefined) parts.push(part);
    }
    this.#depth--;
    choices.push({ kind: "sequence", parts });
    return choices.length === 1 ? choices[0]! : { kind: "choice", parts: choices };
  }

  #repeated(options: RegexOptions): RegexNode | undefined {
    let node = this.#atom(options);
    for (;;) {
      if (options.extended) this.#match(/(?:\s+|#[^\n]*)+/y);
      const found = this.#match(/([*+?]|\{\d+(?:,\d*)?\})([?+]?)/y);
      if (found === undefined) return node;
      if (node === undefined) return refuse("target of repeat operator is not specified");
      if (isZeroWidth(node)) refuse("target of repeat operator is invalid");
      const brace = found.startsWith("{") ? found.lastIndexOf("}") : 0;
      const [min, max] = limitsOf(found.slice(0, brace + 1));
      const mark = found[brace + 1];
      if (min > maxRepeat || (max > maxRepeat && max !== Infinity)) {
        refuse("too big number for repeat range");
      }
      if (max < min) refuse("upper is smaller than lower in repeat range");
      // `{1,2}+` is a repeat of a repeat. Only `*+`, `++` and `?+` are possessive.
      const mode = mark === "?" ? "lazy" : mark === "+" && brace === 0 ? "possessive" : "greedy";
      node = { kind: "repeat", body: node, min, max, mode };
      if (mark === "+" && brace > 0) {
        node = { kind: "repeat", body: node, min: 1, max: Infinity, mode };
      }
    }
  }

  #atom(options: RegexOptions): RegexNode | undefined {
    const char = this.#take();
    switch (char) {
      case "(":
        return this.#group(options);
      case "[":
        return { kind: "set", test: this.#brackets(options) };
      case ".":
        return { kind: "set", test: options.dotAll ? () => true : (point) => point !== 10 };
      case "^":
        return { kind: "anchor", at: options.lines ? "lineStart" : "start" };
      case "$":
        return { kind: "anchor", at: options.lines ? "lineEnd" : "end" };
      case "\\":
        return this.#escape(options);
      case "*":
      case "+":
      case "?":
        return refuse("target of repeat operator is not specified");
      default:
        return { kind: "char", point: char.codePointAt(0)!, folds: options.ignoreCase };
    }
  }

  #group(options: RegexOptions): RegexNode | undefined {
    if (this.#match(/\?#[^)]*\)/y) !== undefined) return undefined;
    if (this.#match(/\?:/y) !== undefined) return this.#close(options);
    if (this.#match(/\?>/y) !== undefined) return { kind: "atomic", body: this.#close(options) };
    const look = this.#match(/\?<?[=!]/y);
    if (look !== undefined) {
      const body = this.#close(options);
      return { kind: "look", body, behind: look.includes("<"), negative: look.endsWith("!") };
    }
    const changed = this.#match(/\?[imsx]*(?:-[imsx]*)?:/y);
    if (changed !== undefined) return this.#close(changeOptions(options, changed));
    const name = this.#match(/\?(?:<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/y);
    if (name === undefined && this.#source[this.#at] === "?") refuse("undefined group option");
    const index = this.#names.push(name === undefined ? null : name.slice(2, -1)) - 1;
    return { kind: "group", body: this.#close(options), index };
  }

  #close(options: RegexOptions): RegexNode {
    const body = this.#choice(options);
    if (!this.#accept(")")) refuse("end pattern with unmatched parenthesis");
    return body;
  }

  #escape(options: RegexOptions): RegexNode | undefined {
    const rest = this.#source.slice(this.#at);
    if (rest === "") refuse("end pattern at escape");
    const anchor = Object.hasOwn(anchors, rest[0]!) ? anchors[rest[0]!] : undefined;
    if (anchor !== undefined) {
      this.#at++;
      return { kind: "anchor", at: anchor };
    }
    if (this.#accept("K")) return { kind: "keep" };
    if (this.#accept("N")) return { kind: "set", test: (point) => point !== 10 };
    if (this.#accept("R")) return lineBreak;
    if (this.#accept("Q")) return this.#quoted(options);
    const reference = this.#match(/[1-9]\d*|k<\w+>|k'\w+'/y);
    if (reference !== undefined) {
      const name = reference.startsWith("k") ? reference.slice(2, -1) : reference;
      const groups: number[] = [];
      this.#references.push({ name, groups });
      return { kind: "reference", groups, folds: options.ignoreCase };
    }
    if (/^g[<']/.test(rest)) refuse("subexpression calls are not supported");
    const item = this.#classItem();
    return typeof item === "number"
      ? { kind: "char", point: item, folds: options.ignoreCase }
      : { kind: "set", test: item };
  }

  #quoted(options: RegexOptions): RegexNode {
    const end = this.#source.indexOf("\\E", this.#at);
    const text = this.#source.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#source.length : end + 2;
    const parts = Array.from(text, (char) => ({
      kind: "char" as const,
      point: char.codePointAt(0)!,
      folds: options.ignoreCase,
    }));
    return { kind: "sequence", parts };
  }

  /** Reads what follows a backslash, inside or outside of brackets: a character or a set. */
  #classItem(): number | CharTest {
    const property = this.#match(/[pP]\{[^}]{0,64}\}/y);
    if (property !== undefined) {
      const name = property.slice(2, -1);
      const set = propertySet(name.replace("^", ""));
      if (set === undefined) return refuse(`invalid character property name {${name}}`);
      return (property[0] === "P") !== name.startsWith("^") ? not(set) : set;
    }
    const hex = this.#match(/x\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{1,2}/y);
    if (hex !== undefined) {
      const point = parseInt(hex.replace(/[x{}]/g, ""), 16);
      return point > 0x10ffff ? refuse("too big wide-char value") : point;
    }
    const octal = this.#match(/0[0-7]{0,2}/y);
    if (octal !== undefined) return parseInt(octal, 8);
    const control = this.#match(/c[^]/y);
    if (control !== undefined) return control.charCodeAt(1) & 31;
    const char = this.#take();
    if (Object.hasOwn(shortSets, char)) return shortSets[char]!;
    return Object.hasOwn(controls, char) ? controls[char]! : char.codePointAt(0)!;
  }

  #brackets(options: RegexOptions): CharTest {
    spendSteps(bracketSteps);
    const negative = this.#accept("^");
    const tests: CharTest[] = [];
    for (let isFirst = true;; isFirst = false) {
      if (this.#at >= this.#source.length) refuse("premature end of char-class");
      if (!isFirst && this.#accept("]")) break;
      const from = this.#bracketItem();
      if (typeof from === "function") {
        tests.push(from);
        continue;
      }
      if (this.#match(/-(?!\])/y) === undefined) {
        tests.push((point) => point === from);
        continue;
      }
      const to = this.#bracketItem();
      if (typeof to === "function") return refuse("char-class value at end of range");
      if (to < from) refuse("empty range in char class");
      tests.push((point) => point >= from && point <= to);
    }
    const any: CharTest = (point) => {
      spend(tests.length);
      return tests.some((test) => test(point));
    };
    const set = withTable(options.ignoreCase ? foldingSet(any) : any);
    return negative ? not(set) : set;
  }

  #bracketItem(): number | CharTest {
    const posix = this.#match(/\[:\^?\w+:\]/y);
    if (posix !== undefined) {
      const set = posixSet(posix.replace(/\W/g, ""));
      if (set === undefined) return refuse("invalid POSIX bracket type");
      return posix[2] === "^" ? not(set) : set;
    }
    if (this.#at >= this.#source.length) refuse("premature end of char-class");
    if (this.#accept("\\")) return this.#accept("b") ? 8 : this.#classItem();
    return this.#take().codePointAt(0)!;
  }

  #take(): string {
    if (this.#at >= this.#source.length) refuse("end pattern at escape");
    const char = String.fromCodePoint(this.#source.codePointAt(this.#at)!);
    this.#at += char.length;
    return char;
  }

  #accept(char: string): boolean {
    const found = this.#source[this.#at] === char;
    if (found) this.#at++;
    return found;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

const lineBreak: RegexNode = {
  kind: "atomic",
  body: {
    kind: "choice",
    parts: [
      {
        kind: "sequence",
        parts: [{ kind: "char", point: 13, folds: false }, {
          kind: "char",
          point: 10,
          folds: false,
        }],
      },
      {
        kind: "set",
        test: (point) =>
          (point >= 10 && point <= 13) || point === 0x85 || point === 0x2028 || point === 0x2029,
      },
    ],
  },
};

/** Whether a node never takes a character, so that to repeat it is a mistake. To repeat an empty group is none. */
function isZeroWidth(node: RegexNode): boolean {
  if (node.kind === "choice") return node.parts.some(isZeroWidth);
  if (node.kind === "sequence") return node.parts.length === 1 && isZeroWidth(node.parts[0]!);
  return node.kind === "anchor" || node.kind === "look";
}

/** Whether two code points are the same, or different in case only. */
export function sameFold(a: number, b: number): boolean {
  return a === b || fold(a) === fold(b);
}

function limitsOf(mark: string): [min: number, max: number] {
  switch (mark) {
    case "*":
      return [0, Infinity];
    case "+":
      return [1, Infinity];
    case "?":
      return [0, 1];
    default: {
      const [min, max] = mark.slice(1, -1).split(",");
      return [Number(min), max === undefined ? Number(min) : max === "" ? Infinity : Number(max)];
    }
  }
}

function changeOptions(options: RegexOptions, letters: string): RegexOptions {
  const [on = "", off = ""] = letters.split("-");
  const decide = (letter: string, before: boolean) =>
    on.includes(letter) ? true : off.includes(letter) ? false : before;
  return {
    ignoreCase: decide("i", options.ignoreCase),
    extended: decide("x", options.extended),
    dotAll: decide("s", options.dotAll),
    lines: decide("m", options.lines),
  };
}

function refuse(reason: string): never {
  fail(`Regex failure: ${reason}`);
}
