/**
 * Builtins with regular expressions.
 *
 * @module
 */

import { type Code, type Env, generated, giveOutputs, type Signal, STOP } from "../code/code.ts";
import { collectOutputs } from "../code/construct.ts";
import { fail } from "../errors.ts";
import { checkArray, spend, spendSteps, spendText, tick } from "../meter.ts";
import { compileRegex, type Regex } from "../regex/regex.ts";
import type { RegexMatch } from "../regex/matcher.ts";
import { add } from "../values/arithmetic.ts";
import { type Draft, isArray, type Json, setMember, typeOf } from "../values/json.ts";
import { countPoints, pointOffsetsOf } from "../values/strings.ts";
import { describe } from "../values/text.ts";
import { type FilterRow, type ValueRow } from "./row.ts";

/** Builtins that are functions of a string, an expression and flags. */
export const patterns: Readonly<Record<string, ValueRow>> = {
  "test/1": (input, regex) => test(input, ...regexAndFlags(regex)),
  "test/2": (input, regex, flags) => test(input, regex, flags),
  "split/2": (input, regex, flags) => split(input, regex, flags),
};

/** Builtins that give several outputs, or take a filter. */
export const substitutions: Readonly<Record<string, FilterRow>> = {
  "match/1": (regex) => onMatches(regex, undefined, true),
  "match/2": (regex, flags) => onMatches(regex, flags, false),
  "sub/2": (regex, filter) => substitute(regex, filter, undefined, ""),
  "sub/3": (regex, filter, flags) => substitute(regex, filter, flags, ""),
  "gsub/2": (regex, filter) => substitute(regex, filter, undefined, "g"),
  "gsub/3": (regex, filter, flags) => substitute(regex, filter, flags, "g"),
};

/** Reads the argument of `test("a")` or `test(["a", "i"])`. */
function regexAndFlags(value: Json): [regex: Json, flags: Json] {
  if (typeof value === "string") return [value, null];
  if (isArray(value) && value.length > 0) return [value[0]!, value[1] ?? null];
  return fail(`${typeOf(value)} not a string or array`);
}

function test(input: Json, regex: Json, flags: Json): boolean {
  const [text, found] = prepare(input, regex, flags);
  return found.search(text, 0) !== undefined;
}

function split(input: Json, regex: Json, flags: Json): Json {
  const parts: string[] = [];
  let end = 0;
  const [text, found] = prepare(input, regex, add("g", flags));
  eachMatch(text, found, (match) => {
    checkArray(parts.push(text.slice(end, match.start)));
    end = match.end;
  });
  parts.push(text.slice(end));
  return parts;
}

function prepare(input: Json, regex: Json, flags: Json): [text: string, regex: Regex] {
  if (typeof input !== "string") {
    return fail(`${describe(input)} cannot be matched, as it is not a string`);
  }
  if (typeof regex !== "string") return fail(`${describe(regex)} is not a string`);
  if (flags !== null && typeof flags !== "string") {
    return fail(`${describe(flags)} is not a string`);
  }
  spendText(input);
  spendText(regex);
  return [input, compileRegex(regex, flags ?? "")];
}

/** Gives every match if the flag `g` is set, and the first one otherwise. */
function eachMatch(text: string, regex: Regex, give: (match: RegexMatch) => Signal | void): Signal {
  for (let at = 0; at <= text.length;) {
    const match = regex.search(text, at);
    if (match === undefined) break;
    spendSteps(3);
    if (give(match) === STOP) return STOP;
    if (!regex.isGlobal) break;
    // After an empty match, the search goes on one character later.
    at = match.end;
    if (match.end === match.start) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return 0;
}

function onMatches(regex: Code, flags: Code | undefined, isPacked: boolean): Code {
  return generated((input, env, give) =>
    giveOutputs(flags, input, env, (flags) =>
      regex.run(input, undefined, env, (regex) => {
        const [text, found] = prepare(
          input,
          ...(isPacked ? regexAndFlags(regex) : [regex, flags] as const),
        );
        const toPoint = pointOffsetsOf(text);
        return eachMatch(text, found, (match) => give(describeMatch(text, found, match, toPoint)));
      }))
  );
}

function describeMatch(
  text: string,
  { names }: Regex,
  { start, end, groups }: RegexMatch,
  toPoint: (unit: number) => number,
): Json {
  spendSteps(1 + names.length * 2);
  const offset = toPoint(start);
  const captures = names.map((name, i) => {
    const from = groups[i * 2]!;
    const to = groups[i * 2 + 1]!;
    if (start === end) return { offset, string: "", length: 0, name };
    if (to === from && to >= 0) {
      return { offset: toPoint(from), string: "", length: 0, name };
    }
    if (to < 0) return { offset: -1, string: null, length: 0, name };
    const string = text.slice(from, to);
    return { offset: toPoint(from), length: countPoints(string), string, name };
  });
  spend((end - start) * (captures.length + 1));
  const string = text.slice(start, end);
  return { offset, length: countPoints(string), string, captures };
}

function substitute(regex: Code, filter: Code, flags: Code | undefined, always: string): Code {
  return generated((input, env, give) =>
    regex.run(input, undefined, env, (regex) =>
      giveOutputs(flags, input, env, (flags) => {
        const [text, found] = prepare(input, regex, add(flags, always));
        return replaceAll(text, found, filter, env, give);
      }))
  );
}

/** Replaces the matches by the outputs of a filter. The n-th result has the n-th output for each match. */
function replaceAll(
  text: string,
  regex: Regex,
  filter: Code,
  env: Env | undefined,
  give: (value: Json) => Signal,
): Signal {
  const results: Json[] = [];
  let end = 0;
  eachMatch(text, regex, (match) => {
    const gap = text.slice(end, match.start);
    collectOutputs(filter, capturesOf(text, regex, match), env).forEach((part, i) => {
      tick();
      results[i] = add(results[i] ?? "", add(gap, part));
    });
    end = match.end;
  });
  if (results.length === 0) return give(text);
  for (const result of results) {
    if (give(add(result, text.slice(end))) === STOP) return STOP;
  }
  return 0;
}

/** Makes an object of the named groups of a match. */
function capturesOf(text: string, { names }: Regex, { start, end, groups }: RegexMatch): Json {
  const captures: Draft = {};
  names.forEach((name, i) => {
    if (name === null) return;
    const to = groups[i * 2 + 1]!;
    setMember(captures, name, start === end ? "" : to < 0 ? null : text.slice(groups[i * 2], to));
  });
  return captures;
}
