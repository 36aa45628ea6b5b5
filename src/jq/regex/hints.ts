/**
 * What can be seen of an expression before it is matched, to match it sooner.
 *
 * @module
 */

import type { CharTest } from "./classes.ts";
import { sameFold } from "./syntax.ts";
import type { RegexNode } from "./tree.ts";

/** What a node tests, if it takes exactly one character. */
export function singleOf(node: RegexNode): CharTest | undefined {
  if (node.kind === "set") return node.test;
  if (node.kind === "sequence" && node.parts.length === 1) return singleOf(node.parts[0]!);
  if (node.kind !== "char") return undefined;
  const { point, folds } = node;
  return folds ? (found) => sameFold(found, point) : (found) => found === point;
}

/** Whether it can match at the very start only. */
export function startsAtStart(node: RegexNode): boolean {
  switch (node.kind) {
    case "anchor":
      return node.at === "start";
    case "sequence":
      return node.parts.length > 0 && startsAtStart(node.parts[0]!);
    case "choice":
      return node.parts.every(startsAtStart);
    case "group":
    case "atomic":
      return startsAtStart(node.body);
    default:
      return false;
  }
}

/** The character that every match begins with, if there is one. */
export function firstUnit(node: RegexNode): string | undefined {
  switch (node.kind) {
    case "char":
      return node.folds ? undefined : String.fromCodePoint(node.point);
    case "sequence":
      return node.parts.length > 0 ? firstUnit(node.parts[0]!) : undefined;
    case "group":
    case "atomic":
      return firstUnit(node.body);
    case "repeat":
      return node.min > 0 ? firstUnit(node.body) : undefined;
    default:
      return undefined;
  }
}
