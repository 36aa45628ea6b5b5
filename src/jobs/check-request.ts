/**
 * The check of a request whose parts came from functions of a definition, so that an error says whose they are.
 *
 * @module
 */

import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";

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
