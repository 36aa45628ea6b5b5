/**
 * What comes before new jobs are stored: they are checked, and made into records.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { NewJob } from "../../protocol/new-job.ts";
import type { Rejection } from "../../protocol/rejection.ts";
import type { EnqueueTerms, NewRecord } from "../../store/enqueue.ts";
import type { Expressions } from "../../store/expressions.ts";
import type { Admission } from "./admission.ts";
import type { Settings } from "./settings.ts";

/** Jobs that were checked, and how they are stored. */
export interface PreparedJobs {
  readonly records: readonly NewRecord[];
  readonly terms: EnqueueTerms;
  /** How many rows that writes, about. */
  readonly size: number;
  /** How many of them are children of others. */
  readonly children: number;
}

/**
 * Checks jobs that are to be stored together, without reading the database, and makes them into records. Gives a promise
 * only if they are many.
 */
export type Preparing = (
  jobs: readonly NewJob[],
  covers: EnqueueTerms["covers"],
) => PreparedJobs | Rejection | Promise<PreparedJobs | Rejection>;

/** What jobs are prepared with. */
export interface PreparingOptions {
  readonly clock: Clock;
  readonly settings: Pick<Settings, "maxBudgets">;
  readonly expressions: Expressions;
  readonly admission: Pick<Admission, "check" | "checkMany" | "toRecord">;
}

/** Jobs that are checked or made into records in one piece. */
const jobsOfTurn = 2000;

/** A job of a batch takes as long as so many others, besides the steps of its expressions: it may be folded into another. */
const sizeOfFold = 100;

/** So many steps take as long as storing a job. */
const stepsOfRow = 200;

/** Creates what prepares new jobs. */
export function createPreparing(
  { clock, settings, expressions, admission }: PreparingOptions,
): Preparing {
  const toRecords = (jobs: readonly NewJob[], now: number): NewRecord[] => {
    const records: NewRecord[] = [];
    for (const job of jobs) records.push(admission.toRecord(job, now));
    return records;
  };

  /** Gives other work its turns. */
  const toRecordsSlowly = async (jobs: readonly NewJob[], now: number): Promise<NewRecord[]> => {
    const records: NewRecord[] = [];
    for (let at = 0; at < jobs.length; at += jobsOfTurn) {
      if (at > 0) await pause(clock);
      for (const record of toRecords(jobs.slice(at, at + jobsOfTurn), now)) records.push(record);
    }
    return records;
  };

  return (jobs, covers) => {
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
    const toPrepared = (records: readonly NewRecord[], now: number): PreparedJobs => {
      const terms = { now, maxBudgets: settings.maxBudgets, expressions, covers };
      // The check has tried the expressions of each job, so it tells what folding them will take, about.
      const sizeOfSteps = Math.ceil((allowed - budget.steps) / stepsOfRow);
      const size = jobs.length + others + children + folds * sizeOfFold + sizeOfSteps;
      return { records, terms, size, children };
    };
    if (jobs.length > jobsOfTurn || folds > 1) {
      return admission.checkMany(jobs, budget).then(async (rejection) => {
        if (rejection !== undefined) return rejection;
        const now = clock.now();
        return toPrepared(await toRecordsSlowly(jobs, now), now);
      });
    }
    const rejection = admission.check(jobs, budget);
    if (rejection !== undefined) return rejection;
    const now = clock.now();
    return toPrepared(toRecords(jobs, now), now);
  };
}
