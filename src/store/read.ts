/**
 * Reading jobs. A finished job whose retention ended is not seen, even before it is reaped.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import type { Backlog, Position } from "./backlog.ts";
import { listReadyQueues } from "./counts.ts";
import { isOneOf } from "./dialect.ts";
import { keyOfId, lastKeyUpTo } from "./job-key.ts";
import { isExpired, jobOfId } from "./jobs.ts";
import { jobColumns, metadataColumns } from "./jobs-table.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { isReady } from "./status-sql.ts";
import { withExtras } from "./trait-tables.ts";
import { rows, type Transition } from "./transition.ts";
import { all, isBetween, isVisibleAt, type JobSelection, whereMatches } from "./where.ts";

const selectJob = `SELECT ${jobColumns()} FROM jobs`;
const selectMetadata = `SELECT ${metadataColumns} FROM jobs`;

const listedJobs = createManyJobsReader();

/** One job with its payload. */
export function* getJob(id: string, now: number): Transition<JobRecord | undefined> {
  const job = yield* jobOfId(selectJob, id);
  if (job === undefined || isExpired(job, now)) return undefined;
  return (yield* withExtras([job]))[0];
}

/** One job without its payload. */
export function* getMetadata(id: string, now: number): Transition<JobRecord | undefined> {
  const job = yield* jobOfId(selectMetadata, id);
  return isExpired(job, now) ? undefined : job;
}

/** Where jobs stand, and at which delivery, by their ids; those that are not there have no entry. */
export function* readStates(
  ids: readonly string[],
): Transition<ReadonlyMap<string, JobState>> {
  const select = "SELECT id, status, deliveries FROM jobs WHERE";
  const seqs = ids.map(keyOfId).filter((seq) => seq !== undefined);
  const found = [
    ...yield* rows<JobState>(`${select} ${isOneOf("seq", "integers")}`, [JSON.stringify(seqs)]),
    ...yield* rows<JobState>(`${select} named = 1 AND ${isOneOf("id", "texts")}`, [
      JSON.stringify(ids),
    ]),
  ];
  return new Map(found.map((state) => [state.id, state]));
}

/** Where a job stands, and at which delivery. */
export type JobState = Pick<JobRecord, "id" | "status" | "deliveries">;

/**
 * Jobs of a selection with their payloads, but for large ones, in the order of their keys.
 *
 * @param behind The key that they come behind; undefined at the start.
 * @param limit How many at most.
 * @param now In ms since the epoch.
 */
export function* listJobs(
  selection: JobSelection,
  { behind, order, limit }: {
    readonly behind: number | undefined;
    readonly order: "asc" | "desc";
    readonly limit: number;
  },
  now: number,
): Transition<JobRecord[]> {
  const { sql, params } = all([
    ...isBetween(order, behind),
    isVisibleAt(now),
    whereMatches(selection),
  ]);
  return yield* listedJobs.read(
    `FROM jobs WHERE ${sql} ORDER BY seq ${order} LIMIT ?`,
    [...params, limit],
  );
}

/**
 * The key that jobs behind an id come behind, whether or not there is a job of this id.
 *
 * Jobs are ordered by their keys, which is the order of their ids. The keys of named jobs do not follow from their ids;
 * but all named jobs come before the others, in the order of their ids too.
 */
export function* keyBehind(id: string, order: "asc" | "desc"): Transition<number> {
  const isAscending = order === "asc";
  const [named] = yield* rows<{ seq: number }>(
    `SELECT seq FROM jobs WHERE named = 1 AND id ${isAscending ? ">" : ">="} ? ORDER BY id LIMIT 1`,
    [id],
  );
  if (named !== undefined) return isAscending ? named.seq - 1 : named.seq;
  const key = lastKeyUpTo(id);
  // Only the job of this key may stand on either side: its id begins as the text may, and ends at random.
  const [made] = yield* rows<{ id: string }>("SELECT id FROM jobs WHERE seq = ?", [key]);
  if (made === undefined) return key;
  if (isAscending) return made.id > id ? key - 1 : key;
  return made.id < id ? key + 1 : key;
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
