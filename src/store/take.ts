/**
 * Taking jobs: ready → in flight, in the order of delivery.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { jobColumns } from "./jobs-table.ts";
import { each, rows, type Transition } from "./transition.ts";

/** What one consumer has room for. */
export interface Demand {
  /** The queues it reads; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs it takes at most. */
  readonly limit: number;
}

/** What one consumer got. */
export interface Pick {
  /** Jobs that are in flight now. */
  readonly jobs: readonly JobRecord[];
  /** Whether no ready job is left for it. */
  readonly exhausted: boolean;
}

/** Rows read at a time, and payload bytes after which no more are: what a pick holds in memory is bounded by both. */
const stepSize = 100;
const enoughBytes = 1 << 20;

/** Queues in one statement: engines bound how many arms a compound SELECT and how many parameters it has. */
const queuesPerStatement = 40;

/** Rows come out as the taker will see them, so that they can be framed as they are. */
const taken = jobColumns({ status: "2", dequeuedAt: "?" });
const fromAnyQueue = `SELECT ${taken} FROM jobs WHERE status = 1 ORDER BY priority, id LIMIT ?`;
const fromOneQueue = `SELECT ${taken} FROM jobs WHERE queue = ? AND status = 1`;

/**
 * Takes jobs for each demand in turn, lowest priority number first, oldest first within a priority.
 *
 * Gives each demand its jobs, already marked in flight at `now`: fewer than it has room for when there are no more, or
 * when their payloads are large.
 */
export function* takeJobs(demands: readonly Demand[], now: number): Transition<Pick[]> {
  const picks: Pick[] = [];
  for (const { queues, limit } of demands) {
    const jobs: JobRecord[] = [];
    let exhausted = false;
    let bytes = 0;
    while (!exhausted && jobs.length < limit && bytes < enoughBytes) {
      const wanted = Math.min(stepSize, limit - jobs.length);
      const found = yield* pick(queues, wanted, now);
      yield* each(
        "UPDATE jobs SET status = 2, dequeued_at = ? WHERE id = ? AND status = 1",
        found.map((job) => [now, job.id]),
      );
      for (const job of found) {
        jobs.push(job);
        bytes += job.payloadJson?.length ?? job.payloadPack?.length ?? 0;
      }
      exhausted = found.length < wanted;
    }
    picks.push({ jobs, exhausted });
  }
  return picks;
}

function* pick(
  queues: readonly string[] | undefined,
  limit: number,
  now: number,
): Transition<JobRecord[]> {
  if (queues === undefined) return yield* rows<JobRecord>(fromAnyQueue, [now, limit]);
  const found: JobRecord[] = [];
  for (let at = 0; at < queues.length; at += queuesPerStatement) {
    const part = queues.slice(at, at + queuesPerStatement);
    // Each arm is in index order, so the engine merges them and reads no further than the limit.
    const arms = part.map(() => fromOneQueue).join(" UNION ALL ");
    const params = part.flatMap((queue) => [now, queue]);
    const jobs = yield* rows<JobRecord>(`${arms} ORDER BY priority, id LIMIT ?`, [
      ...params,
      limit,
    ]);
    found.push(...jobs);
  }
  if (queues.length <= queuesPerStatement) return found;
  return found.sort(byDelivery).slice(0, limit);
}

function byDelivery(a: JobRecord, b: JobRecord): number {
  return a.priority - b.priority || (a.id < b.id ? -1 : 1);
}
