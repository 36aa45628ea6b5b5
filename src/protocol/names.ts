/**
 * What a job type or a queue may be called.
 *
 * @module
 */

/** Kept free for patterns. */
const reserved = /[*?[\]{}\\]/;

/**
 * Says what is wrong with a name, in the words of the protocol; undefined when nothing is.
 *
 * A name is a non-empty text without commas, U+0000 and the reserved characters `* ? [ ] { } \`. Its length is
 * free, and so are spaces and other alphabets.
 *
 * @param label What the message calls it: `type` or `queue`.
 */
export function checkName(label: string, name: string): string | undefined {
  if (name === "") return `${label} must not be empty`;
  if (name.includes(",")) return `${label} must not contain ','`;
  if (name.includes("\0")) return `${label} must not contain null bytes`;
  const offender = reserved.exec(name);
  return offender === null ? undefined : `${label} must not contain '${offender[0]}' (reserved)`;
}
