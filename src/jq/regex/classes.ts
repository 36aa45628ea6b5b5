/**
 * Sets of characters: classes in brackets, their short forms, and the properties of Unicode.
 *
 * @module
 */

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

/** The set of a POSIX bracket, or undefined. */
export function posixSet(name: string): CharTest | undefined {
  return Object.hasOwn(names, name) ? toTest(name, names[name]!) : undefined;
}

/** The set of a property, which is a POSIX one, a category or a script; or undefined. */
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
      // Not of this kind; the next may fit.
    }
  }
  return undefined;
}

/** Everything else. */
export function not(test: CharTest): CharTest {
  return (point) => !test(point);
}

/** A set that also has what differs from its members in case only. */
export function foldingSet(test: CharTest): CharTest {
  return (point) => {
    if (test(point)) return true;
    const char = String.fromCodePoint(point);
    return test(fold(point)) || test(char.toUpperCase().codePointAt(0)!) ||
      test(char.toLowerCase().codePointAt(0)!);
  };
}

/** What stands for a code point and all that differ from it in case only. */
export function fold(point: number): number {
  if (point < 0x80) return point >= 65 && point <= 90 ? point + 32 : point;
  const upper = String.fromCodePoint(point).toUpperCase();
  // More than one character (as of ß) is not what a single one can match.
  const single = upper.length === (upper.codePointAt(0)! > 0xffff ? 2 : 1);
  return single ? upper.toLowerCase().codePointAt(0)! : point;
}

/** The same set, with the answers for ASCII known beforehand. */
export function withTable(test: CharTest): CharTest {
  const table = Uint8Array.from({ length: 128 }, (_, point) => test(point) ? 1 : 0);
  return (point) => point < 128 ? table[point] === 1 : test(point);
}

/** By the engine's own tables, one character at a time, where nothing can go on for long. */
function toTest(name: string, pattern: string): CharTest {
  let test = known.get(name);
  if (test === undefined) {
    const regex = new RegExp(`^${pattern}$`, "u");
    test = withTable((point) => regex.test(String.fromCodePoint(point)));
    known.set(name, test);
  }
  return test;
}
