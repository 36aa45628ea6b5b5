/**
 * What goes wrong in an exchange, once it is known what kind of failure it is.
 *
 * @module
 */

import type { HttpFailureKind } from "../failure.ts";

/** What a {@linkcode CallError} is built from. */
export interface CallErrorOptions {
  /** What a program may look at, such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /** Why a redirect is not followed. */
  readonly reason?: "too_many" | "loop" | "refused" | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A failure whose kind is known. Its message holds neither secrets nor the query of an address. */
export class CallError extends Error {
  /** The literal name of this class. */
  override readonly name = "CallError";
  /** The kind of failure. */
  readonly kind: HttpFailureKind;
  /** What a program may look at, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** Why a redirect is not followed. */
  readonly reason: "too_many" | "loop" | "refused" | undefined;

  /**
   * Creates the error.
   *
   * @param kind The kind of failure.
   * @param message What happened.
   * @param options What else is known.
   */
  constructor(kind: HttpFailureKind, message: string, options: CallErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
    this.code = options.code;
    this.reason = options.reason;
  }
}

/** Whether an error is a {@linkcode CallError}, also one of another copy of this module. */
export function isCallError(error: unknown): error is CallError {
  return error instanceof Error && error.name === "CallError" &&
    typeof (error as Partial<CallError>).kind === "string";
}
