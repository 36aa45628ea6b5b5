/**
 * The tree of a regular expression, which the parser makes and the matcher reads.
 *
 * @module
 */

import type { CharTest } from "./classes.ts";

/** A node of the tree. */
export type RegexNode =
  | { readonly kind: "char"; readonly point: number; readonly folds: boolean }
  | { readonly kind: "set"; readonly test: CharTest }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly RegexNode[] }
  | {
    readonly kind: "repeat";
    readonly body: RegexNode;
    readonly min: number;
    readonly max: number;
    readonly mode: "greedy" | "lazy" | "possessive";
  }
  | { readonly kind: "group"; readonly body: RegexNode; readonly index: number }
  | { readonly kind: "atomic"; readonly body: RegexNode }
  | {
    readonly kind: "look";
    readonly body: RegexNode;
    readonly behind: boolean;
    readonly negative: boolean;
  }
  | { readonly kind: "reference"; readonly groups: readonly number[]; readonly folds: boolean }
  | { readonly kind: "anchor"; readonly at: Anchor }
  | { readonly kind: "keep" };

/** A position that an expression may require. `end` is also the one before a last line break. */
export type Anchor =
  | "start"
  | "end"
  | "veryEnd"
  | "lineStart"
  | "lineEnd"
  | "word"
  | "noWord"
  | "from";

/** The options that flags and `(?imsx)` set. */
export interface RegexOptions {
  readonly ignoreCase: boolean;
  readonly extended: boolean;
  /** Whether `.` matches line breaks. */
  readonly dotAll: boolean;
  /** Whether `^` and `$` match at the start and end of each line. */
  readonly lines: boolean;
}

/** An expression, and the name of each of its groups; null for a group without a name. */
export interface ParsedRegex {
  readonly node: RegexNode;
  readonly names: readonly (string | null)[];
}
