/**
 * The table of which jobs wait for which, and what it says of a job.
 *
 * | `state`                   | The job of the row                                                                    |
 * | ------------------------- | ------------------------------------------------------------------------------------- |
 * | `stay`, `cancel`, `run`   | waits for the parent; says what becomes of it when the parent is dead                  |
 * | `done`                    | waited for it, and may be shown its result                                            |
 *
 * The first three are open: a job with an open row is blocked, and only a blocked job has one. When a parent succeeds, its
 * rows go, or are done if it had a result. So most jobs are plain when they are taken, whatever they have waited for.
 *
 * @module
 */

import type { OnDead } from "../protocol/dependency.ts";
import type { JobExtra } from "../protocol/job-extra.ts";
import { status } from "../protocol/status.ts";
import type { SqlValue } from "./database.ts";
import { isOneOf } from "./dialect.ts";
import {
  dropResults,
  insertResults,
  isUnasked,
  isUnkept,
  type JobResultRow,
} from "./results-table.ts";
import { type ExtrasRoom, removeRows, type TraitedJob, traits, type TraitTable } from "./traits.ts";
import { rows, run, toInsert, type Transition } from "./transition.ts";

/** The codes of the states. Those of open rows are lower than the other one. */
export const linkStates: Readonly<Record<OnDead | "done", number>> = {
  stay: 0,
  cancel: 1,
  run: 2,
  done: 3,
};

const openStates = [linkStates.stay, linkStates.cancel, linkStates.run];

/** The condition that a row is open. */
export const isOpenLink: string = `state < ${linkStates.done}`;

/** Inserts rows. */
export const insertLinks: ReturnType<typeof toInsert> = toInsert("dependencies", [
  "parent",
  "state",
  "job",
  "name",
]);

/** Ids that an answer shows of the jobs on one side of a job. */
export const shownLinks = 100;

/** A row that an answer may show. */
interface ShownLink {
  /** The job whose answer it is. */
  readonly seq: number;
  /** The row of the job on the other side, and its id. */
  readonly other: number;
  readonly id: string;
}

/** Rows that are read for many jobs together at most. */
const linksOfMany = 2000;

/** The statements that read one side: the rows of many jobs, and the first ones of a single job. */
function readerOf(own: "job" | "parent", other: "job" | "parent") {
  const read = (condition: string) =>
    `SELECT dependencies.${own} AS seq, dependencies.${other} AS other, jobs.id AS id
     FROM dependencies CROSS JOIN jobs
     WHERE ${condition} AND jobs.seq = dependencies.${other}`;
  // Not in order: however many rows there are, it looks at no more than it gives.
  const ofMany = `${
    read(`${isOneOf(`dependencies.${own}`, "integers")} AND dependencies.${isOpenLink}`)
  } LIMIT ?`;
  const ofState = `${read(`dependencies.${own} = ? AND dependencies.state = ?`)}
    ORDER BY dependencies.${other} LIMIT ?`;
  const show = other === "job" ? "dependents" : "dependsOn";

  /** The first rows of a job: of each state by itself, as the index has them in that order. */
  function* ofOne(seq: number): Transition<readonly ShownLink[]> {
    const found: ShownLink[] = [];
    for (const state of openStates) {
      found.push(...yield* rows<ShownLink>(ofState, [seq, state, shownLinks + 1]));
    }
    return found;
  }

  return function* (seqs: readonly number[]): Transition<ReadonlyMap<number, JobExtra>> {
    // Of most jobs there are few: one statement for all. If it might have left out some, each is read by itself.
    let found: readonly ShownLink[] = yield* rows<ShownLink>(ofMany, [
      JSON.stringify(seqs),
      linksOfMany,
    ]);
    if (found.length === linksOfMany) {
      const each: ShownLink[] = [];
      for (const seq of seqs) each.push(...yield* ofOne(seq));
      found = each;
    }
    found = found.toSorted((a, b) => a.seq - b.seq || a.other - b.other);
    const ids = new Map<number, string[]>();
    for (const { seq, id } of found) {
      const list = ids.get(seq);
      if (list === undefined) ids.set(seq, [id]);
      else list.push(id);
    }
    return new Map([...ids].map(([seq, list]) => [seq, toLinks(show, list)]));
  };
}

