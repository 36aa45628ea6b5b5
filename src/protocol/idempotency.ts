/**
 * The name that a call goes by when it is repeated (docs/protocol.md, section 4.5).
 *
 * @module
 */

/** The request header that carries the key. */
export const idempotencyHeader = "idempotency-key";

/**
 * Tells whether a text can be a key: what any server and proxy passes on as it is.
 *
 * @param text The value of the header.
 */
export function isIdempotencyKey(text: string): boolean {
  return /^[!-~]{1,255}$/.test(text);
}
