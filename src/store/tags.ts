/**
 * Tagging jobs, whatever their status, and finding them by their tags.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { type Rejection, unprocessable } from "../protocol/rejection.ts";
import { checkTagCount, type TagCount } from "../protocol/tags.ts";
import { isOneOf } from "./dialect.ts";
import { findVisibleJob } from "./jobs.ts";
import { moveAlone } from "./move-job.ts";
import { addTags, removeTags, tagNew, tagsOf } from "./tags-table.ts";
import { hasTrait, traits } from "./traits.ts";
import { report, rows, type Transition } from "./transition.ts";

/**
 * Adds tags to a job; it goes to the end of the order of each of them.
 *
 * @returns All tags that it has now, or why it cannot have them; undefined when there is no such job.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* tagJob(
  id: string,
  tags: readonly string[],
  now: number,
): Transition<readonly string[] | Rejection | undefined> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return undefined;
  const had = yield* tagsOfJob(job);
  const problem = checkTagCount(new Set([...had, ...tags]).size);
  if (problem !== undefined) return unprocessable(problem);
  if (tags.length === 0) return had;
  const has = yield* addTags(job.seq, tags, had);
  yield* moveAlone(job, yield* withTrait(job, has), "changed");
  return has;
}

/**
 * Takes tags from a job; those that it does not have are passed over.
 *
 * @returns The tags that it has now; undefined when there is no such job.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* untagJob(
  id: string,
  tags: readonly string[],
  now: number,
): Transition<readonly string[] | undefined> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return undefined;
  const had = yield* tagsOfJob(job);
  const gone = had.filter((tag) => tags.includes(tag));
  if (gone.length === 0) return had;
  yield* removeTags(job.seq, gone);
  const has = had.filter((tag) => !gone.includes(tag));
  yield* moveAlone(job, yield* withTrait(job, has), "changed");
  return has;
}

/**
 * Gives a job other tags instead of those that it has. The caller writes the job.
 *
 * @param job The job as it is to be.
 * @returns The job with its trait.
 */
export function* replaceTags(job: JobRecord, tags: readonly string[]): Transition<JobRecord> {
  const had = yield* tagsOfJob(job);
  if (had.length > 0) yield* removeTags(job.seq, had);
  if (tags.length > 0) yield* tagNew([{ seq: job.seq, tags }]);
  return yield* withTrait(job, tags);
}

function* tagsOfJob(job: JobRecord): Transition<readonly string[]> {
  if (!hasTrait(job, traits.tagged)) return [];
  return (yield* tagsOf([job.seq])).get(job.seq) ?? [];
}

function* withTrait(job: JobRecord, tags: readonly string[]): Transition<JobRecord> {
  yield report({ kind: "tags", tags: new Map([[job.seq, tags]]) });
  const others = job.traits & ~traits.tagged;
  return { ...job, traits: tags.length > 0 ? others | traits.tagged : others };
}

/** Where a page of tags ended: how many had the last one, and which it was. */
export interface TagCursor {
  readonly count: number;
  readonly tag: string;
}

/**
 * The tags that most jobs have, most used first; those that are used alike by their bytes.
 *
 * @param min How many jobs have each at least.
 */
export function* topTags(
  { min, from, limit }: {
    readonly min: number;
    readonly from: TagCursor | undefined;
    readonly limit: number;
  },
): Transition<TagCount[]> {
  const behind = from === undefined ? "" : "AND (count < ? OR (count = ? AND tag > ?))";
  return yield* rows<TagCount>(
    `SELECT tag, count FROM tags WHERE count >= ? ${behind} ORDER BY count DESC, tag LIMIT ?`,
    [min, ...from === undefined ? [] : [from.count, from.count, from.tag], limit],
  );
}

/** How many jobs have a tag. */
export function* countTagged(tag: string): Transition<number> {
  return (yield* rows<TagCount>("SELECT count FROM tags WHERE tag = ?", [tag]))[0]?.count ?? 0;
}

/** A job of a tag. */
export interface TaggedRow {
  readonly seq: number;
  /** Its place among those that have the tag. */
  readonly place: number;
}

/** The jobs that have a tag, in the order in which they got it last. */
export function* listTagged(
  tag: string,
  { from, order, limit }: {
    readonly from: number | undefined;
    readonly order: "asc" | "desc";
    readonly limit: number;
  },
): Transition<TaggedRow[]> {
  const behind = from === undefined ? "" : `AND number ${order === "asc" ? ">" : "<"} ?`;
  return yield* rows<TaggedRow>(
    `SELECT job AS seq, number AS place FROM job_tags WHERE tag = ? ${behind}
     ORDER BY number ${order} LIMIT ?`,
    [tag, ...from === undefined ? [] : [from], limit],
  );
}

/** The rows of all jobs that have one of some tags; undefined if there are more than `most`. */
export function* keysTagged(
  tags: readonly string[],
  most: number,
): Transition<number[] | undefined> {
  const names = JSON.stringify(tags);
  const isGiven = isOneOf("tag", "texts");
  const counts = yield* rows<TagCount>(`SELECT count FROM tags WHERE ${isGiven}`, [names]);
  if (counts.reduce((sum, { count }) => sum + count, 0) > most) return undefined;
  const found = yield* rows<{ job: number }>(
    `SELECT DISTINCT job FROM job_tags WHERE ${isGiven}`,
    [names],
  );
  return found.map(({ job }) => job);
}
