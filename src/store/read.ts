/**
 * Reading jobs. A finished job whose retention ended is not seen, even before it is reaped.
 *
 * @module
 */

import type { PageQuery } from "../protocol/query.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { Backlog, Position } from "./backlog.ts";
import { listReadyQueues } from "./counts.ts";
import { lastKeyUpTo } from "./job-key.ts";
import { isExpired, jobOfId } from "./jobs.ts";
import { jobColumns, metadataColumns } from "./jobs-table.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { isReady } from "./status-sql.ts";
import { rows, type Transition } from "./transition.ts";
import { isVisible, type JobSelection, whereMatches } from "./where.ts";

const selectJob = `SELECT ${jobColumns()} FROM jobs`;
const selectMetadata = `SELECT ${metadataColumns} FROM jobs`;

const listedJobs = createManyJobsReader();

/** One job with its payload. */
export function* getJob(id: string, now: number): Transition<JobRecord | undefined> {
  const job = yield* jobOfId(selectJob, id);
  return isExpired(job, now) ? undefined : job;
}

/** One job without its payload. */
export function* getMetadata(id: string, now: number): Transition<JobRecord | undefined> {
  const job = yield* jobOfId(selectMetadata, id);
  return isExpired(job, now) ? undefined : job;
}

/** Jobs of a selection by id, with their payloads. */
export function* listJobs(
  selection: JobSelection,
  { from, order, limit }: PageQuery<string>,
  now: number,
): Transition<JobRecord[]> {
  const where = whereMatches(selection);
  const cursor = from === undefined ? undefined : yield* cursorBehind(from, order);
  return yield* listedJobs.read(
    `FROM jobs WHERE ${isVisible} AND ${where.sql} AND ${cursor?.sql ?? "1 = 1"}
     ORDER BY seq ${order} LIMIT ?`,
    [now, ...where.params, ...(cursor === undefined ? [] : [cursor.seq]), limit],
  );
}

/** How many jobs a selection has that the kept counts do not tell of: by reading its jobs. */
export function* countJobs(selection: JobSelection, now: number): Transition<number> {
  const { sql, params } = whereMatches(selection);
  const [row] = yield* rows<{ count: number }>(
    `SELECT count(*) AS count FROM jobs WHERE ${isVisible} AND ${sql}`,
    [now, ...params],
  );
  return row!.count;
}

/** A place between two jobs: the condition on the key of those behind it, with its one parameter. */
export interface Cursor {
  readonly sql: string;
  readonly seq: number;
}

/**
 * The place behind an id in an order, whether or not there is a job of this id.
 *
 * Jobs are ordered by their keys, which is the order of their ids. The keys of named jobs do not follow from their ids;
 * but all named jobs come before the others, in the order of their ids too.
 */
export function* cursorBehind(id: string, order: "asc" | "desc"): Transition<Cursor> {
  const [named] = yield* rows<{ seq: number }>(
    `SELECT seq FROM jobs WHERE named = 1 AND id ${
      order === "asc" ? ">" : ">="
    } ? ORDER BY id LIMIT 1`,
    [id],
  );
  if (named !== undefined) return { sql: `seq ${order === "asc" ? ">=" : "<"} ?`, seq: named.seq };
  // In the other order the id itself, if there is one, is passed over too.
  return { sql: `seq ${order === "asc" ? ">" : "<"} ?`, seq: lastKeyUpTo(id) };
}

/** Queues whose backlogs one piece reads at most. */
const queuesAtOnce = 200;

/**
 * The backlogs that have a ready job, by steps through the index: the cost grows with these, not with the jobs.
 *
 * @param after The queue where the last piece ended.
 * @returns The backlogs of some queues, and the queue where this piece ended; undefined at the end.
 */
export function* listBacklogs(
  after: string = "",
): Transition<{ readonly backlogs: readonly Backlog[]; readonly next: string | undefined }> {
  const backlogs: Backlog[] = [];
  const queues = yield* listReadyQueues(after, queuesAtOnce);
  for (const queue of queues) {
    let budgetSet = yield* nextBudgetSet(queue, undefined);
    while (budgetSet !== undefined) {
      const [from] = yield* rows<Position>(
        `SELECT priority, seq FROM jobs WHERE queue = ? AND ${isReady} AND budget_set = ?
         ORDER BY priority, seq LIMIT 1`,
        [queue, budgetSet],
      );
      if (from !== undefined) backlogs.push({ queue, budgetSet, from });
      budgetSet = yield* nextBudgetSet(queue, budgetSet);
    }
  }
  return { backlogs, next: queues.length < queuesAtOnce ? undefined : queues.at(-1) };
}

function* nextBudgetSet(queue: string, after: string | undefined): Transition<string | undefined> {
  const [row] = yield* rows<{ name: string | null }>(
    `SELECT min(budget_set) AS name FROM jobs
     WHERE queue = ? AND ${isReady} ${after === undefined ? "" : "AND budget_set > ?"}`,
    after === undefined ? [queue] : [queue, after],
  );
  return row?.name ?? undefined;
}

/** The greatest key of a job; 0 when there is none. */
export function* lastSeq(): Transition<number> {
  const [row] = yield* rows<{ seq: number | null }>("SELECT max(seq) AS seq FROM jobs");
  return row?.seq ?? 0;
}
