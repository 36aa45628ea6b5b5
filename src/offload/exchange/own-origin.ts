/**
 * Headers that are for one origin only: a redirect to another one drops them.
 *
 * @module
 */

/** Words in the name of a header that tell of something secret, such as in `x-auth-token`; and keys, such as `x-goog-api-key`. */
const secretWord =
  /(^|[-_.])(auth|authorization|authentication|cookie2?|token|secret|password|passwd|credential|session|signature|apikey|api[-_.]?key)s?($|[-_.])|(^|[-_.])key$/;

/**
 * Whether a header belongs to the origin that it was meant for: `authorization`, `cookie`, `host`, and each whose name
 * tells of a key, a token or the like.
 *
 * @param name The name, in lower case.
 */
export function isForOneOrigin(name: string): boolean {
  return name === "host" || secretWord.test(name) && name !== "idempotency-key";
}
