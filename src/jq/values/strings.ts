/**
 * Strings by code point: jq counts characters, JavaScript UTF-16 units. A string without surrogates, which most are, is
 * handled by unit.
 *
 * @module
 */

import { tick } from "../meter.ts";

const surrogate = /[\ud800-\udfff]/;

/** Whether units and code points are the same in it. */
function hasNoSurrogates(text: string): boolean {
  return !surrogate.test(text);
}

/** How many code points it has. */
export function countPoints(text: string): number {
  if (hasNoSurrogates(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The part between two code point offsets, which lie within it. */
export function slicePoints(text: string, from: number, to: number): string {
  if (hasNoSurrogates(text)) return text.slice(from, to);
  return text.slice(unitOffset(text, from), unitOffset(text, to));
}

/** Turns unit offsets of a text into code point offsets, each from the one before it. */
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

/** The code point offsets of a text in another, overlapping ones too. */
export function findText(text: string, part: string): readonly number[] {
  const offsets: number[] = [];
  if (part === "") return offsets;
  const toPoint = pointOffsetsOf(text);
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    tick();
    offsets.push(toPoint(at));
  }
  return offsets;
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
