/**
 * What a handler returned, as the result of its job.
 *
 * | It returned                                        | What becomes of that                                          |
 * | -------------------------------------------------- | ------------------------------------------------------------- |
 * | nothing                                            | there is no result                                            |
 * | `result(value)`                                    | is the result                                                 |
 * | a value, and its definition has a schema for it    | is the result if it fits, is JSON and not too large; else the job has failed |
 * | plain JSON: texts, numbers, true, false, null, lists and plain objects | is the result                             |
 * | the same, but too large, or with something in it that JSON cannot write | no result; a warning                     |
 * | anything else, such as a `Response`                | no result; handlers may always have returned what they liked  |
 *
 * @module
 */

import type { Logger } from "../log.ts";
import { demandResult } from "./outcome.ts";

/**
 * The result of a job whose definition has a schema for it; undefined if it has none.
 *
 * @param returned What its handler returned: no outcome, and no `result(…)`.
 * @param check Checks what the handlers of the definition return.
 * @throws {TypeError} If this is no result.
 * @throws {RangeError} If it is too large.
 */
export async function toCheckedResult(
  returned: unknown,
  check: (value: unknown) => unknown,
): Promise<unknown> {
  await check(returned);
  if (returned !== undefined) demandResult(returned);
  return returned;
}

/**
 * The result of any other job; undefined if it has none.
 *
 * @param log Is told of what cannot be kept.
 */
export function toResult(returned: unknown, log: () => Logger): unknown {
  if (!isPlain(returned)) return undefined;
  try {
    demandResult(returned);
    return returned;
  } catch (error) {
    log().warn("What the handler returned is not kept as the result of the job", { error });
    return undefined;
  }
}

/** Whether a value looks as what `JSON.parse` gives; what is in it is not looked at. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object": {
      if (value === null || Array.isArray(value)) return true;
      const prototype = Object.getPrototypeOf(value);
      return prototype === Object.prototype || prototype === null;
    }
    default:
      return false;
  }
}
