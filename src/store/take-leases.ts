/**
 * Taking jobs under leases: ready → in flight, for a time.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { addSaturating } from "./add-saturating.ts";
import { insertLeases, type NewLease } from "./leases-table.ts";
import { withLargePayloads } from "./many-jobs.ts";
import { markTaken, type TakeTerms } from "./mark-taken.ts";
import { withExtras } from "./trait-tables.ts";
import { traits } from "./traits.ts";
import type { Transition } from "./transition.ts";

/** How leases are made. */
export interface LeaseMaker {
  /** How long they last, in ms, if the taker says so. */
  readonly leaseMs: number | undefined;
  /** How long a lease of a job in this queue lasts, in ms. */
  leaseMsOf(queue: string): number;
  /** Makes a token that nobody can guess. */
  newToken(): string;
}

/**
 * Takes jobs under leases.
 *
 * @param jobs Jobs as they were read, with `readTaken`; at least one.
 * @param lease How the leases are made.
 * @param terms Who gets them, and when.
 * @returns The jobs as their holder is shown them, each with the token of its lease.
 * @throws {StaleReadError} If one of them was not ready any more.
 */
export function* takeUnderLeases(
  jobs: readonly JobRecord[],
  lease: LeaseMaker,
  { worker, now }: Omit<TakeTerms, "holder">,
): Transition<readonly JobRecord[]> {
  const taken = jobs.map((job) => ({ ...job, traits: job.traits | traits.leased }));
  yield* markTaken(taken, { holder: undefined, worker, now });
  const leases = jobs.map(({ seq, queue }): NewLease => {
    const { leaseMs } = lease;
    const expiresAt = addSaturating(now, leaseMs ?? lease.leaseMsOf(queue));
    return { job: seq, token: lease.newToken(), worker, leaseMs, expiresAt };
  });
  yield* insertLeases(leases);
  const whole = yield* withExtras(yield* withLargePayloads(jobs));
  return whole.map((job, at): JobRecord => {
    const { token, expiresAt } = leases[at]!;
    const extra = { workerId: worker, leaseToken: token, leaseExpiresAt: expiresAt };
    return { ...job, traits: taken[at]!.traits, extra: { ...job.extra, ...extra } };
  });
}
