/**
 * Makes the text of an error record from whatever a handler threw. It never throws itself: a job whose failure could
 * not be reported would stay in flight for ever.
 *
 * @module
 */

import type { Failure } from "../protocol/failure.ts";

/** The parts of a failure that come from an error. */
export type ErrorText = Pick<Failure, "message" | "errorType" | "backtrace">;

/** Characters of a message, or of a name, that are kept. */
const longestText = 8 * 1024;
/** Characters of a backtrace, causes included, that are kept. */
const longestBacktrace = 32 * 1024;
/** How many causes of causes are followed; a chain may be a circle. */
const deepestCause = 10;

/** Describes an error: message, name, and the stacks of it and its causes. */
export function describeError(thrown: unknown): ErrorText {
  try {
    if (!isErrorLike(thrown)) return { message: cut(toText(thrown), longestText) };
    return {
      message: cut(thrown.message, longestText),
      errorType: cut(String(thrown.name), longestText),
      backtrace: cut(backtraceOf(thrown), longestBacktrace),
    };
  } catch {
    return { message: "Handler threw something that cannot be described" };
  }
}

/** Looks at the members and not at the class: an error of another realm is an error too. */
function isErrorLike(value: unknown): value is Error {
  return typeof value === "object" && value !== null && "message" in value &&
    typeof value.message === "string" && "name" in value;
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return (typeof value === "object" ? JSON.stringify(value) : undefined) ?? String(value);
}

function backtraceOf(error: Error): string {
  const parts = [stackOf(error)];
  let cause = error.cause;
  while (cause !== undefined && parts.length <= deepestCause) {
    parts.push(isErrorLike(cause) ? stackOf(cause) : toText(cause));
    cause = isErrorLike(cause) ? cause.cause : undefined;
  }
  return parts.join("\nCaused by: ");
}

/** The stack, headed by name and message on every runtime. */
function stackOf({ name, message, stack }: Error): string {
  const head = `${name}: ${message}`;
  if (typeof stack !== "string") return head;
  return stack.includes(message) ? stack : `${head}\n${stack}`;
}

/** Cuts a text. The result is well-formed, because the broker refuses half a surrogate pair. */
function cut(text: string, longest: number): string {
  return (text.length > longest ? `${text.slice(0, longest - 1)}…` : text).toWellFormed();
}
