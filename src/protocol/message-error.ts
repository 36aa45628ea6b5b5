/**
 * The error of a message that can be decoded and is none.
 *
 * @module
 */

/** A message that is well-formed but not what the protocol asks for; tells the field and the value. */
export class MessageError extends Error {
  /** The literal name of this class. */
  override readonly name = "MessageError";
}
