/**
 * Taking jobs from their workers at once: in flight → ready, without counting an attempt. One that is to be cancelled is dead
 * instead.
 *
 * @module
 */

import type { RefusedRun } from "../protocol/ack.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { endUnwanted, isUnwanted } from "./end-unwanted.ts";
import type { FinishTerms } from "./job-rules.ts";
import { findJob } from "./jobs.ts";
import { moveJob } from "./move-job.ts";
import { readStates } from "./read.ts";
import { rows, run, StaleReadError, type Transition } from "./transition.ts";

/** Why jobs cannot be taken from their workers: some are not there, others not in flight. */
export interface EvictionRefusal {
  /** The ids of jobs that are not there. */
  readonly missing: readonly string[];
  readonly refused: readonly RefusedRun[];
}

/** Jobs that are looked at together. */
const lookedUpAtOnce = 500;

/**
 * Takes jobs from their workers, all or none.
 *
 * @param ids Of each job once.
 * @param terms What ends those that are to be cancelled.
 * @returns The jobs as they are now, or why nothing was done.
 * @throws {StaleReadError} If one of them changed since it was read.
 */
export function* evictJobs(
  ids: readonly string[],
  terms: FinishTerms,
): Transition<readonly JobRecord[] | EvictionRefusal> {
  const missing: string[] = [];
  const refused: RefusedRun[] = [];
  for (let at = 0; at < ids.length; at += lookedUpAtOnce) {
    const piece = ids.slice(at, at + lookedUpAtOnce);
    const states = yield* readStates(piece);
    for (const id of piece) {
      const state = states.get(id);
      if (state === undefined) missing.push(id);
      else if (state.status !== status.inFlight) refused.push({ id, reason: "not_running" });
    }
  }
  if (missing.length > 0 || refused.length > 0) return { missing, refused };
  const ledger = createBudgetLedger();
  const evicted: JobRecord[] = [];
  for (const id of ids) {
    const job = yield* findJob(id);
    if (job?.status !== status.inFlight) throw new StaleReadError("A job left flight meanwhile");
    const worker = yield* findWorker(job);
    if (isUnwanted(job)) {
      const ended = yield* endUnwanted(job, terms, { ledger, worker });
      if (ended === undefined) throw new StaleReadError("A job left flight meanwhile");
      evicted.push(ended);
      continue;
    }
    const ready = { ...job, status: status.ready };
    const isMoved = yield* moveJob(job, ready, { ledger, cause: "evicted", worker });
    if (!isMoved) throw new StaleReadError("A job left flight meanwhile");
    // It says nothing against the job, so it does not count towards the deliveries that a job may have.
    yield* run("UPDATE jobs SET releases = releases + 1 WHERE seq = ?", [job.seq]);
    evicted.push(ready);
  }
  yield* ledger.flush();
  return evicted;
}

/** What the worker calls itself that has a job in flight, if it says so. */
export function* findWorker({ seq }: JobRecord): Transition<string | undefined> {
  const [found] = yield* rows<{ worker: string | null }>(
    `SELECT coalesce(leases.worker, holders.worker) AS worker FROM jobs
     LEFT JOIN leases ON leases.job = jobs.seq
     LEFT JOIN holders ON holders.id = jobs.holder WHERE jobs.seq = ?`,
    [seq],
  );
  return found?.worker ?? undefined;
}
