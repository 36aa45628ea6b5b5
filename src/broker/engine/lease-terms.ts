/**
 * How long leases last.
 *
 * @module
 */

import type { Gates } from "./gates.ts";
import type { Settings } from "./settings.ts";

/** How long leases of the jobs of a queue last. */
export interface LeaseTerms {
  /** How long a lease lasts unless its holder says something else, in ms. */
  readonly leaseMs: number;
  /** How long the holder of one that has ended still has, in ms. */
  readonly graceMs: number;
}

/** Gives the terms of a queue, as they are now. */
export type LeaseTermsOf = (queue: string) => LeaseTerms;

/** Creates the terms: what is set for a queue, and for all others what the broker has. */
export function createLeaseTerms(
  settings: Settings,
  { settingsOf }: Pick<Gates, "settingsOf">,
): LeaseTermsOf {
  return (queue) => {
    const own = settingsOf(queue);
    return {
      leaseMs: own?.leaseMs ?? settings.leaseMs,
      graceMs: own?.graceMs ?? settings.leaseGraceMs,
    };
  };
}
