/**
 * The errors: the source is not a program, the program fails on its input, or it reaches a limit.
 *
 * Inside of the engine, a failure is thrown as a {@linkcode Raised}. It has no stack trace, which would be slow: `.a?`
 * over a thousand payloads throws a thousand of them. It becomes a {@linkcode JqError} when it leaves the engine.
 *
 * @module
 */

import type { Json as Value } from "./values/json.ts";
import type { Json } from "./values/plain-json.ts";

/** The value of an error, thrown to the nearest `try`. It never leaves the engine. */
export class Raised {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** Fails with a message, which `try … catch` receives. */
export function fail(message: string): never {
  throw new Raised(message);
}

/**
 * A program failed on its input: it called `error`, or a value does not fit an operation. The message is that of jq.
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
  /** The value that `catch` would have received: the argument of `error`, or the message. */
  readonly value: Json;

  /**
   * Made by the engine.
   *
   * @param message The value itself if it is a string.
   * @param value The value that `catch` would have received.
   */
  constructor(message: string, value: Json) {
    super(message);
    this.value = value;
  }
}

/** A position in a source. Lines and columns are counted from 1. */
export interface JqPosition {
  /** The line. */
  readonly line: number;
  /** The column, in UTF-16 units. */
  readonly column: number;
}

/**
 * The source is not a program: its syntax is wrong, a name is unknown, or it uses something that is refused.
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
  /** What is wrong, without the position: `expected a term, got "*"`, `undefined filter "f/1"`. */
  readonly reason: string;
  /** The line of the mistake, from 1. */
  readonly line: number;
  /** The column of the mistake, from 1, in UTF-16 units. */
  readonly column: number;

  /**
   * Made by the engine.
   *
   * @param reason What is wrong.
   * @param position Where it is wrong.
   */
  constructor(reason: string, position: JqPosition) {
    super(`Line ${position.line}, column ${position.column}: ${reason}`);
    this.reason = reason;
    this.line = position.line;
    this.column = position.column;
  }
}

/** The limits that a program can reach. All but `stack` are in {@linkcode JqLimits}. */
export type JqLimitName = "steps" | "outputs" | "depth" | "stringLength" | "arrayLength" | "stack";

/** A program reached a limit. A `try` in the program does not catch it. */
export class JqLimitError extends Error {
  /** The literal name of this class. */
  override readonly name = "JqLimitError";
  /** The limit. `stack` is that of the runtime, which deep recursion may reach before `depth`. */
  readonly limit: JqLimitName;

  /**
   * Made by the engine.
   *
   * @param limit The limit that was reached.
   * @param message The sentence that tells it.
   */
  constructor(limit: JqLimitName, message: string) {
    super(message);
    this.limit = limit;
  }
}
