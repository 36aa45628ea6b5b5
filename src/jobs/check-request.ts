/**
 * The check of a request whose parts came from functions of a definition, so that an error says whose they are.
 *
 * @module
 */

import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";

/** What a member has to be that is none of the numbers, which are checked when they are written. */
const kinds: Readonly<Record<string, "a text" | "a list" | "an object">> = {
  type: "a text",
  queue: "a text",
  uniqueKey: "a text",
  uniqueWhile: "a text",
  tags: "a list",
  budgets: "a list",
  dependsOn: "a list",
  backoff: "an object",
  retention: "an object",
  batch: "an object",
  meta: "an object",
};

/**
 * Gives a request back if it can be sent.
 *
 * @throws {TypeError} If a member is of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 */
export function checkRequest(request: EnqueueRequest): EnqueueRequest {
  if (typeof request !== "object" || request === null) {
    throw new TypeError(
      `Cannot use 'request' ${String(request)}: expected a function that gives a request`,
    );
  }
  for (const [name, kind] of Object.entries(kinds)) {
    const value = request[name as keyof EnqueueRequest];
    if (value === undefined || isOfKind(value, kind)) continue;
    throw new TypeError(`Cannot use '${name}' ${JSON.stringify(value)}: expected ${kind}`);
  }
  toEnqueueWire(request, 0);
  return request;
}

/**
 * Puts the type of a definition in front of the messages of what its functions do wrong.
 *
 * @param type The type.
 * @param act Calls them.
 */
export function naming<Result>(
  type: string,
  act: () => Result | Promise<Result>,
): Result | Promise<Result> {
  const fail = (error: unknown): never => {
    if (error instanceof TypeError || error instanceof RangeError) {
      error.message = `Job '${type}': ${error.message}`;
    }
    throw error;
  };
  try {
    const result = act();
    return result instanceof Promise ? result.catch(fail) : result;
  } catch (error) {
    return fail(error);
  }
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === "a text") return typeof value === "string";
  return Array.isArray(value) === (kind === "a list") && typeof value === "object" &&
    value !== null;
}
