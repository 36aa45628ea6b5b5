/**
 * When a worker comes to the end of its life by itself: after so many jobs, or when it is told so after one.
 *
 * @module
 */

import { type Logger, runGuarded } from "../log.ts";
import type { WorkerSettings } from "./options.ts";

/** Counts jobs, and asks. */
export interface Retirement {
  /** How many more jobs may be begun. */
  readonly left: number;
  /** A job begins. */
  began(): void;
  /** A job is done. */
  ended(): void;
}

/** Creates what looks after the end; undefined if there is none to come, so that jobs cost nothing. */
export function createRetirement(
  { maxJobs, retireWhen, logger }:
    & Pick<WorkerSettings, "maxJobs" | "retireWhen">
    & { readonly logger: Logger },
  retire: (reason: string) => void,
): Retirement | undefined {
  if (maxJobs === undefined && retireWhen === undefined) return undefined;
  let left = maxJobs ?? Infinity;
  return {
    get left() {
      return left;
    },
    began() {
      if (--left <= 0) retire(`It has run ${maxJobs} jobs`);
    },
    ended() {
      runGuarded(() => {
        const reason = retireWhen?.();
        if (reason !== undefined) retire(reason);
      }, (error) => logger.error("Option 'retireWhen' threw", { error }));
    },
  };
}
