/**
 * Reads objects whose keys have escapes, and reads them right on engines that do not. V8 (seen in 13.6 and 15.0, of
 * Node 24 and Deno 2.9) takes such a key for another one that an object of the same beginning had before, if that
 * begins with the same characters as the escape: once `{"a":0,"\\":0}` was read, it reads `{"a":0,"\n":0}` as
 * the same. So whoever sends the one could change what another's keys are; the engine gets to see no such key.
 *
 * @module
 */

import { endOfString, skipSpace } from "./json-text.ts";

const colon = 0x3a;

/** Characters that are none: what no text has, but who wants to be a nuisance. */
const nonCharacters = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i));

/**
 * Reads valid JSON that has such a key; undefined when it has none, or has the stand-ins that would be needed.
 * Throws `RangeError` for what is nested thousands of levels deep.
 */
export function parseEscapedKeys(text: string): unknown {
  const mark = hasEscapedKey(text) && nonCharacters.find((character) => !text.includes(character));
  if (!mark) return undefined;
  const names = new Map<string, string>();
  let plain = "";
  let from = 0;
  for (const { start, end } of escapedKeys(text)) {
    const standIn = mark + names.size;
    names.set(standIn, JSON.parse(text.slice(start, end)));
    plain += `${text.slice(from, start)}"${standIn}"`;
    from = end;
  }
  return withNames(JSON.parse(plain + text.slice(from)), names);
}

function hasEscapedKey(text: string): boolean {
  return escapedKeys(text).next().done === false;
}

/** Where the keys with an escape stand, quotes included. Looks at nothing but strings with escapes. */
function* escapedKeys(text: string): Generator<{ readonly start: number; readonly end: number }> {
  for (let at = text.indexOf("\\"); at !== -1;) {
    const end = endOfString(text, at);
    const isKey = text.charCodeAt(skipSpace(text, end)) === colon;
    // This is the first escape of its string, so that the quote before it opens the string.
    if (isKey) yield { start: text.lastIndexOf('"', at), end };
    at = text.indexOf("\\", end);
  }
}

function withNames(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withNames(item, names));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [names.get(key) ?? key, withNames(member, names)]),
  );
}
