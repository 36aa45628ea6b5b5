/**
 * The reason for which the signal of a job is aborted whose lease is lost.
 *
 * @module
 */

import { MillraceError } from "../errors.ts";

/**
 * A job is not this worker's any more: its lease ended, or somebody took it away. The work on it is to be abandoned: another
 * worker may be at it already. What is reported of it is refused.
 */
export class LeaseLostError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "LeaseLostError";
  /** The literal kind of this error. */
  override readonly code = "lease_lost";
}
