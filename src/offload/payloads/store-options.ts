/**
 * Options that all payload stores have.
 *
 * @module
 */

import { show } from "../../options.ts";

/**
 * Demands a name for a store.
 *
 * @throws {TypeError} If it is none.
 */
export function checkStoreName(name: unknown): string {
  if (typeof name === "string" && /^[\w.-]{1,64}$/.test(name)) return name;
  throw new TypeError(
    `Cannot use ${
      show(name)
    } as 'name' of a payload store: expected 1 to 64 of 'A-Z a-z 0-9 . _ -'`,
  );
}

/**
 * Demands a number of bytes.
 *
 * @param option The name of the option, for the message.
 * @param bytes What was given.
 * @param least What is enough.
 * @throws {RangeError} If it is none.
 */
export function checkBytesOption(option: string, bytes: unknown, least = 1): number {
  if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= least) return bytes;
  throw new RangeError(
    `Cannot use ${show(bytes)} as '${option}': expected a whole number from ${least}`,
  );
}
