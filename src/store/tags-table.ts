/**
 * The tables of tags: which job has which, and how many have each.
 *
 * | Table      | A row is            | Columns                                                                             |
 * | ---------- | ------------------- | ----------------------------------------------------------------------------------- |
 * | `job_tags` | a tag of a job      | `place`: its place among the tags of the job; `number`: the place of the job among those of the tag, in the order in which they got it last |
 * | `tags`     | a tag that is used  | `count`: how many jobs have it; `last`: the last `number` that was given             |
 *
 * A tag that nobody has any more has no row. The row of a tag is written before those of its jobs, so that of two brokers
 * one waits.
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import type { Change } from "./changes.ts";
import { isOneOf } from "./dialect.ts";
import { hasTrait, removeRows, type TraitedJob, traits, type TraitTable } from "./traits.ts";
import { insertRows, report, rows, runEach, toInsert, type Transition } from "./transition.ts";

/** What a job is tagged with. */
export interface JobTags {
  /** The row of the job. */
  readonly seq: number;
  readonly tags: readonly string[];
}

/** Compares texts by their code units: one order for all brokers, so that they do not wait for each other crosswise. */
function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const bumpTag = `INSERT INTO tags (tag, count, last) VALUES (?, ?, ?)
  ON CONFLICT (tag) DO UPDATE SET count = tags.count + excluded.count, last = tags.last + excluded.last
  RETURNING last`;

/**
 * Takes numbers of a tag.
 *
 * @param added How many jobs more have it.
 * @param numbers How many numbers are taken.
 * @returns The first of them.
 */
function* takeNumbers(tag: string, added: number, numbers: number): Transition<number> {
  const [row] = yield* rows<{ last: number }>(bumpTag, [tag, added, numbers]);
  return row!.last - numbers + 1;
}

const insertTags = toInsert("job_tags", ["job", "tag", "place", "number"]);

/** Jobs that are looked at without a turn for others. */
const jobsOfTurn = 2000;

/** Tags jobs that have no tags. */
export function* tagNew(jobs: readonly JobTags[]): Transition<void> {
  const counts = new Map<string, number>();
  for (const [index, { tags }] of jobs.entries()) {
    if (index % jobsOfTurn === jobsOfTurn - 1) yield { kind: "turn" };
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  const next = new Map<string, number>();
  for (const tag of [...counts.keys()].sort(inOrder)) {
    const count = counts.get(tag)!;
    next.set(tag, yield* takeNumbers(tag, count, count));
  }
  const values: (number | string)[] = [];
  for (const [index, { seq, tags }] of jobs.entries()) {
    if (index % jobsOfTurn === jobsOfTurn - 1) yield { kind: "turn" };
    for (const [place, tag] of tags.entries()) {
      const number = next.get(tag)!;
      next.set(tag, number + 1);
      values.push(seq, tag, place, number);
    }
  }
  yield* insertRows(insertTags, values);
}

/**
 * Adds tags to a job. One that it has stays where it is, and the job goes to the end of those that have it.
 *
 * @param had The tags that it has, in their order.
 * @returns The tags that it has now.
 */
export function* addTags(
  seq: number,
  tags: readonly string[],
  had: readonly string[],
): Transition<readonly string[]> {
  const numbers = new Map<string, number>();
  for (const tag of [...tags].sort(inOrder)) {
    numbers.set(tag, yield* takeNumbers(tag, had.includes(tag) ? 0 : 1, 1));
  }
  const again = tags.filter((tag) => had.includes(tag));
  yield* runEach(
    "UPDATE job_tags SET number = ? WHERE job = ? AND tag = ?",
    again.map((tag) => [numbers.get(tag)!, seq, tag]),
  );
  const added = tags.filter((tag) => !had.includes(tag));
  const last = yield* lastPlace(seq);
  yield* insertRows(
    insertTags,
    added.flatMap((tag, at) => [seq, tag, last + 1 + at, numbers.get(tag)!]),
  );
  return [...had, ...added];
}

function* lastPlace(seq: number): Transition<number> {
  const [row] = yield* rows<{ place: number | null }>(
    "SELECT max(place) AS place FROM job_tags WHERE job = ?",
    [seq],
  );
  return row?.place ?? -1;
}

/** Takes tags from a job, all of which it has. */
export function* removeTags(seq: number, tags: readonly string[]): Transition<void> {
  yield* runEach("DELETE FROM job_tags WHERE job = ? AND tag = ?", tags.map((tag) => [seq, tag]));
  yield* countDown(new Map(tags.map((tag) => [tag, 1])));
}

function* countDown(counts: ReadonlyMap<string, number>): Transition<void> {
  const tags = [...counts.keys()].sort(inOrder);
  const sets = tags.map((tag) => [counts.get(tag)!, tag]);
  yield* runEach("UPDATE tags SET count = count - ? WHERE tag = ?", sets);
  yield* runEach("DELETE FROM tags WHERE tag = ? AND count = 0", tags.map((tag) => [tag]));
}

interface TagRow {
  readonly job: number;
  readonly tag: string;
  readonly place: number;
}

/** The tags of jobs, by their rows; those without have no entry. */
export function* tagsOf(seqs: readonly number[]): Transition<ReadonlyMap<number, string[]>> {
  const found = yield* rows<{ job: number; tag: string }>(
    `SELECT job, tag FROM job_tags WHERE ${isOneOf("job", "integers")} ORDER BY job, place`,
    [JSON.stringify(seqs)],
  );
  const tags = new Map<number, string[]>();
  for (const { job, tag } of found) {
    const list = tags.get(job);
    if (list === undefined) tags.set(job, [tag]);
    else list.push(tag);
  }
  return tags;
}

/** Tells the tags of the jobs that changed, as far as nothing told them yet: for events. */
export function* tellTags(changes: readonly Change[]): Transition<void> {
  const told = new Set<number>();
  const asked = new Set<number>();
  for (const change of changes) {
    if (change.kind === "tags") { for (const seq of change.tags.keys()) told.add(seq); }
    if (change.kind !== "jobs") continue;
    for (const job of change.jobs) if (hasTrait(job, traits.tagged)) asked.add(job.seq);
  }
  const seqs = [...asked].filter((seq) => !told.has(seq));
  if (seqs.length > 0) yield report({ kind: "tags", tags: yield* tagsOf(seqs) });
}

function* removeAll(jobs: readonly TraitedJob[]): Transition<void> {
  const gone = yield* tagsOf(jobs.map(({ seq }) => seq));
  yield* removeRows("job_tags", jobs);
  const counts = new Map<string, number>();
  for (const tags of gone.values()) {
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  yield* countDown(counts);
  // Who is told that the jobs are gone may ask which tags they had.
  yield report({ kind: "tags", tags: gone });
}

function* readExtra(seqs: readonly number[]): Transition<ReadonlyMap<number, JobExtra>> {
  return new Map([...yield* tagsOf(seqs)].map(([seq, tags]) => [seq, { tags }]));
}

/** The tags of jobs. */
export const tagTable: TraitTable = { trait: traits.tagged, remove: removeAll, read: readExtra };
