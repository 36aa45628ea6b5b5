/**
 * Reading jobs. A finished job whose retention ended is not seen, even before it is reaped.
 *
 * @module
 */

import type { PageQuery } from "../protocol/query.ts";
import type { JobRecord } from "../protocol/record.ts";
import { jobRows } from "./jobs.ts";
import { jobColumns, metadataColumns } from "./jobs-table.ts";
import { isReady } from "./status-sql.ts";
import { rows, type Transition } from "./transition.ts";
import { isVisible, type JobSelection, whereMatches } from "./where.ts";

/** One job with its payload. */
export function* getJob(id: string, now: number): Transition<JobRecord | undefined> {
  return (yield* jobRows(
    `SELECT ${jobColumns()} FROM jobs WHERE id = ? AND ${isVisible}`,
    [id, now],
  ))[0];
}

/** One job without its payload. */
export function* getMetadata(id: string, now: number): Transition<JobRecord | undefined> {
  return (yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE id = ? AND ${isVisible}`,
    [id, now],
  ))[0];
}

/** Jobs of a selection by id, with their payloads. */
export function* listJobs(
  selection: JobSelection,
  { from, order, limit }: PageQuery<string>,
  now: number,
): Transition<JobRecord[]> {
  const where = whereMatches(selection);
  const cursor = from === undefined ? "" : `AND id ${order === "asc" ? ">" : "<"} ?`;
  return yield* jobRows(
    `SELECT ${jobColumns()} FROM jobs WHERE ${isVisible} AND ${where.sql} ${cursor}
     ORDER BY id ${order} LIMIT ?`,
    [now, ...where.params, ...(from === undefined ? [] : [from]), limit],
  );
}

/**
 * How many jobs a selection has.
 *
 * The expired ones are counted apart, by their own index, so that the rest is counted without a look at
 * the rows.
 */
export function* countJobs(selection: JobSelection, now: number): Transition<number> {
  const { sql, params } = whereMatches(selection);
  const [row] = yield* rows<{ count: number }>(
    `SELECT (SELECT count(*) FROM jobs WHERE ${sql})
       - (SELECT count(*) FROM jobs WHERE purge_at <= ? AND ${sql}) AS count`,
    [...params, now, ...params],
  );
  return row!.count;
}

/**
 * The queues that any stored job is in, sorted by their bytes.
 *
 * Steps from one name to the next through the index: the cost grows with the queues, not with the jobs.
 */
export function* listQueues(): Transition<string[]> {
  const found = yield* rows<{ queue: string }>(
    `WITH RECURSIVE names (queue) AS (
       SELECT min(queue) FROM jobs
       UNION ALL
       SELECT (SELECT min(queue) FROM jobs WHERE queue > names.queue)
       FROM names WHERE names.queue IS NOT NULL
     )
     SELECT queue FROM names WHERE queue IS NOT NULL`,
  );
  return found.map(({ queue }) => queue);
}

/** The backlogs of jobs with budgets that have a ready job, by steps as above. */
export function* listBacklogs(): Transition<
  { readonly queue: string; readonly budgetSet: string }[]
> {
  const backlogs: { queue: string; budgetSet: string }[] = [];
  for (const queue of yield* listQueues()) {
    const found = yield* rows<{ budgetSet: string }>(
      `WITH RECURSIVE sets (name) AS (
         SELECT min(budget_set) FROM jobs WHERE queue = ? AND ${isReady} AND budget_set > ''
         UNION ALL
         SELECT (
           SELECT min(budget_set) FROM jobs WHERE queue = ? AND ${isReady} AND budget_set > sets.name
         ) FROM sets WHERE sets.name IS NOT NULL
       )
       SELECT name AS "budgetSet" FROM sets WHERE name IS NOT NULL`,
      [queue, queue],
    );
    for (const { budgetSet } of found) backlogs.push({ queue, budgetSet });
  }
  return backlogs;
}
