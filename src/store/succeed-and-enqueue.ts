/**
 * The success of one job that stores others: the run ends and they are there, or neither.
 *
 * | Who reports                                     | What happens                                                  |
 * | ----------------------------------------------- | ------------------------------------------------------------- |
 * | has the run, and all of the jobs can be stored  | they are stored, and the run ends well                        |
 * | has the run, and one of them cannot             | nothing: the job stays in flight, with who has it             |
 * | has not, or not any more                        | nothing: the report is missed                                 |
 *
 * Jobs that are stored know what they came from. They may wait for the job that ends, and are free at once then; and they
 * may have its unique key, if it lets that go.
 *
 * @module
 */

import type { JobRun } from "../protocol/ack.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { enqueueJobs, type EnqueueTerms, type NewRecord, type StoredJob } from "./enqueue.ts";
import {
  isReportedByHolder,
  isRunOf,
  keepResult,
  type MissedReport,
  toMissed,
  toSucceeded,
} from "./finish.ts";
import type { FinishTerms } from "./job-rules.ts";
import { findJob, writePayload } from "./jobs.ts";
import { moveJob } from "./move-job.ts";
import { keepOrigin, markSpawned } from "./spawned.ts";
import { withExtras } from "./trait-tables.ts";
import { StaleReadError, type Transition } from "./transition.ts";
import type { RawPayload } from "../protocol/record.ts";

/** What such a success brings. */
export interface EnqueuingSuccess {
  /** Replaces that of the job, if it is kept; undefined leaves it. */
  readonly payload?: RawPayload | undefined;
  /** The jobs to be stored. */
  readonly entries: readonly NewRecord[];
}

/** What came of it: the job as it is now, or as it was before it was deleted, and the jobs that are stored; or nothing. */
export type EnqueuedSuccess =
  | { readonly job: JobRecord; readonly stored: readonly StoredJob[] }
  | { readonly missed: MissedReport };

/** Ends the run of a job in flight well, and stores jobs; all or nothing. */
export function* succeedAndEnqueue(
  run: JobRun,
  { payload, entries }: EnqueuingSuccess,
  terms: { readonly finish: FinishTerms; readonly enqueue: EnqueueTerms },
): Transition<EnqueuedSuccess | Rejection> {
  const found = yield* findJob(run.id);
  if (!isRunOf(found, run) || !(yield* isReportedByHolder(found, run))) {
    return { missed: yield* toMissed(run, found) };
  }
  const after = toSucceeded(found, run, terms.finish);
  const ending = { seq: found.seq, after };
  const marked = entries.map((entry) => ({ ...entry, job: markSpawned(entry.job) }));
  // First, as it writes nothing before it knows that it can.
  const stored = yield* enqueueJobs(marked, { ...terms.enqueue, ending });
  if (isRejection(stored)) return stored;
  const fresh = stored.filter(({ duplicate, folded }) => !duplicate && !folded);
  yield* keepOrigin(fresh.map(({ job }) => job), run.id);
  const isAwaited = entries.some(({ dependsOn = [] }) => dependsOn.some(({ id }) => id === run.id));
  // One that others wait for now is marked for that.
  const job = isAwaited ? (yield* findJob(run.id))! : found;
  const ledger = createBudgetLedger();
  const hasResult = run.result !== undefined;
  const move = {
    ledger,
    cause: "succeeded",
    terms: terms.finish,
    hasResult,
    result: run.result,
  } as const;
  if (!(yield* moveJob(job, toSucceeded(job, run, terms.finish), move))) {
    throw new StaleReadError(`Job ${run.id} was changed meanwhile`);
  }
  if (hasResult) yield* keepResult(job, run, terms.finish);
  if (after !== undefined && payload !== undefined) yield* writePayload(job.seq, payload);
  yield* ledger.flush();
  const [told] = yield* withExtras([after ?? job]);
  return { job: told!, stored: isAwaited ? yield* readAgain(stored) : stored };
}

/** The jobs as they are now: some do not wait any more. */
function* readAgain(stored: readonly StoredJob[]): Transition<readonly StoredJob[]> {
  const present: JobRecord[] = [];
  for (const { job } of stored) present.push((yield* findJob(job.id)) ?? job);
  const read = yield* withExtras(present);
  return stored.map((one, at) => ({ ...one, job: read[at]! }));
}
