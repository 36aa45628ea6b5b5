/**
 * Taking some jobs by one call: a subscriber that leaves when it has got some, when nothing is there, or when it has waited
 * long enough.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { LeaseMaker } from "../../store/take-leases.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** What a call takes. */
export interface TakeCall {
  /** The queues that it takes from; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs at most. */
  readonly count: number;
  /** How long it waits for the first one, in ms; with 0 it only looks. */
  readonly waitMs: number;
  /** What the worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** How its leases are made. */
  readonly lease: LeaseMaker;
  /** Aborted when nobody waits for the jobs any more. */
  readonly signal: AbortSignal;
}

/**
 * Takes jobs.
 *
 * @returns Jobs in flight, each under a lease; none if nothing was there, or came in time.
 * @throws If the broker cannot take any.
 */
export function takeOnce(
  { queues, count, waitMs, worker, lease, signal }: TakeCall,
  { subscribe, clock }: Pick<Dispatcher, "subscribe"> & { readonly clock: Clock },
): Promise<readonly JobRecord[]> {
  return new Promise((resolve, reject) => {
    let isOpen = true;
    let disarm = () => {};
    let unsubscribe = () => {};
    const leave = () => {
      if (!isOpen) return;
      isOpen = false;
      disarm();
      signal.removeEventListener("abort", giveUp);
      unsubscribe();
    };
    const giveUp = () => {
      leave();
      resolve([]);
    };
    const subscription = subscribe({
      queues,
      prefetch: count,
      worker,
      isOnce: true,
      lease,
      canWrite: () => isOpen,
      deliver(jobs) {
        leave();
        resolve(jobs);
      },
      ...waitMs === 0 && { passedOver: giveUp },
      end(error) {
        leave();
        if (error === undefined) resolve([]);
        else reject(error);
      },
    });
    // It may be through already: whoever only looks is told at once that nothing is there.
    if (!isOpen) return void subscription.unsubscribe();
    unsubscribe = () => void subscription.unsubscribe();
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp);
    if (waitMs > 0) disarm = clock.setTimer(giveUp, waitMs);
  });
}
