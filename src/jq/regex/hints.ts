/**
 * Facts about an expression that make a search for it faster.
 *
 * @module
 */

import type { CharTest } from "./classes.ts";
import { sameFold } from "./syntax.ts";
import type { RegexNode } from "./tree.ts";

/** The set of a node that takes exactly one character; undefined for any other node. */
export function singleOf(node: RegexNode): CharTest | undefined {
  if (node.kind === "set") return node.test;
  if (node.kind === "sequence" && node.parts.length === 1) return singleOf(node.parts[0]!);
  if (node.kind !== "char") return undefined;
  const { point, folds } = node;
  return folds ? (found) => sameFold(found, point) : (found) => found === point;
}

/** Whether a node can match only at the start of the text. */
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

/** The character with which every match begins; undefined if there is not one. */
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
