/**
 * The body of an error answer.
 *
 * @module
 */

/**
 * The message in an error answer; undefined when the body is not one.
 *
 * @param member Which text of the body is meant.
 */
export function readErrorMessage(
  body: unknown,
  member: "error" | "reason" = "error",
): string | undefined {
  const text = (body as Readonly<Record<string, unknown>> | null | undefined)?.[member];
  return typeof text === "string" ? text : undefined;
}
