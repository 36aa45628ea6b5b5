/**
 * The shapes of a regular expression, as the parser gives them and the matcher takes them.
 *
 * @module
 */

import type { CharTest } from "./classes.ts";

/** A part of an expression. */
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

/** A place that an expression may demand. `end` is also before a last line break. */
export type Anchor =
  | "start"
  | "end"
  | "veryEnd"
  | "lineStart"
  | "lineEnd"
  | "word"
  | "noWord"
  | "from";

/** What flags and `(?imsx)` change. */
export interface RegexOptions {
  readonly ignoreCase: boolean;
  readonly extended: boolean;
  /** Whether `.` takes line breaks. */
  readonly dotAll: boolean;
  /** Whether `^` and `$` are the ends of lines. */
  readonly lines: boolean;
}

/** An expression and the names of its groups, null for one without. */
export interface ParsedRegex {
  readonly node: RegexNode;
  readonly names: readonly (string | null)[];
}
