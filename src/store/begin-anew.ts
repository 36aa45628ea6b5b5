/**
 * Writing a new stay of a job that somebody put anew, whoever had it.
 *
 * @module
 */

import type { JobRecord, RawPayload } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { findWorker } from "./evict-jobs.ts";
import { renewRow, type updateJob } from "./jobs.ts";
import { moveJob } from "./move-job.ts";
import { StaleReadError, type Transition } from "./transition.ts";

/** What is written besides. */
export interface NewBeginning {
  /** Replaces the payload; undefined leaves it. */
  readonly payload: RawPayload | undefined;
  /** What the worker calls itself that asked for it: it knows that it has the job no more. */
  readonly by?: string | undefined;
  /** Writes the job where more changes than a change of status may. */
  readonly write?: typeof updateJob;
}

/**
 * Writes it.
 *
 * @throws {StaleReadError} If the job changed since it was read.
 */
export function* beginAnew(
  before: JobRecord,
  after: JobRecord,
  { payload, by, ...how }: NewBeginning,
): Transition<void> {
  const worker = before.status === status.inFlight ? yield* findWorker(before) : undefined;
  const ledger = createBudgetLedger();
  const move = worker !== undefined && worker === by ? { byHolder: true } as const : { worker };
  if (!(yield* moveJob(before, after, { ledger, cause: "put", ...move, ...how }))) {
    throw new StaleReadError(`Job ${before.id} was changed meanwhile`);
  }
  yield* renewRow(before.seq, payload);
  yield* ledger.flush();
}
