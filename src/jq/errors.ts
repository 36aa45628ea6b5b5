/**
 * What can go wrong: the source is no program, the program fails on an input, or it asks for more than it may have.
 *
 * Inside, a failure travels as a plain {@linkcode Raised}, which costs no stack trace: `.a?` over a thousand payloads
 * throws a thousand of them. It becomes a {@linkcode JqError} where it leaves the module.
 *
 * @module
 */

import type { Json } from "./values/json.ts";

/** An error value on its way to the nearest `try`. Never leaves the module. */
export class Raised {
  readonly value: Json;

  constructor(value: Json) {
    this.value = value;
  }
}

/** Ends the evaluation with a message that `try … catch` receives. */
export function fail(message: string): never {
  throw new Raised(message);
}

/**
 * A program failed on its input: it called `error`, or an operation does not fit the values. The message is jq's.
 *
 * @example
 * ```ts
 * import { compile, JqError } from "@millrace/millrace/jq";
 *
 * try {
 *   compile(".a + 1").one({ a: "x" });
 * } catch (error) {
 *   if (error instanceof JqError) console.log(error.message); // string ("x") and number (1) cannot be added
 * }
 * ```
 */
export class JqError extends Error {
  /** The literal name of this class. */
  override readonly name = "JqError";
  /** What `catch` would have received: the argument of `error`, or the message. */
  readonly value: Json;

  /** CompiledDefinition by the module; `message` is the value itself where it is a string. */
  constructor(message: string, value: Json) {
    super(message);
    this.value = value;
  }
}

/** Where in a source something is, both counted from 1. */
export interface JqPosition {
  /** The line. */
  readonly line: number;
  /** The column, in UTF-16 units. */
  readonly column: number;
}

/**
 * The source is not a program: a mistake in its syntax, an unknown name, or something that has no meaning here.
 *
 * @example
 * ```ts
 * import { compile, JqCompileError } from "@millrace/millrace/jq";
 *
 * try {
 *   compile(".[*]");
 * } catch (error) {
 *   if (error instanceof JqCompileError) console.log(error.reason, error.column); // expected a term, got "*" 3
 * }
 * ```
 */
export class JqCompileError extends Error implements JqPosition {
  /** The literal name of this class. */
  override readonly name = "JqCompileError";
  /** What is wrong, without the place: `expected a term, got "*"`, `undefined filter "f/1"`. */
  readonly reason: string;
  /** The line of the mistake, from 1. */
  readonly line: number;
  /** The column of the mistake, from 1, in UTF-16 units. */
  readonly column: number;

  /** CompiledDefinition by the module. */
  constructor(reason: string, position: JqPosition) {
    super(`Line ${position.line}, column ${position.column}: ${reason}`);
    this.reason = reason;
    this.line = position.line;
    this.column = position.column;
  }
}

/** The kinds of limit that a program can reach; all but `stack` are in `JqLimits`. */
export type JqLimitName = "steps" | "outputs" | "depth" | "stringLength" | "arrayLength" | "stack";

/** A program reached a limit. No `try` in the program catches it. */
export class JqLimitError extends Error {
  /** The literal name of this class. */
  override readonly name = "JqLimitError";
  /** Which limit; `stack` is the runtime's own, reached by deep recursion before `depth` was. */
  readonly limit: JqLimitName;

  /** CompiledDefinition by the module. */
  constructor(limit: JqLimitName, message: string) {
    super(message);
    this.limit = limit;
  }
}
