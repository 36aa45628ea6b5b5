/**
 * The runs that go on here although their jobs are not this worker's any more.
 *
 * @module
 */

import type { Delivery } from "./deliveries.ts";

/** Runs that go on. */
export interface Strays {
  /** How many there are. */
  readonly size: number;
  /** This one goes on. */
  add(delivery: Delivery): void;
  /** A run has come to its end. */
  ended(delivery: Delivery): void;
  /** A job is run anew: gives the former run of it that goes on, and gives it once. */
  replace(id: string): Delivery | undefined;
}

/** Creates an empty set. */
export function createStrays(): Strays {
  const all = new Set<Delivery>();
  /** The last of each job, unless the job is run anew. */
  const last = new Map<string, Delivery>();

  return {
    get size() {
      return all.size;
    },
    add(delivery) {
      all.add(delivery);
      last.set(delivery.job.id, delivery);
    },
    ended(delivery) {
      if (all.size === 0 || !all.delete(delivery)) return;
      const { id } = delivery.job;
      if (last.get(id) === delivery) last.delete(id);
    },
    replace(id) {
      if (last.size === 0) return undefined;
      const former = last.get(id);
      last.delete(id);
      return former;
    },
  };
}
