/**
 * Why something that was asked for is not done.
 *
 * @module
 */

/** Why something that was asked for is not done. Nothing of it was written. */
export interface Rejection {
  /**
   * What is wrong: the request itself (`invalid`), what it asks for (`unprocessable`), that something is there
   * already or stands otherwise (`conflict`), that something is not there (`not_found`).
   */
  readonly kind: "invalid" | "unprocessable" | "conflict" | "not_found";
  /** The whole message of the answer. */
  readonly message: string;
  /** Which of several items is meant. */
  readonly index?: number;
}

/** Whether a result is a rejection; no record has a member `kind` with one of its values. */
export function isRejection(value: unknown): value is Rejection {
  return typeof value === "object" && value !== null && "kind" in value && "message" in value;
}
