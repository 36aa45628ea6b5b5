/**
 * Finds a text in another, in a time that grows with the sum of their lengths.
 *
 * The runtimes' own searches may compare all of a long part at each place: a part of 100,000 characters in a text of
 * 200,000, made for that, took them seconds. So a long part is found by the algorithm of Knuth, Morris and Pratt.
 *
 * @module
 */

import { checkArray, spend, spendSteps } from "../meter.ts";

/** A part up to this long is left to the runtime: it compares so many characters at each place at most. */
const shortPart = 16;

/** The same holds if both texts are short. */
const fewComparisons = 4096;

/** Gives the offsets at which a text has a part, in UTF-16 units; occurrences may overlap. None for an empty part. */
export function offsetsOf(text: string, part: string): number[] {
  const offsets: number[] = [];
  if (part === "") return offsets;
  const add = (at: number) => {
    spendSteps(2);
    checkArray(offsets.push(at));
  };
  if (isQuick(text, part)) {
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) add(at);
  } else for (const at of search(text, part, true)) add(at);
  return offsets;
}

/** Splits a text at each occurrence of a part, which is not empty. */
export function splitAt(text: string, part: string): string[] {
  if (isQuick(text, part)) return text.split(part);
  const parts: string[] = [];
  let start = 0;
  for (const at of search(text, part, false)) {
    parts.push(text.slice(start, at));
    start = at + part.length;
  }
  parts.push(text.slice(start));
  return parts;
}

/** Whether a text has a part. */
export function hasPart(text: string, part: string): boolean {
  return isQuick(text, part) ? text.includes(part) : !search(text, part, false).next().done;
}

/** Whether the runtime finds a part in little time, whatever the texts are. */
function isQuick(text: string, part: string): boolean {
  return part.length <= shortPart || text.length * part.length <= fewComparisons;
}

/** Gives the offsets of a part. If not `overlapping`, each is behind the end of the one before. */
function* search(text: string, part: string, overlapping: boolean): Generator<number> {
  if (part.length > text.length) return;
  spend(text.length + part.length);
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1]!;
    if (part.charCodeAt(matched) === unit) matched++;
    if (matched < part.length) continue;
    yield at + 1 - matched;
    matched = overlapping ? borders[matched - 1]! : 0;
  }
}

/** For each beginning of a text, the length of its longest shorter beginning that is also its end. */
function bordersOf(text: string): Int32Array {
  const borders = new Int32Array(text.length);
  let matched = 0;
  for (let at = 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1]!;
    if (text.charCodeAt(matched) === unit) matched++;
    borders[at] = matched;
  }
  return borders;
}