/** What an answer shows of the jobs on one side of a job. */
export function toLinks(
  side: "dependsOn" | "dependents",
  ids: readonly string[],
): JobExtra {
  if (ids.length <= shownLinks) return { [side]: ids };
  return { [side]: ids.slice(0, shownLinks), moreLinks: true };
}

const readParents = readerOf("job", "parent");

/** What is kept of jobs that wait for others, or did. */
export const dependentTable: TraitTable = {
  trait: traits.dependent,
  remove: removeLinks,
  *read(seqs, room) {
    const links = yield* readParents(seqs);
    const results = yield* readResults(seqs, room);
    if (results.size === 0) return links;
    const all = new Map(links);
    for (const [seq, extra] of results) all.set(seq, { ...all.get(seq), ...extra });
    return all;
  },
};

/** Bytes of results that one job is shown at most. */
const shownBytes = 1024 * 1024;

/** Bytes of results that one statement reads at most, but for those of one job. */
const resultsAtOnce = 1024 * 1024;

/** How many bytes the results of the parents of jobs have that are shown of each; jobs without any are left out. */
export function* sizeResults(
  seqs: readonly number[],
): Transition<ReadonlyMap<number, number>> {
  const found = yield* rows<{ seq: number; bytes: number }>(
    `SELECT dependencies.job AS seq, sum(octet_length(results.result)) AS bytes
     FROM dependencies CROSS JOIN results
     WHERE ${isOneOf("dependencies.job", "integers")}
       AND dependencies.state = ${linkStates.done} AND results.job = dependencies.parent
     GROUP BY dependencies.job ORDER BY dependencies.job`,
    [JSON.stringify(seqs)],
  );
  return new Map(found.map(({ seq, bytes }) => [seq, Math.min(bytes, shownBytes)]));
}

/** The same of one job. */
export function* sizeResultsOf(seq: number): Transition<number> {
  return (yield* sizeResults([seq])).get(seq) ?? 0;
}

/** The results of the parents of jobs, under the names that these gave them, as far as there is room. */
function* readResults(
  seqs: readonly number[],
  room: ExtrasRoom,
): Transition<ReadonlyMap<number, JobExtra>> {
  const shown = new Map<number, JobExtra>();
  let part: number[] = [];
  let partBytes = 0;
  for (const [seq, bytes] of yield* sizeResults(seqs)) {
    room.resultBytes -= bytes;
    if (room.resultBytes < 0) {
      shown.set(seq, { moreLinks: true });
      continue;
    }
    if (part.length > 0 && partBytes + bytes > resultsAtOnce) {
      for (const [seq, extra] of yield* readSomeResults(part)) shown.set(seq, extra);
      part = [];
      partBytes = 0;
    }
    part.push(seq);
    partBytes += bytes;
  }
  if (part.length > 0) {
    for (const [seq, extra] of yield* readSomeResults(part)) shown.set(seq, extra);
  }
  return shown;
}

function* readSomeResults(seqs: readonly number[]): Transition<ReadonlyMap<number, JobExtra>> {
  const found = yield* rows<{ seq: number; name: string; result: string | null }>(
    `SELECT links.job AS seq, links.name AS name,
       CASE WHEN links.bytes <= ${shownBytes} THEN results.result END AS result
     FROM (SELECT dependencies.job AS job, dependencies.parent AS parent,
         coalesce(dependencies.name, results.id) AS name,
         sum(octet_length(results.result)) OVER (
           PARTITION BY dependencies.job ORDER BY dependencies.parent) AS bytes
       FROM dependencies CROSS JOIN results
       WHERE ${isOneOf("dependencies.job", "integers")}
         AND dependencies.state = ${linkStates.done} AND results.job = dependencies.parent) AS links
     CROSS JOIN results WHERE results.job = links.parent`,
    [JSON.stringify(seqs)],
  );
  const shown = new Map<number, JobExtra & { parentResults: Record<string, unknown> }>();
  for (const { seq, name, result } of found) {
    const before = shown.get(seq) ?? { parentResults: Object.create(null) };
    if (result === null) shown.set(seq, { ...before, moreLinks: true });
    else {
      before.parentResults[name] = JSON.parse(result);
      shown.set(seq, before);
    }
  }
  return shown;
}

