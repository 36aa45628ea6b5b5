/**
 * Deleting jobs.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { deleteJobs } from "./jobs-table.ts";
import { returnTokens } from "./tokens.ts";
import { each, rows, run, type Transition } from "./transition.ts";
import { type Condition, type JobSelection, whereMatches } from "./where.ts";

/** What a deletion took away. */
export interface Removal {
  /** How many jobs there were. */
  readonly count: number;
  /** Which of them were in flight: their consumers have room again. */
  readonly inFlight: readonly string[];
  /** Whether one that draws on budgets was ready, and perhaps kept others waiting. */
  readonly waiting: boolean;
}

/** Deletes one job, whatever its status. */
export function* removeJob(id: string): Transition<Removal> {
  const [job] = yield* rows<{ status: number; budgets: string | null }>(
    "SELECT status, budgets FROM jobs WHERE id = ?",
    [id],
  );
  if (job === undefined) return { count: 0, inFlight: [], waiting: false };
  yield* deleteJobs([id]);
  const isInFlight = job.status === status.inFlight;
  if (isInFlight) yield* returnTokens([job.budgets]);
  return {
    count: 1,
    inFlight: isInFlight ? [id] : [],
    waiting: job.status === status.ready && job.budgets !== null,
  };
}

/** Deletes every job of a selection in one transaction; all jobs when it selects by nothing. */
export function* removeJobs(selection: JobSelection): Transition<Removal> {
  const { sql, params } = whereMatches(selection);
  const inFlight = yield* rows<{ id: string }>(
    `SELECT id FROM jobs WHERE status = 2 AND ${sql}`,
    params,
  );
  const bound = yield* listBound({ sql, params });
  yield* run(`DELETE FROM errors WHERE job_id IN (SELECT id FROM jobs WHERE ${sql})`, params);
  const count = yield* run(`DELETE FROM jobs WHERE ${sql}`, params);
  yield* each("DELETE FROM bindings WHERE job_id = ?", bound.map(({ id }) => [id]));
  const drawing = bound.filter((job) => job.status === status.inFlight);
  yield* returnTokens(drawing.map(({ budgets }) => budgets));
  return {
    count,
    inFlight: inFlight.map(({ id }) => id),
    waiting: bound.some((job) => job.status === status.ready),
  };
}

/** The jobs that draw on budgets; most databases have none, and are not searched for them. */
function* listBound(
  { sql, params }: Condition,
): Transition<Pick<JobRecord, "id" | "status" | "budgets">[]> {
  if ((yield* rows("SELECT 1 FROM bindings LIMIT 1")).length === 0) return [];
  return yield* rows(`SELECT id, status, budgets FROM jobs WHERE lane <> '' AND ${sql}`, params);
}
