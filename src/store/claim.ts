/**
 * Taking jobs: ready → in flight, in the order of delivery.
 *
 * @module
 */

import type { Backlog } from "./backlog.ts";
import { type ClaimRequest, type ClaimResult, createClaimBuilder } from "./claim-builder.ts";
import { type ClaimedMerged, createMerge } from "./claim-merged.ts";
import { createRequestHolder, type RequestHolder } from "./holders.ts";
import { markTaken } from "./mark-taken.ts";
import type { Transition } from "./transition.ts";
import { findUnbudgeted, unbudgetedRead } from "./unbudgeted.ts";

/** What taking jobs depends on. */
export interface ClaimTerms {
  /** In ms since the epoch. */
  readonly now: number;
  /** The row of `brokers` that stands for the broker of the subscribers. */
  readonly broker: number;
}

/** What subscribers got, and what was learnt of the backlogs meanwhile. */
export interface Claimed extends ClaimedMerged {
  /** One for each request, in their order. */
  readonly results: readonly ClaimResult[];
}

/**
 * Takes jobs for each request in turn, lowest priority number first, oldest first within a priority.
 *
 * Gives each request its jobs, already marked as in flight: fewer than it has room for when there are no more, or when
 * their payloads are large. Jobs that draw on budgets are taken from `backlogs` and from no other backlog, so that what
 * waits elsewhere costs nothing.
 */
export function* claimJobs(
  requests: readonly ClaimRequest[],
  backlogs: readonly Backlog[],
  terms: ClaimTerms,
): Transition<Claimed> {
  const merge = createMerge(backlogs, terms.now);
  const results: ClaimResult[] = [];
  for (const request of requests) {
    const holder = createRequestHolder(request, terms);
    const isPlain = backlogs.length === 0 && (request.queues?.length ?? 1) === 1;
    const { jobs, exhausted } = isPlain
      ? yield* claimPlain(request, holder, terms)
      : yield* merge.claim(request, holder);
    results.push({ jobs, exhausted, holder: holder.id });
  }
  return { results, ...yield* merge.end() };
}

/** Takes jobs without budgets from one queue, or from all. */
function* claimPlain(
  { queues, limit }: ClaimRequest,
  holder: RequestHolder,
  { now }: ClaimTerms,
): Transition<Omit<ClaimResult, "holder">> {
  const builder = createClaimBuilder(limit);
  let exhausted = false;
  while (!exhausted && builder.room() > 0) {
    const wanted = Math.min(unbudgetedRead, builder.room());
    const found = yield* findUnbudgeted(queues?.[0], wanted);
    if (found.length > 0) {
      const taken = yield* markTaken(found, { holder: yield* holder.register(), now });
      for (const job of taken) builder.add(job);
    }
    exhausted = found.length < wanted;
  }
  return { jobs: builder.jobs, exhausted };
}
