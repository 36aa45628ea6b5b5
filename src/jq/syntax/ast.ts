/**
 * The tree of a program, which the parser makes and the compiler reads.
 *
 * @module
 */

import type { Json } from "../values/json.ts";

/** An operator that computes one value from two. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=";

/** A node of a kind. */
export type AstNode<K extends Ast["kind"]> = Extract<Ast, { readonly kind: K }>;

/** An operator that assigns. */
export type UpdateOperator = "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=";

/** A node of the tree, which is a filter. `at` is its offset in the source, for error messages. */
export type Ast =
  | { readonly kind: "identity" }
  | { readonly kind: "literal"; readonly value: Json }
  | {
    readonly kind: "text";
    readonly format: string;
    readonly parts: readonly (string | Ast)[];
    readonly at: number;
  }
  | { readonly kind: "format"; readonly format: string; readonly at: number }
  | AccessNode
  | { readonly kind: "try"; readonly body: Ast; readonly handler: Ast | undefined }
  | Pair
  | {
    readonly kind: "binary";
    readonly operator: BinaryOperator;
    readonly left: Ast;
    readonly right: Ast;
  }
  | {
    readonly kind: "update";
    readonly operator: UpdateOperator;
    readonly left: Ast;
    readonly right: Ast;
  }
  | { readonly kind: "negate"; readonly operand: Ast }
  | { readonly kind: "if"; readonly condition: Ast; readonly then: Ast; readonly otherwise: Ast }
  | { readonly kind: "array"; readonly items: Ast | undefined }
  | { readonly kind: "object"; readonly members: readonly Member[] }
  | {
    readonly kind: "reduce";
    readonly source: Ast;
    readonly patterns: readonly Pattern[];
    readonly init: Ast;
    readonly update: Ast;
  }
  | {
    readonly kind: "foreach";
    readonly source: Ast;
    readonly patterns: readonly Pattern[];
    readonly init: Ast;
    readonly update: Ast;
    readonly extract: Ast | undefined;
  }
  | {
    readonly kind: "bind";
    readonly source: Ast;
    readonly patterns: readonly Pattern[];
    readonly body: Ast;
  }
  | { readonly kind: "label"; readonly name: string; readonly body: Ast }
  | { readonly kind: "break"; readonly name: string; readonly at: number }
  | { readonly kind: "variable"; readonly name: string; readonly at: number }
  | {
    readonly kind: "call";
    readonly name: string;
    readonly args: readonly Ast[];
    readonly at: number;
  }
  | { readonly kind: "define"; readonly definition: Definition; readonly body: Ast };

/** Two filters, and how they are joined. */
export interface Pair {
  readonly kind: "pipe" | "comma" | "alternative" | "and" | "or";
  readonly left: Ast;
  readonly right: Ast;
}

/** Access to a part of what `target` gives. If it is optional, a value that has no such part gives nothing. */
export type AccessNode =
  & { readonly target: Ast; readonly isOptional: boolean }
  & (
    | { readonly kind: "index"; readonly key: Ast }
    | { readonly kind: "slice"; readonly from: Ast | undefined; readonly to: Ast | undefined }
    | { readonly kind: "iterate" }
  );

/** One member of an object that is constructed. */
export interface Member {
  readonly key: Ast;
  readonly value: Ast;
}

/** `def name(f; $x): body;`. A parameter that begins with `$` is a value, any other is a filter. */
export interface Definition {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Ast;
}

/** What stands after `as`: a variable, or an array or object of patterns. */
export type Pattern =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "array"; readonly items: readonly Pattern[] }
  | { readonly kind: "object"; readonly members: readonly PatternMember[] };

/** `key: pattern`, `$name: pattern` or `$name`. The latter two bind the member to the variable. */
export interface PatternMember {
  readonly key: Ast;
  readonly name: string | undefined;
  readonly pattern: Pattern | undefined;
}
