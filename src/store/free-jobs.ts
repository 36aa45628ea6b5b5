/**
 * Ready jobs that draw on no budget.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { comparePlaces } from "./line-cursor.ts";
import { takenColumns } from "./taken.ts";
import { rows, type Transition } from "./transition.ts";

/** Rows that are read at a time. */
export const freeStep = 100;

/** Queues in one statement: engines bound how many arms a compound SELECT and how many parameters it has. */
const queuesPerStatement = 40;

const fromAnyQueue =
  `SELECT ${takenColumns} FROM jobs WHERE status = 1 AND lane = '' ORDER BY priority, id LIMIT ?`;
const fromOneQueue =
  `SELECT ${takenColumns} FROM jobs WHERE queue = ? AND status = 1 AND lane = ''`;

/** The first of them in the order of delivery, as their taker will see them. */
export function* findFree(
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
  return found.sort(comparePlaces).slice(0, limit);
}
