/**
 * Regular expressions with jq's flags, compiled once.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { spend } from "../meter.ts";
import { compileMatcher, type RegexMatcher } from "./matcher.ts";
import { parseRegex } from "./syntax.ts";

/** A compiled expression. */
export interface Regex {
  /** The name of each group; null if it has none. */
  readonly names: readonly (string | null)[];
  /** Whether all matches are wanted. */
  readonly isGlobal: boolean;
  /** Finds the first match from an offset on. */
  readonly search: RegexMatcher;
}

const limit = 200;
/** By flags, and then by source. A key made of both was rejected: to make it costs more than most matches. */
const compiled = new Map<string, Map<string, Regex>>();
let count = 0;

/**
 * Compiles an expression, or takes it from those that are kept.
 *
 * @param source The expression.
 * @param flags `g` all matches, `i` any case, `x` with blanks and comments, `s` one line (which is the default), `n` no
 * empty matches, `p` line breaks for `.` too, `l` the longest match.
 */
export function compileRegex(source: string, flags: string): Regex {
  const found = compiled.get(flags)?.get(source);
  if (found !== undefined) return found;
  if (/[^gixsnpl]/.test(flags)) fail(`${flags} is not a valid modifier string`);
  // To compile an expression costs far more than to read its characters.
  spend((source.length + 8) << 6);
  const parsed = parseRegex(source, {
    ignoreCase: flags.includes("i"),
    extended: flags.includes("x"),
    dotAll: flags.includes("p"),
    lines: false,
  });
  const search = compileMatcher(parsed, {
    longest: flags.includes("l"),
    notEmpty: flags.includes("n"),
  });
  const regex: Regex = { names: parsed.names, isGlobal: flags.includes("g"), search };
  keep(source, flags, regex);
  return regex;
}

function keep(source: string, flags: string, regex: Regex): void {
  if (count++ >= limit) {
    compiled.clear();
    count = 1;
  }
  const ofFlags = compiled.get(flags) ?? new Map<string, Regex>();
  ofFlags.set(source, regex);
  compiled.set(flags, ofFlags);
}
