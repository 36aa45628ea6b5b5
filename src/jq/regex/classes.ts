/**
 * Sets of characters: classes in brackets, their short forms, and the properties of Unicode.
 *
 * @module
 */

import { spendSteps, tick } from "../meter.ts";

/** Whether a code point is in the set. */
export type CharTest = (point: number) => boolean;

const names: Readonly<Record<string, string>> = {
  alnum: "[\\p{Alphabetic}\\p{Nd}]",
  alpha: "\\p{Alphabetic}",
  any: "[^]",
  ascii: "[\\0-\\x7f]",
  blank: "[\\t\\p{Zs}]",
  cntrl: "\\p{Cc}",
  digit: "\\p{Nd}",
  graph: "[^\\p{White_Space}\\p{Cc}\\p{Cn}\\p{Cs}]",
  lower: "\\p{Lowercase}",
  print: "[^\\p{Cc}\\p{Cn}\\p{Cs}]",
  punct: "[\\p{P}$+<=>^`|~]",
  space: "\\p{White_Space}",
  upper: "\\p{Uppercase}",
  word: "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]",
  xdigit: "[0-9A-Fa-f]",
};

const known = new Map<string, CharTest>();

/** The set of a POSIX bracket such as `alpha`; undefined if there is none of the name. */
export function posixSet(name: string): CharTest | undefined {
  return Object.hasOwn(names, name) ? toTest(name, names[name]!) : undefined;
}

/** The set of a property: a POSIX bracket, a category or a script; undefined if there is none of the name. */
export function propertySet(name: string): CharTest | undefined {
  const plain = name.replace(/[ _-]/g, "").toLowerCase();
  const posix = posixSet(plain);
  if (posix !== undefined) return posix;
  const title = name.replace(
    /(^|[ _-])([a-z])/g,
    (_, gap, letter) => (gap && "_") + letter.toUpperCase(),
  );
  for (const pattern of [name, title, `Script=${title}`]) {
    if (!/^\w+(=\w+)?$/.test(pattern)) continue;
    try {
      return toTest(pattern, `\\p{${pattern}}`);
    } catch {
      // It is no property of this kind; the next may be.
    }
  }
  return undefined;
}

/** The set of all other code points. */
export function not(test: CharTest): CharTest {
  return (point) => !test(point);
}

/** A set with all code points that are different from its members in case only. */
export function foldingSet(test: CharTest): CharTest {
  return (point) => {
    if (test(point)) return true;
    const char = String.fromCodePoint(point);
    return test(fold(point)) || test(char.toUpperCase().codePointAt(0)!) ||
      test(char.toLowerCase().codePointAt(0)!);
  };
}

/** One code point for all that are different in case only. */
export function fold(point: number): number {
  if (point < 0x80) return point >= 65 && point <= 90 ? point + 32 : point;
  spendSteps(2);
  const upper = String.fromCodePoint(point).toUpperCase();
  // An upper case of several characters, as that of ß, cannot be matched by one.
  const single = upper.length === (upper.codePointAt(0)! > 0xffff ? 2 : 1);
  return single ? upper.toLowerCase().codePointAt(0)! : point;
}

/** A text with one code point for all that are different in case only. */
export function foldText(text: string): string {
  return Array.from(text, (char) => String.fromCodePoint(fold(char.codePointAt(0)!))).join("");
}

/** The same set, with a table of the answers for ASCII. Counts the cost of an answer that is not in it. */
export function withTable(test: CharTest): CharTest {
  const table = Uint8Array.from({ length: 128 }, (_, point) => test(point) ? 1 : 0);
  return (point) => {
    if (point < 128) return table[point] === 1;
    tick();
    return test(point);
  };
}

/** Makes a set from a pattern of the runtime's engine, which then sees one character at a time and is fast. */
function toTest(name: string, pattern: string): CharTest {
  let test = known.get(name);
  if (test === undefined) {
    const regex = new RegExp(`^${pattern}$`, "u");
    test = withTable((point) => regex.test(String.fromCodePoint(point)));
    known.set(name, test);
  }
  return test;
}
