/**
 * Regular expressions with jq's flags, compiled once.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { createSearch, type Search } from "./matcher.ts";
import { parseRegex } from "./syntax.ts";

/** A compiled expression. */
export interface Regex {
  /** The name of each group, null for one without. */
  readonly names: readonly (string | null)[];
  /** Whether all matches are wanted. */
  readonly isGlobal: boolean;
  /** Finds the first match from an offset on. */
  readonly search: Search;
}

const limit = 200;
const compiled = new Map<string, Regex>();

/**
 * The expression for a source and flags: `g` all matches, `i` any case, `x` with blanks and comments, `s` one line (which
 * is so anyway), `n` no empty match, `p` also line breaks for `.`, `l` the longest match.
 */
export function compileRegex(source: string, flags: string): Regex {
  const key = `${flags}/${source}`;
  const found = compiled.get(key);
  if (found !== undefined) return found;
  if (/[^gixsnpl]/.test(flags)) fail(`${flags} is not a valid modifier string`);
  const parsed = parseRegex(source, {
    ignoreCase: flags.includes("i"),
    extended: flags.includes("x"),
    dotAll: flags.includes("p"),
    lines: false,
  });
  const search = createSearch(parsed, {
    longest: flags.includes("l"),
    notEmpty: flags.includes("n"),
  });
  const regex: Regex = { names: parsed.names, isGlobal: flags.includes("g"), search };
  if (compiled.size >= limit) compiled.clear();
  compiled.set(key, regex);
  return regex;
}
