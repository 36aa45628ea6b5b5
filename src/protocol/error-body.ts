/**
 * The body of an error answer.
 *
 * @module
 */

/** `{ error }`, and for 406 and 415 what would have been possible. */
export interface ErrorBody {
  /** What went wrong. */
  readonly error: string;
  /** The media types that the server knows. */
  readonly supported?: readonly string[];
}

/** The message in an error answer; undefined when the body is not one. */
export function readErrorMessage(body: unknown): string | undefined {
  const error = typeof body === "object" && body !== null && "error" in body && body.error;
  return typeof error === "string" ? error : undefined;
}
