/**
 * Deleting jobs, whatever their status.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import type { ChangedJob } from "./changes.ts";
import { isOneOf, lockRows } from "./dialect.ts";
import { awaitedTable } from "./dependencies-table.ts";
import type { FinishTerms } from "./job-rules.ts";
import { findJob } from "./jobs.ts";
import { moveAlone } from "./move-job.ts";
import { outcomes, settle } from "./settle.ts";
import { deleteTraits } from "./trait-tables.ts";
import { hasTrait, newRoom, traits } from "./traits.ts";
import { report, rows, run, StaleReadError, type Transition } from "./transition.ts";
import { type JobSelection, whereMatches } from "./where.ts";

/** How jobs are deleted that others wait for. */
export interface Removal {
  /** Without these, the others are deleted a moment later. */
  readonly terms?: FinishTerms;
  /** Whether the others are deleted too; if not, the job is not deleted. */
  readonly cascade?: boolean;
}

/**
 * Deletes one job, whatever its status.
 *
 * @returns Whether there was one; or the ids of jobs that wait for it, and nothing is deleted.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* removeJob(
  id: string,
  { terms, cascade = false }: Removal = {},
): Transition<boolean | readonly string[]> {
  const job = yield* findJob(id);
  if (job === undefined) return false;
  if (isAwaited(job) && !cascade) {
    const { dependents } = (yield* awaitedTable.read!([job.seq], newRoom())).get(job.seq) ?? {};
    if (dependents !== undefined) return dependents;
  }
  yield* moveAlone(job, undefined, "removed", terms);
  return true;
}

/** Whether others may wait for a job, or be about to hear that it is dead. */
function isAwaited(job: Pick<JobRecord, "traits" | "status">): boolean {
  return hasTrait(job, traits.awaited) && job.status !== status.completed;
}

/** Rows that one statement deletes at most. */
const pieceSize = 1000;

/** A job to be deleted. */
type DoomedJob = ChangedJob & Pick<JobRecord, "status" | "budgets">;

/**
 * Deletes every job of a selection in one transaction; all jobs when it selects by nothing. Those that wait for one of
 * them are deleted too.
 *
 * @returns How many there were.
 * @throws {StaleReadError} If one of them moved on between reading and deleting.
 */
export function* removeJobs(selection: JobSelection, terms?: FinishTerms): Transition<number> {
  const { sql, params } = whereMatches(selection);
  const ledger = createBudgetLedger();
  let count = 0;
  while (true) {
    const jobs = yield* rows<DoomedJob>(
      `SELECT id, seq, queue, type, traits, status, budgets FROM jobs WHERE ${sql} LIMIT ? ${lockRows}`,
      [...params, pieceSize],
    );
    // Sorted here: for each piece, the database would sort all that are left.
    jobs.sort((a, b) => a.seq - b.seq);
    if (jobs.length > 0) yield* removePiece(jobs, ledger);
    count += jobs.length;
    const awaited = jobs.filter(isAwaited);
    if (awaited.length > 0) {
      const ended = awaited.map(({ id, seq }) => ({ id, seq, outcome: outcomes.removed }));
      count += yield* settle(ended, terms);
    }
    if (jobs.length < pieceSize) break;
  }
  yield* ledger.flush();
  return count;
}

const deleteOfStatus = `DELETE FROM jobs WHERE ${isOneOf("seq", "integers")} AND status = ?`;

function* removePiece(jobs: readonly DoomedJob[], ledger: BudgetLedger): Transition<void> {
  const ids = JSON.stringify(jobs.map(({ id }) => id));
  yield* run(`DELETE FROM errors WHERE ${isOneOf("job_id", "texts")}`, [ids]);
  const bound = jobs.filter(({ budgets }) => budgets !== null);
  if (bound.length > 0) {
    yield* run(`DELETE FROM bindings WHERE ${isOneOf("job_id", "texts")}`, [ids]);
  }
  yield* deleteTraits(jobs);
  for (const job of bound) if (job.status === status.inFlight) yield* ledger.refund(job);
  for (const from of new Set(jobs.map(({ status }) => status))) {
    const gone = jobs.filter((job) => job.status === from);
    const seqs = JSON.stringify(gone.map(({ seq }) => seq));
    if ((yield* run(deleteOfStatus, [seqs, from])) < gone.length) {
      throw new StaleReadError("The jobs of a selection changed meanwhile");
    }
    yield report({ kind: "jobs", from, to: undefined, jobs: gone, cause: "removed" });
  }
  // Others may have waited behind these.
  const kept = bound.filter((job) => job.status === status.ready).flatMap(budgetsOf);
  if (kept.length > 0) {
    yield report({ kind: "budgets", keys: [...new Set(kept)], refunded: false });
  }
}