/** Keeps what jobs came to that have just succeeded, for those that waited for them; without these, nothing is kept. */
export function* keepResults(
  jobs: readonly {
    readonly id: string;
    readonly seq: number;
    readonly result?: string | undefined;
  }[],
): Transition<void> {
  const having = jobs.filter((job): job is JobResultRow => job.result !== undefined);
  yield* insertResults(having);
  yield* dropResults(having);
}

/**
 * What is kept of jobs that others wait for. Their rows are not deleted with them: those who wait have to hear of it first
 * (`settle.ts`).
 */
export const awaitedTable: TraitTable = {
  trait: traits.awaited,
  hiddenWhenTaken: true,
  *remove(_jobs: readonly TraitedJob[]) {},
  read: readerOf("parent", "job"),
};

/** Deletes all rows of jobs, and the results that nobody can ask for any more. */
export function* removeLinks(jobs: readonly TraitedJob[]): Transition<void> {
  const list = JSON.stringify(jobs.map(({ seq }) => seq));
  const ofJobs = isOneOf("job", "integers");
  const done = yield* rows<{ parent: number }>(
    `SELECT DISTINCT parent FROM dependencies WHERE ${ofJobs} AND state = ${linkStates.done}`,
    [list],
  );
  yield* removeRows("dependencies", jobs);
  if (done.length === 0) return;
  yield* run(
    `DELETE FROM results WHERE ${ofJobs} AND ${isUnasked} AND ${isUnkept}`,
    [JSON.stringify(done.map(({ parent }) => parent))],
  );
}

/** The values of a row. */
export function linkValues(
  { parent, job, onDead, name }: {
    readonly parent: number;
    readonly job: number;
    readonly onDead: OnDead;
    readonly name: string | null;
  },
): SqlValue[] {
  return [parent, linkStates[onDead], job, name];
}

/** A row, and where a walk through them goes on behind it. */
export interface LinkRow {
  readonly parent: number;
  readonly state: number;
  readonly job: number;
}

/** Rows of one piece of a walk. */
export const linksAtOnce = 500;

/**
 * Open rows in the order of their keys, without those of parents that have succeeded.
 *
 * @param behind The row that they come behind; undefined at the start.
 * @param parents The keys of the parents; of all when undefined.
 */
export function* listLinks(
  behind: LinkRow | undefined,
  parents: readonly number[] | undefined,
): Transition<readonly LinkRow[]> {
  const { parent, state, job } = behind ?? { parent: -1, state: 0, job: 0 };
  const ofParents = parents === undefined
    ? ""
    : `AND ${isOneOf("dependencies.parent", "integers")}`;
  return yield* rows<LinkRow>(
    `SELECT dependencies.parent AS parent, dependencies.state AS state, dependencies.job AS job
     FROM dependencies CROSS JOIN jobs
     WHERE (dependencies.parent, dependencies.state, dependencies.job) > (?, ?, ?) ${ofParents}
       AND dependencies.${isOpenLink} AND jobs.seq = dependencies.parent
       AND jobs.status <> ${status.completed}
     ORDER BY dependencies.parent, dependencies.state, dependencies.job LIMIT ?`,
    [
      parent,
      state,
      job,
      ...(parents === undefined ? [] : [JSON.stringify(parents)]),
      linksAtOnce,
    ],
  );
}

/** The ids of jobs by their keys. */
export function* idsOf(seqs: readonly number[]): Transition<readonly string[]> {
  const found = yield* rows<{ id: string }>(
    `SELECT id FROM jobs WHERE ${isOneOf("seq", "integers")} ORDER BY seq`,
    [JSON.stringify(seqs)],
  );
  return found.map(({ id }) => id);
}
