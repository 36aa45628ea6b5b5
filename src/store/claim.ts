/**
 * Taking jobs: ready → in flight, in the order of delivery.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { type BacklogUpdate, createBacklogCursor, front, type Position } from "./backlog.ts";
import {
  type ClaimAllowance,
  type ClaimBuilder,
  type ClaimRequest,
  type ClaimResult,
  type ClaimSources,
  type ClaimTerms,
  createClaimBuilder,
} from "./claim-builder.ts";
import { createMerge, type ExhaustedBudget, type Merge } from "./claim-merged.ts";
import { demandRegistered, registerHolder } from "./holders.ts";
import { withLargePayloads } from "./many-jobs.ts";
import { markTaken } from "./mark-taken.ts";
import { takeFirstJobs } from "./take-first.ts";
import { takeUnderLeases } from "./take-leases.ts";
import { sizeResultsOf } from "./dependencies-table.ts";
import { createGateLedger } from "./queue-gates.ts";
import { readQueueHeads } from "./queue-heads.ts";
import { withExtras } from "./trait-tables.ts";
import { hasTrait, traits } from "./traits.ts";
import type { Transition } from "./transition.ts";

/** What subscribers got, and what was found out about backlogs and budgets. */
export interface Claimed {
  /** One for each request, in their order. */
  readonly results: readonly ClaimResult[];
  readonly updates: readonly BacklogUpdate[];
  readonly exhaustedBudgets: readonly ExhaustedBudget[];
  /** Queues of which no more jobs may be in flight. */
  readonly fullQueues: readonly string[];
}

/**
 * Takes jobs for each request in turn, lowest priority number first, oldest first within a priority.
 *
 * Gives each request its jobs, already marked as in flight: fewer than it asks for when there are no more, or when their
 * payloads are large.
 */
export function* claimJobs(
  requests: readonly ClaimRequest[],
  { backlogs, heads, added, fronts, gates }: ClaimSources,
  terms: ClaimTerms,
): Transition<Claimed> {
  const ledger = gates && createGateLedger(gates);
  const results: ClaimResult[] = [];
  const updates: BacklogUpdate[] = [];
  const allowance: ClaimAllowance = { bytes: 0 };
  /** Queues without budgets in which nothing is left: those who come later need not look. */
  const empty = new Set<string>();
  /** Where the ready jobs of queues begin from which the first were taken; undefined where none is left. */
  const begins = new Map<string, Position | undefined>();
  let merge: Merge | undefined;
  /** The heads of all queues, where they had to be read. */
  let found = heads;
  for (const request of requests) {
    const builder = createClaimBuilder(request.limit, allowance);
    let only = backlogs.length === 0 && request.queues?.length === 1
      ? request.queues[0]
      : undefined;
    if (terms.isShared && backlogs.length === 0 && request.queues === undefined) {
      found ??= yield* readQueueHeads(added);
      [only] = found.size === 1 ? [...found.inOrder()].map(({ queue }) => queue) : [];
    }
    const known = request.holder;
    if (
      only !== undefined && known !== undefined && mayTakeFirst(only, request, { gates, terms })
    ) {
      const by = { holder: known, worker: request.worker, now: terms.now };
      const from = begins.has(only) ? begins.get(only) : fronts?.of(only) ?? front;
      const next = from && (yield* takeFirstJobs(builder, { queue: only, from }, by));
      begins.set(only, next);
      const exhausted = next === undefined;
      results.push({ jobs: yield* whole(builder.jobs), exhausted, holder: known });
      continue;
    }
    const queue = only === undefined || gates?.isRestricted(only) ? undefined : only;
    let exhausted: boolean;
    if (queue === undefined) {
      merge ??= createMerge({ backlogs, heads: found, added: added ?? [] }, terms, ledger);
      exhausted = yield* merge.gather(request.queues, builder);
    } else {
      exhausted = empty.has(queue) || (yield* gatherPlain(queue, builder, terms));
      if (exhausted && !empty.has(queue)) {
        empty.add(queue);
        updates.push({ backlog: { queue, budgetSet: "", from: front }, from: undefined });
      }
    }
    const { jobs, holder } = yield* takeAll(builder.jobs, request, terms);
    results.push({ jobs, exhausted, holder });
  }
  for (const [queue, from] of begins) {
    updates.push({ backlog: { queue, budgetSet: "", from: front }, from });
  }
  if (merge === undefined) return { results, updates, exhaustedBudgets: [], fullQueues: [] };
  const ended = yield* merge.end();
  const fullQueues = ledger === undefined ? [] : yield* ledger.end();
  return { ...ended, results, updates: [...updates, ...ended.updates], fullQueues };
}

/** The same where other brokers may have taken this one for gone: then it takes nothing. */
export function* claimRegistered(
  requests: readonly ClaimRequest[],
  sources: ClaimSources,
  terms: ClaimTerms,
): Transition<Claimed> {
  yield* demandRegistered(terms.broker);
  return yield* claimJobs(requests, sources, { ...terms, isShared: true });
}

/** Whether jobs of a queue may be taken with one statement: not under leases, and not where there may be a limit. */
function mayTakeFirst(
  queue: string,
  { lease }: ClaimRequest,
  { gates, terms }: { readonly gates: ClaimSources["gates"]; readonly terms: ClaimTerms },
): boolean {
  return terms.isShared === true && lease === undefined &&
    gates?.isKnownRestricted?.(queue) !== true;
}

/** Gathers jobs without budgets of one queue. Gives whether no more are left. */
function* gatherPlain(
  queue: string,
  builder: ClaimBuilder,
  { now }: ClaimTerms,
): Transition<boolean> {
  const backlog = { queue, budgetSet: "", from: front };
  const cursor = createBacklogCursor(backlog, now, builder.room());
  while (builder.room() > 0) {
    const job = cursor.known() ?? (yield* cursor.head());
    if (job === undefined) return true;
    // What others came to is given to those that waited for them.
    builder.add(job, hasTrait(job, traits.dependent) ? yield* sizeResultsOf(job.seq) : 0);
    cursor.advance();
  }
  return cursor.isAtEnd();
}

/** Marks what was gathered for a request as taken. */
function* takeAll(
  jobs: readonly JobRecord[],
  request: ClaimRequest,
  terms: ClaimTerms,
): Transition<Pick<ClaimResult, "jobs" | "holder">> {
  if (jobs.length === 0) return { jobs, holder: request.holder };
  if (request.lease !== undefined) {
    const { worker, lease, holder } = request;
    return { jobs: yield* takeUnderLeases(jobs, lease, { worker, now: terms.now }), holder };
  }
  const holder = request.holder ?? (yield* registerHolder(request.worker, terms));
  yield* markTaken(jobs, { holder, worker: request.worker, now: terms.now });
  return { jobs: yield* whole(jobs), holder };
}

/** Adds what is left to be read of jobs. */
function* whole(jobs: readonly JobRecord[]): Transition<readonly JobRecord[]> {
  return jobs.every(isWhole) ? jobs : yield* withExtras(yield* withLargePayloads(jobs), true);
}

/** Whether nothing is left to be read of a job: so it is with most. */
function isWhole({ traits, largeBytes }: JobRecord): boolean {
  return traits === 0 && largeBytes == null;
}
