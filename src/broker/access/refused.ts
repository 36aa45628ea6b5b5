/**
 * The error with which a caller is turned away, because of who it is.
 *
 * @module
 */

/** Thrown where a caller may not do what it asks for. */
export class AccessError extends Error {
  override readonly name = "AccessError";
  /** The HTTP status: 401 for one that is not known, 403 for one that may not, 404 for what it may not know of, 429
   * for too much, 503 if nobody could say. */
  readonly status: 401 | 403 | 404 | 429 | 503;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: AccessError["status"],
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Turns away a caller that may not. */
export function forbid(message: string): AccessError {
  return new AccessError(403, message);
}
