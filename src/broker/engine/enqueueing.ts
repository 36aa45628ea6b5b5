/**
 * Storing new jobs: checked first, then made into records, then written in one transaction.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import { checkChildren } from "../../protocol/child.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { Rejection } from "../../protocol/rejection.ts";
import { enqueueOffspring } from "../../store/children.ts";
import {
  enqueueJobs,
  type EnqueueTerms,
  type NewRecord,
  type StoredJob,
} from "../../store/enqueue.ts";
import type { Expressions } from "../../store/expressions.ts";
import { enqueueOnce, type KeyedCall } from "../../store/idempotency.ts";
import type { Store } from "../../store/store.ts";
import type { Admission } from "./admission.ts";
import type { Settings } from "./settings.ts";

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
  readonly clock: Clock;
  readonly settings: Settings;
  readonly expressions: Expressions;
  readonly admission: Admission;
  /** A call with a key was done at `now`, in ms since the epoch. */
  keyed(now: number): void;
}

/** Creates what stores new jobs. */
export function createEnqueueing(
  { store, clock, settings, expressions, admission, keyed: noteKeyed }: EnqueueingOptions,
): Enqueueing {
  return async (jobs, { keyed: call, covers, worker } = {}) => {
    let folds = 0;
    let others = 0;
    let children = 0;
    for (const job of jobs) {
      if (job.batch !== null) folds++;
      others += job.tags.length;
      if (job.meta != null) others++;
      if (job.childOf != null) children++;
    }
    const budget = expressions.newBudget();
    const allowed = budget.steps;
    const rejection = jobs.length <= jobsOfTurn && folds <= 1
      ? admission.check(jobs, budget)
      : await admission.checkMany(jobs, budget);
    if (rejection !== undefined) return rejection;
    const mixed = children === 0 ? undefined : checkChildren(jobs);
    if (mixed !== undefined) return { kind: "unprocessable", ...mixed };
    const now = clock.now();
    const records: NewRecord[] = [];
    for (let at = 0; at < jobs.length; at += jobsOfTurn) {
      if (at > 0) await pause(clock);
      for (const job of jobs.slice(at, at + jobsOfTurn)) records.push(admission.toRecord(job, now));
    }
    const terms = { now, maxBudgets: settings.maxBudgets, expressions, covers };
    // The check has tried the expressions of each job, so it tells what folding them will take, about.
    const sizeOfSteps = Math.ceil((allowed - budget.steps) / stepsOfRow);
    const size = jobs.length + others + children + folds * sizeOfFold + sizeOfSteps;
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

/** Jobs that are checked or made into records in one piece. */
const jobsOfTurn = 2000;

/** A job of a batch takes as long as so many others, besides the steps of its expressions: it may be folded into another. */
const sizeOfFold = 100;

/** So many steps take as long as storing a job. */
const stepsOfRow = 200;
