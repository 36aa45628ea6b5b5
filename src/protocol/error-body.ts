/**
 * The body of an error answer.
 *
 * @module
 */

/** The message in an error answer; undefined when the body is not one. */
export function readErrorMessage(body: unknown): string | undefined {
  const error = typeof body === "object" && body !== null && "error" in body && body.error;
  return typeof error === "string" ? error : undefined;
}
