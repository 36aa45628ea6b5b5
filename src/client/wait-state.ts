/**
 * What a wait for jobs comes to.
 *
 * @module
 */

import { NotFoundError, TimeoutError } from "../errors.ts";
import type { JobEnd } from "./job-ends.ts";

/** What a wait has come to so far. */
export interface WaitState {
  readonly ends: Map<string, JobEnd>;
  /** How long it may last from now on, in ms. */
  restMs(): number;
  readonly signal: AbortSignal | undefined;
}

/** The end of a job that is not there. */
export function toMissing(id: string): JobEnd {
  const message = `Job '${id}' is not there: it may have finished before the wait began, and is ` +
    "not kept, as a completed job is not by default; or it was deleted, or never was";
  return { id, outcome: "gone", job: undefined, error: new NotFoundError(message, 404) };
}

/** The error of a wait that takes too long for these jobs. */
export function toTimeout(open: readonly string[]): TimeoutError {
  const more = open.length > 1 ? ` and ${open.length - 1} more` : "";
  return new TimeoutError(`Job '${open[0]}'${more} did not end in time`);
}
