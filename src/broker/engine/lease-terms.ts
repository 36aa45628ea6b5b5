/**
 * How long leases last.
 *
 * @module
 */

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

/** Creates the terms: the same for all queues. */
export function createLeaseTerms({ leaseMs, leaseGraceMs }: Settings): LeaseTermsOf {
  const terms: LeaseTerms = { leaseMs, graceMs: leaseGraceMs };
  return () => terms;
}
