/**
 * Listing jobs by an instant of theirs: piece by piece, along the index of that instant.
 *
 * @module
 */

import type { JobSort } from "../protocol/query.ts";
import type { JobRecord } from "../protocol/record.ts";
import type { SqlValue } from "./database.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { readSize } from "./search.ts";
import { isScheduled } from "./status-sql.ts";
import { toBytes } from "./text-bytes.ts";
import { rows, type Transition } from "./transition.ts";
import { all, isVisibleAt, type JobSelection, whereMatches } from "./where.ts";

/** A place in the order of an instant. */
export interface SortedPlace {
  /** In ms since the epoch. */
  readonly at: number;
  /** The key of the job. */
  readonly seq: number;
}

/** Where jobs are found in the order of an instant. */
interface Source {
  readonly from: string;
  readonly at: string;
  readonly seq: string;
  /** The condition that all of them meet. */
  readonly where: string;
}

const sources: Readonly<Record<JobSort, Source>> = {
  readyAt: { from: "jobs", at: "ready_at", seq: "seq", where: isScheduled },
  completedAt: {
    from: "jobs",
    at: "completed_at",
    seq: "seq",
    where: "completed_at IS NOT NULL",
  },
  failedAt: { from: "failures", at: "failed_at", seq: "job", where: "1 = 1" },
};

/** A piece of a listing. */
export interface SortedPiece {
  /** The jobs that fit, in the order. */
  readonly jobs: readonly JobRecord[];
  /** Where it ended; undefined at the end. */
  readonly next: SortedPlace | undefined;
}

/** Where a piece begins. */
export interface SortedRange {
  readonly sort: JobSort;
  readonly order: "asc" | "desc";
  /** The place that it comes behind; undefined at the start. */
  readonly behind: SortedPlace | undefined;
}

const reader = createManyJobsReader();

/** Looks at the next jobs in an order, and gives those of a selection; large payloads are left out. */
export function* listSorted(
  selection: JobSelection,
  { sort, order, behind }: SortedRange,
  now: number,
): Transition<SortedPiece> {
  const { from, at, seq, where } = sources[sort];
  const conditions = [where];
  const params: SqlValue[] = [];
  if (sort === "failedAt" && selection.failureGroup !== undefined) {
    conditions.push("failure_group = ?");
    params.push(toBytes(selection.failureGroup));
  }
  if (behind !== undefined) {
    conditions.push(`(${at}, ${seq}) ${order === "asc" ? ">" : "<"} (?, ?)`);
    params.push(behind.at, behind.seq);
  }
  const places = yield* rows<SortedPlace>(
    `SELECT ${at} AS at, ${seq} AS seq FROM ${from} WHERE ${conditions.join(" AND ")}
     ORDER BY ${at} ${order}, ${seq} ${order} LIMIT ?`,
    [...params, readSize],
  );
  const seqs = places.map(({ seq }) => seq);
  const fits = all([isVisibleAt(now), whereMatches({ ...selection, seq: seqs })]);
  const found = yield* reader.read(`FROM jobs WHERE ${fits.sql}`, fits.params);
  const bySeq = new Map(found.map((job) => [job.seq, job]));
  return {
    jobs: seqs.flatMap((seq) => bySeq.get(seq) ?? []),
    next: places.length < readSize ? undefined : places.at(-1),
  };
}
