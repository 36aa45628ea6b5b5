/**
 * Changing which jobs a blocked job waits for, and looking at it.
 *
 * @module
 */

import type { OnDead } from "../protocol/dependency.ts";
import {
  type DependencyList,
  mostDependencies,
  type ShownLinks,
} from "../protocol/dependency-request.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection, unprocessable } from "../protocol/rejection.ts";
import { status, statusNames } from "../protocol/status.ts";
import { isOpenLink, linkStates, shownLinks } from "./dependencies-table.ts";
import { isOneOf } from "./dialect.ts";
import { findJob, findVisibleJob } from "./jobs.ts";
import { findParents, type Link, toLink, writeLinks } from "./links.ts";
import { unblock } from "./settle.ts";
import { withExtras } from "./trait-tables.ts";
import { rows, run, type Transition } from "./transition.ts";

/** The job as it is now, why nothing was done, or undefined when there is no such job. */
type Edited = JobRecord | Rejection | undefined;

/**
 * Lets a blocked job wait for more jobs. One that it waits for already is waited for as is said now.
 *
 * @param id The job.
 * @param list The others.
 * @param now In ms since the epoch.
 */
export function* addLinks(id: string, list: DependencyList, now: number): Transition<Edited> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return undefined;
  const problem = checkBlocked(job);
  if (problem !== undefined) return problem;
  const links = yield* toLinks(job, list, now);
  if (isRejection(links)) return links;
  const seqs = links.map(({ parent }) => parent.seq);
  const ofJob = `job = ? AND ${isOpenLink}`;
  const kept = yield* rows<{ parent: number; name: string | null }>(
    `SELECT parent, name FROM dependencies WHERE ${ofJob}`,
    [job.seq],
  );
  const others = kept.filter(({ parent }) => !seqs.includes(parent));
  if (others.length + links.length > mostDependencies) {
    return unprocessable(
      `job ${id} would wait for ${
        others.length + links.length
      } jobs, at most ${mostDependencies} are accepted`,
    );
  }
  const names = new Set(others.map(({ name }) => name));
  const taken = links.find(({ name }) => name !== null && names.has(name));
  if (taken !== undefined) {
    return unprocessable(`depends_on has the name ${JSON.stringify(taken.name)} more than once`);
  }
  const fresh = seqs.filter((seq) => !kept.some(({ parent }) => parent === seq));
  const circle = yield* findCircle(job.seq, fresh);
  if (circle !== undefined) return circle;
  yield* run(`DELETE FROM dependencies WHERE ${ofJob} AND ${isOneOf("parent", "integers")}`, [
    job.seq,
    JSON.stringify(seqs),
  ]);
  yield* writeLinks([{ seq: job.seq, open: links }], fresh);
  return (yield* withExtras([job]))[0];
}

/** The jobs of a list that a job has to wait for. */
export function* toLinks(
  job: Pick<JobRecord, "id">,
  { ids: requests, isStrict }: DependencyList,
  now: number,
): Transition<readonly Link[] | Rejection> {
  const parents = yield* findParents(requests.map(({ id }) => id!), now);
  const links: Link[] = [];
  for (const request of requests) {
    if (request.id === job.id) return unprocessable("depends_on names the job itself");
    const link = toLink(parents.get(request.id!), request, isStrict);
    if (isRejection(link)) return link;
    if (link !== undefined) links.push(link);
  }
  return links;
}

/**
 * Lets a blocked job wait for some jobs no longer. Once it waits for none it is ready, or scheduled if it is due later.
 *
 * @param id The job.
 * @param ids The others; all of them when undefined.
 * @param now In ms since the epoch.
 */
