/**
 * What the rules of the grammar read from.
 *
 * The grammar goes round: an expression has terms, a term has expressions in its brackets, strings and patterns. The
 * files do not: `parser.ts` calls `terms.ts`, `patterns.ts` and `text.ts`, and these come back by {@linkcode Reader}.
 *
 * @module
 */

import type { Ast } from "./ast.ts";
import { Lexer } from "./lexer.ts";

/** The words of a program, and the one rule that every other rule may need. */
export abstract class Reader extends Lexer {
  /** Reads an expression with any operators, up to a word that cannot go on with it. */
  abstract readExpression(): Ast;
}
