/**
 * The table of dead jobs by what they died of, and its counts.
 *
 * A dead job that is kept has a row in `failures`, whatever made it dead, and loses it when it is dead no more or deleted.
 * `failure_counts` counts the rows by group, queue and day, so that nobody has to count them; a row that counts nothing is
 * deleted. A group that a failure was given (`is_given`) is shown with the job; the others follow from its error records, and
 * clients that know no groups see no more than they did. The days are those of UTC, counted from the epoch.
 *
 * @module
 */

import type { Failure } from "../protocol/failure.ts";
import { type FailureGroup, failureGroupOf } from "../protocol/failure-group.ts";
import { dayMs } from "../protocol/insight-query.ts";
import type { JobExtra } from "../protocol/job-extra.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { SqlValue } from "./database.ts";
import { isOneOf } from "./dialect.ts";
import { fromBytes, toBytes } from "./text-bytes.ts";
import { removeRows, type TraitedJob, traits, type TraitTable } from "./traits.ts";
import { rows, run, type Transition } from "./transition.ts";

/** The day of UTC that an instant is in, counted from the epoch. */
export function dayOf(instant: number): number {
  return Math.floor(instant / dayMs);
}

/** Puts a job that died into a group. */
export function* enterGroup(
  { seq, queue, failedAt }: Pick<JobRecord, "seq" | "queue" | "failedAt">,
  failure: Pick<Failure, "failureGroup" | "errorType">,
): Transition<void> {
  const name = toBytes(failureGroupOf(failure));
  yield* run(
    "INSERT INTO failures (job, failure_group, is_given, failed_at, queue) VALUES (?, ?, ?, ?, ?)",
    [seq, name, failure.failureGroup === undefined ? 0 : 1, failedAt, queue],
  );
  yield* run(
    `INSERT INTO failure_counts (failure_group, queue, day, jobs) VALUES (?, ?, ?, 1)
     ON CONFLICT (failure_group, queue, day) DO UPDATE SET jobs = failure_counts.jobs + 1`,
    [name, queue, dayOf(failedAt!)],
  );
}

/** What a row says of where it is counted. */
interface Place {
  readonly name: Uint8Array<ArrayBuffer>;
  readonly queue: string;
  readonly day: number;
}

/** Takes jobs out of their groups. */
export function* leaveGroups(jobs: readonly TraitedJob[]): Transition<void> {
  const places = yield* rows<Place & { readonly jobs: number }>(
    `SELECT failure_group AS name, queue, failed_at / ${dayMs} AS day, count(*) AS jobs
     FROM failures WHERE ${isOneOf("job", "integers")}
     GROUP BY failure_group, queue, failed_at / ${dayMs} ORDER BY failure_group, queue, day`,
    [JSON.stringify(jobs.map(({ seq }) => seq))],
  );
  yield* removeRows("failures", jobs);
  // In one order for all brokers, so that they do not wait for each other crosswise.
  for (const { name, queue, day, jobs } of places) {
    const isPlace = "failure_group = ? AND queue = ? AND day = ?";
    yield* run(`UPDATE failure_counts SET jobs = jobs - ? WHERE ${isPlace}`, [
      jobs,
      name,
      queue,
      day,
    ]);
    yield* run(`DELETE FROM failure_counts WHERE ${isPlace} AND jobs <= 0`, [name, queue, day]);
  }
}

/** The groups of dead jobs, by their rows. */
export function* readGroups(seqs: readonly number[]): Transition<ReadonlyMap<number, string>> {
  const found = yield* rows<{ job: number; name: Uint8Array }>(
    `SELECT job, failure_group AS name FROM failures WHERE ${isOneOf("job", "integers")}`,
    [JSON.stringify(seqs)],
  );
  return new Map(found.map(({ job, name }) => [job, fromBytes(name)]));
}

/** What is kept of dead jobs. */
export const groupedJobs: TraitTable = {
  trait: traits.grouped,
  remove: leaveGroups,
  *read(seqs) {
    const found = yield* rows<{ job: number; name: Uint8Array }>(
      `SELECT job, failure_group AS name FROM failures
       WHERE ${isOneOf("job", "integers")} AND is_given = 1`,
      [JSON.stringify(seqs)],
    );
    return new Map(found.map(({ job, name }): [number, JobExtra] => {
      return [job, { failureGroup: fromBytes(name) }];
    }));
  },
};

/** Rows of the counts that one piece reads at most. */
const pieceSize = 2000;

/** A place among the groups. */
export interface GroupCursor {
  readonly group: string;
  /** Where it is inside of the group; left out, behind all of it. */
  readonly inside?: { readonly queue: string; readonly day: number };
}

/** A piece of the groups; the last of it and the first of the next piece may be the same. */
export interface GroupPiece {
  readonly groups: readonly FailureGroup[];
  /** Where it ended; undefined at the end. */
  readonly next: GroupCursor | undefined;
}

/**
 * The groups with their counts, in the order of their bytes.
 *
 * @param behind Where they begin; undefined at the start.
 */
export function* listGroups(
  behind: GroupCursor | undefined,
  order: "asc" | "desc",
): Transition<GroupPiece> {
  const { sql, params } = isBehind(behind, order === "asc" ? ">" : "<");
  const found = yield* rows<{ name: Uint8Array; queue: string; day: number; jobs: number }>(
    `SELECT failure_group AS name, queue, day, jobs FROM failure_counts WHERE ${sql}
     ORDER BY failure_group ${order}, queue ${order}, day ${order} LIMIT ?`,
    [...params, pieceSize],
  );
  const groups: { group: string; count: number }[] = [];
  for (const { name, jobs } of found) {
    const group = fromBytes(name);
    const last = groups.at(-1);
    if (last?.group === group) last.count += jobs;
    else groups.push({ group, count: jobs });
  }
  if (found.length < pieceSize) return { groups, next: undefined };
  const { name, queue, day } = found.at(-1)!;
  return { groups, next: { group: fromBytes(name), inside: { queue, day } } };
}

function isBehind(
  place: GroupCursor | undefined,
  comes: ">" | "<",
): { readonly sql: string; readonly params: readonly SqlValue[] } {
  if (place === undefined) return { sql: "1 = 1", params: [] };
  const { group, inside } = place;
  if (inside === undefined) return { sql: `failure_group ${comes} ?`, params: [toBytes(group)] };
  return {
    sql: `(failure_group, queue, day) ${comes} (?, ?, ?)`,
    params: [toBytes(group), inside.queue, inside.day],
  };
}
