/**
 * Reading jobs. A finished job whose retention ended is not seen, even before it is reaped.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import type { Backlog, Position } from "./backlog.ts";
import { listReadyQueues } from "./counts.ts";
import { isOneOf } from "./dialect.ts";
import { firstMadeKey, keyOfId, lastKeyUpTo, wildKey } from "./job-key.ts";
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
 * The key that jobs behind a cursor come behind. Jobs are ordered by their keys.
 *
 * | The cursor is                                        | The key is                                              |
 * | ---------------------------------------------------- | ------------------------------------------------------- |
 * | the id of a named job that is there                  | that of the job                                         |
 * | made from a key (`toCursor`), or an id that is       | that one, whether or not there is a job                 |
 * | another text, and there are jobs of older versions   | that of the last of them whose id does not come after it |
 * | another text                                         | that of the last job whose id was made before it        |
 */
export function* keyBehind(cursor: string, order: "asc" | "desc"): Transition<number> {
  const [named] = yield* rows<{ seq: number }>(
    "SELECT seq FROM jobs WHERE named = 1 AND id = ?",
    [cursor],
  );
  if (named !== undefined) return named.seq;
  const own = keyOfId(cursor);
  if (own !== undefined && own < firstMadeKey) return own;
  const isAscending = order === "asc";
  const older = yield* firstOlderJob(cursor);
  if (older !== undefined) return isAscending ? older - 1 : older;
  if (own !== undefined) return own;
  const key = lastKeyUpTo(cursor);
  // Only the job of this key may stand on either side: its id begins as the text may, and ends at random.
  const [made] = yield* rows<{ id: string }>("SELECT id FROM jobs WHERE seq = ? AND named = 0", [
    key,
  ]);
  if (made === undefined) return key;
  if (isAscending) return made.id > cursor ? key - 1 : key;
  return made.id < cursor ? key + 1 : key;
}

/** The key of the first job of an older version whose id comes after a text. Their keys are in the order of their ids. */
function* firstOlderJob(text: string): Transition<number | undefined> {
  const any = yield* rows("SELECT 1 AS found FROM jobs WHERE seq < ? LIMIT 1", [firstMadeKey]);
  if (any.length === 0) return undefined; // As always, but in databases that older versions wrote.
  const [first] = yield* rows<{ seq: number }>(
    "SELECT seq FROM jobs WHERE named = 1 AND id > ? AND seq < ? ORDER BY id LIMIT 1",
    [text, firstMadeKey],
  );
  return first?.seq;
}

/** Whether a job has an id that the broker has not made. */
export function* hasNamedJobs(): Transition<boolean> {
  return (yield* rows("SELECT 1 AS found FROM jobs WHERE named = 1 LIMIT 1")).length > 0;
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

/** The first budget set of ready jobs of a queue that comes behind another one. */
export function* nextBudgetSet(
  queue: string,
  after: string | undefined,
): Transition<string | undefined> {
  const [row] = yield* rows<{ name: string | null }>(
    `SELECT min(budget_set) AS name FROM jobs
     WHERE queue = ? AND ${isReady} ${after === undefined ? "" : "AND budget_set > ?"}`,
    after === undefined ? [queue] : [queue, after],
  );
  return row?.name ?? undefined;
}

/** The greatest key of a job that is not wild; 0 when there is none. */
export function* lastSeq(): Transition<number> {
  const text = "SELECT max(seq) AS seq FROM jobs WHERE seq < ?";
  const [row] = yield* rows<{ seq: number | null }>(text, [wildKey]);
  return row?.seq ?? 0;
}
