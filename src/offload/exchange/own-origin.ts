/**
 * Headers that are for one origin only: a redirect to another one drops them.
 *
 * @module
 */

/** Words in the name of a header that tell of something secret, such as in `x-api-key` or `x-goog-auth-token`. */
const secretWord =
  /(^|[-_.])(auth|authorization|authentication|cookie2?|token|secret|password|passwd|credentials?|session|signature|apikey|(api|access|auth|subscription|client|private|secret|function|functions|master)[-_.]?key)s?($|[-_.])/;

/**
 * Whether a header belongs to the origin that it was meant for: `authorization`, `cookie`, `host`, and each whose name
 * tells of a key, a token or the like.
 *
 * @param name The name, in lower case.
 */
export function isForOneOrigin(name: string): boolean {
  return name === "host" || secretWord.test(name);
}
