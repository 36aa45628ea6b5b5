/**
 * What the functions of the parser read from.
 *
 * An expression is made of terms, and a term may have expressions in its brackets, strings and patterns. The files do not
 * import each other in a circle: `parser.ts` calls `terms.ts`, `patterns.ts` and `text.ts`, and these read an expression
 * by the method of {@linkcode Reader}.
 *
 * @module
 */

import type { Ast } from "./ast.ts";
import { Lexer } from "./lexer.ts";

/** The words of a program, with a method that reads a whole expression of them. */
export abstract class Reader extends Lexer {
  /** Reads an expression with any operators, up to the first word that is not part of it. */
  abstract readExpression(): Ast;
}
