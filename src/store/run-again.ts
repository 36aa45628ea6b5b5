/**
 * Running transitions again when other brokers changed what they had read.
 *
 * @module
 */

import { BusyStoreError } from "./busy.ts";
import { StaleReadError } from "./transition.ts";

/** How often transitions are run, at most, when other brokers interfere each time. */
export const maxRuns = 10;

/** Runs it again while others interfere. */
export async function untilFresh<Result>(
  attempt: () => Promise<Result>,
  mayRepeat: (error: unknown) => boolean = (error) => error instanceof StaleReadError,
): Promise<Result> {
  for (let runs = 1;; runs++) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayRepeat(error)) throw error;
      if (runs === maxRuns) throw tooManyRuns(error);
    }
  }
}

/** What is told when others were in the way too often. */
export function tooManyRuns(cause: unknown): BusyStoreError {
  return new BusyStoreError(`Cannot commit: others were in the way ${maxRuns} times in a row`, {
    cause,
  });
}
