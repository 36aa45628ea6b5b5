/**
 * Why something was not done: what a rule or a transition gives back in place of its result, so that its caller must
 * look, and stop.
 *
 * It is a value and no error: nothing is wrong with the program, the message is the protocol's, and what was begun for
 * others in the same commit goes on.
 *
 * @module
 */

/** Why something was not done. */
export interface Rejection {
  /**
   * What the caller has done wrong: sent what cannot be (`invalid`), what can be but is impossible here
   * (`unprocessable`), what contradicts something that exists (`conflict`), or named something that does not
   * (`missing`).
   */
  readonly kind: "invalid" | "unprocessable" | "conflict" | "missing";
  /** The reason in the words of the protocol. */
  readonly message: string;
  /** Which of several items is meant, counted from 0; left out if there was one. */
  readonly index?: number;
}

/** The rejection of what can be sent, but is impossible here. */
export function unprocessable(message: string): Rejection {
  return { kind: "unprocessable", message };
}

const kinds: readonly unknown[] = ["invalid", "unprocessable", "conflict", "missing"];

/**
 * Tells a rejection from a result.
 *
 * It goes by all own members of the value: a kind that there is, a message, perhaps an index, and nothing else. No
 * record can look like that, whatever its fields hold, as each has a field of another name.
 *
 * @param value What a rule or a transition gave back.
 */
export function isRejection(value: unknown): value is Rejection {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { kind, message, index } = value as Readonly<Record<string, unknown>>;
  if (!kinds.includes(kind) || typeof message !== "string") return false;
  if (index !== undefined && typeof index !== "number") return false;
  return Object.keys(value).every((name) => ["kind", "message", "index"].includes(name));
}
