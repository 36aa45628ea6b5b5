/**
 * The keys that a client gives its calls.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { isIdempotencyKey } from "../protocol/idempotency.ts";

/**
 * Gives one key after the other: the time, what no other client has, and a count. So the keys that a broker gets at one time,
 * from all its clients, stand side by side in its index, and are written with few pages.
 */
export function createKeys(clock: Clock): () => string {
  let own: string | undefined;
  let count = 0;
  return () => {
    // Not by the client's `random`, which a test may fix: two clients with one key would take each other's answers. And not
    // before the first call: workers of Cloudflare have no chance before, and a process that is copied may share it.
    own ??= crypto.getRandomValues(new Uint32Array(2))
      .reduce((text, word) => text + word.toString(36).padStart(7, "0"), "");
    return clock.now() + own + (count++).toString(36).padStart(5, "0");
  };
}

/** The longest key that a user may choose for many jobs: those of their parts are longer. */
export const longestOfMany = 245;

/**
 * Gives back a key that a user chose.
 *
 * @param longest How many characters it may have.
 * @throws {TypeError} If it cannot be one.
 */
export function demandKey(key: string | undefined, longest = 255): string | undefined {
  if (key === undefined || (isIdempotencyKey(key) && key.length <= longest)) return key;
  throw new TypeError(
    `Cannot use 'idempotencyKey' ${
      JSON.stringify(key)
    }: expected 1 to ${longest} visible ASCII characters`,
  );
}
