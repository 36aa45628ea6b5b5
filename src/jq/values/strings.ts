/**
 * Strings by code point, as jq counts them; JavaScript counts UTF-16 units. In a string without surrogates both are the
 * same, and most strings are.
 *
 * @module
 */

import { spend } from "../meter.ts";
import { offsetsOf } from "./find-text.ts";

const surrogate = /[\ud800-\udfff]/;

/** Whether each unit of a text is a code point. */
function hasNoSurrogates(text: string): boolean {
  return !surrogate.test(text);
}

/** How many code points a text has. */
export function countPoints(text: string): number {
  if (hasNoSurrogates(text)) return text.length;
  spend(text.length << 1);
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The part of a text between two code point offsets, which are within it. */
export function slicePoints(text: string, from: number, to: number): string {
  if (hasNoSurrogates(text)) return text.slice(from, to);
  spend(to << 2);
  return text.slice(unitOffset(text, from), unitOffset(text, to));
}

/** Makes a function from unit offsets to code point offsets. It is fast if each offset is near the one before. */
export function pointOffsetsOf(text: string): (unit: number) => number {
  if (hasNoSurrogates(text)) return (unit) => unit;
  let at = 0;
  let points = 0;
  return (unit) => {
    for (; at < unit; points++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
    for (; at > unit; points--) at -= isPairEnd(text, at) ? 2 : 1;
    return points;
  };
}

/** The code point offsets at which a text has a part; occurrences may overlap. */
export function findText(text: string, part: string): readonly number[] {
  return offsetsOf(text, part).map(pointOffsetsOf(text));
}

function isPairEnd(text: string, at: number): boolean {
  return at > 1 && text.codePointAt(at - 2)! > 0xffff;
}

/** The unit offset of a code point. */
function unitOffset(text: string, point: number): number {
  let unit = 0;
  for (let i = 0; i < point && unit < text.length; i++) {
    unit += text.codePointAt(unit)! > 0xffff ? 2 : 1;
  }
  return unit;
}
