/**
 * Storing new jobs: checked first, then made into records, then written in one transaction.
 *
 * @module
 */

import { checkChildren } from "../../protocol/child.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { Rejection } from "../../protocol/rejection.ts";
import { enqueueOffspring } from "../../store/children.ts";
import { enqueueJobs, type EnqueueTerms, type StoredJob } from "../../store/enqueue.ts";
import { enqueueOnce, type KeyedCall } from "../../store/idempotency.ts";
import type { Store } from "../../store/store.ts";
import type { Preparing } from "./preparing.ts";

/** How jobs are stored. */
export interface EnqueueOptions extends Pick<EnqueueTerms, "covers"> {
  /** What the call goes by if it may be repeated: then it is done once. */
  readonly keyed?: Pick<KeyedCall, "key" | "fingerprint"> | undefined;
  /** What the worker calls itself that asks, if it says so. */
  readonly worker?: string | undefined;
}

/** Stores jobs together, all or none. */
export type Enqueueing = (
  jobs: readonly NewJob[],
  options?: EnqueueOptions,
) => Promise<readonly StoredJob[] | Rejection>;

/** What it works with. */
export interface EnqueueingOptions {
  readonly store: Store;
  readonly prepare: Preparing;
  /** A call with a key was done at `now`, in ms since the epoch. */
  keyed(now: number): void;
}

/** Creates what stores new jobs. */
export function createEnqueueing(
  { store, prepare, keyed: noteKeyed }: EnqueueingOptions,
): Enqueueing {
  return async (jobs, { keyed: call, covers, worker } = {}) => {
    const preparing = prepare(jobs, covers);
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (!("records" in prepared)) return prepared;
    const { records, terms, size, children } = prepared;
    const { now } = terms;
    const mixed = children === 0 ? undefined : checkChildren(jobs);
    if (mixed !== undefined) return { kind: "unprocessable", ...mixed };
    const childOf = children === 0 ? undefined : jobs.map((job) => job.childOf ?? null);
    const enqueue = () =>
      childOf === undefined
        ? enqueueJobs(records, terms)
        : enqueueOffspring({ entries: records, childOf, worker }, terms);
    if (call === undefined) return await store.write(enqueue, size);
    const keyed = { ...call, jobs, now, ids: records.map(({ job }) => job.id) };
    const stored = await store.write(() => enqueueOnce(keyed, enqueue), size + 1);
    noteKeyed(now);
    return stored;
  };
}
