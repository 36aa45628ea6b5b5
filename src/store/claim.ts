/**
 * Taking jobs: ready → in flight, in the order of delivery.
 *
 * @module
 */

import type { Backlog } from "./backlog.ts";
import {
  type ClaimRequest,
  type ClaimResult,
  type ClaimTerms,
  createClaimBuilder,
} from "./claim-builder.ts";
import { type ClaimedMerged, createMerge, type Merge } from "./claim-merged.ts";
import { registerHolder } from "./holders.ts";
import { markTaken } from "./mark-taken.ts";
import type { Transition } from "./transition.ts";
import { findUnbudgeted, unbudgetedRead } from "./unbudgeted.ts";

/** What subscribers got, and what was found out about backlogs and budgets. */
export interface Claimed extends ClaimedMerged {
  /** One for each request, in their order. */
  readonly results: readonly ClaimResult[];
}

/**
 * Takes jobs for each request in turn, lowest priority number first, oldest first within a priority.
 *
 * Gives each request its jobs, already marked as in flight: fewer than it asks for when there are no more, or when their
 * payloads are large. Jobs that draw on budgets are taken only from `backlogs`, so that other backlogs cost nothing.
 */
export function* claimJobs(
  requests: readonly ClaimRequest[],
  backlogs: readonly Backlog[],
  terms: ClaimTerms,
): Transition<Claimed> {
  const results: ClaimResult[] = [];
  let merge: Merge | undefined;
  for (const request of requests) {
    const isPlain = backlogs.length === 0 && (request.queues?.length ?? 1) === 1;
    if (isPlain) results.push(yield* claimPlain(request, terms));
    else results.push(yield* (merge ??= createMerge(backlogs, terms)).claim(request));
  }
  if (merge === undefined) return { results, updates: [], exhaustedBudgets: [] };
  return { results, ...yield* merge.end() };
}

/** Takes jobs without budgets from one queue, or from all. */
function* claimPlain(request: ClaimRequest, terms: ClaimTerms): Transition<ClaimResult> {
  const builder = createClaimBuilder(request.limit);
  const queue = request.queues?.[0];
  let { holder } = request;
  let exhausted = false;
  while (!exhausted && builder.room() > 0) {
    const wanted = Math.min(unbudgetedRead, builder.room());
    const found = yield* findUnbudgeted(queue, wanted, terms.now);
    if (found.length > 0) {
      holder ??= yield* registerHolder(request.worker, terms);
      for (const job of yield* markTaken(found, holder, terms.now)) builder.add(job);
    }
    exhausted = found.length < wanted;
  }
  return { jobs: builder.jobs, exhausted, holder };
}