export function* dropLinks(
  id: string,
  ids: readonly string[] | undefined,
  now: number,
): Transition<Edited> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return undefined;
  const problem = checkBlocked(job);
  if (problem !== undefined) return problem;
  const ofJob = `DELETE FROM dependencies WHERE job = ? AND ${isOpenLink}`;
  if (ids === undefined) yield* run(ofJob, [job.seq]);
  else {
    // Also those whose retention has ended: that they are still there is what the job waits for.
    const parents = [...(yield* findParents(ids, -1)).values()];
    yield* run(`${ofJob} AND ${isOneOf("parent", "integers")}`, [
      job.seq,
      JSON.stringify(parents.map(({ seq }) => seq)),
    ]);
  }
  yield* unblock([job.seq], now);
  return (yield* withExtras([(yield* findJob(id))!]))[0];
}

function checkBlocked({ id, status: code }: JobRecord): Rejection | undefined {
  if (code === status.blocked) return undefined;
  return unprocessable(`cannot change what job ${id} waits for in ${statusNames[code]} status`);
}

/** Jobs that are looked at for a circle at most. */
const mostSeen = 20_000;

/** Why a job cannot wait for some others: one of these waits for it, or there are too many to tell. */
export function* findCircle(
  job: number,
  parents: readonly number[],
): Transition<Rejection | undefined> {
  // From both sides, the smaller one first: a job that nobody waits for needs no look at those that it waits for.
  const up = { seen: new Set(parents), edge: parents, own: "job", other: "parent" };
  const down = {
    seen: new Set([job]),
    edge: [job] as readonly number[],
    own: "parent",
    other: "job",
  };
  while (up.edge.length > 0 && down.edge.length > 0) {
    const [side, opposite] = down.edge.length <= up.edge.length ? [down, up] : [up, down];
    const room = mostSeen - up.seen.size - down.seen.size;
    const found = yield* rows<{ seq: number }>(
      `SELECT DISTINCT ${side.other} AS seq FROM dependencies
       WHERE ${isOneOf(side.own, "integers")} AND ${isOpenLink} LIMIT ?`,
      [JSON.stringify(side.edge), room + 1],
    );
    if (found.length > room) {
      return unprocessable(
        `depends_on joins more than ${mostSeen} jobs that wait for each other: too many to look for a circle`,
      );
    }
    if (found.some(({ seq }) => opposite.seen.has(seq))) {
      return unprocessable("depends_on leads back to the job itself");
    }
    side.edge = found.map(({ seq }) => seq).filter((seq) => !side.seen.has(seq));
    for (const seq of side.edge) side.seen.add(seq);
    yield { kind: "turn" };
  }
  return undefined;
}

const onDeadOf = new Map(Object.entries(linkStates).map(([name, code]) => [code, name as OnDead]));

/** Which jobs a job waits for, and which wait for it; undefined when there is no such job. */
export function* getLinks(id: string, now: number): Transition<ShownLinks | undefined> {
  const job = yield* findVisibleJob(id, now);
  if (job === undefined) return undefined;
  const parents = yield* rows<{ id: string; state: number; name: string | null }>(
    `SELECT jobs.id AS id, dependencies.state AS state, dependencies.name AS name
     FROM dependencies CROSS JOIN jobs
     WHERE dependencies.job = ? AND dependencies.${isOpenLink} AND jobs.seq = dependencies.parent
     ORDER BY dependencies.parent`,
    [job.seq],
  );
  const ofParent = `WHERE dependencies.parent = ? AND dependencies.${isOpenLink}`;
  const children = yield* rows<{ id: string }>(
    `SELECT jobs.id AS id FROM dependencies CROSS JOIN jobs
     ${ofParent} AND jobs.seq = dependencies.job ORDER BY dependencies.job LIMIT ?`,
    [job.seq, shownLinks],
  );
  const [counted] = yield* rows<{ count: number }>(
    `SELECT count(*) AS count FROM dependencies ${ofParent}`,
    [job.seq],
  );
  return {
    dependsOn: parents.map(({ id, state, name }) => ({ id, onDead: onDeadOf.get(state)!, name })),
    dependents: children.map(({ id }) => id),
    dependentsCount: counted!.count,
  };
}
