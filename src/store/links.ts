/**
 * Which jobs new jobs have to wait for: those that are there and have not succeeded (docs/protocol.md, section 14.1).
 *
 * | The job that is named                    | `stay`   | `cancel` | `run`    |
 * | ---------------------------------------- | -------- | -------- | -------- |
 * | is not there, or its retention has ended | free     | free     | free     |
 * | … and has to be (`strict_dependencies`)  | refused  | refused  | refused  |
 * | succeeded, and is kept                   | free     | free     | free     |
 * | is dead                                  | waits    | refused  | free     |
 * | any other                                | waits    | waits    | waits    |
 *
 * @module
 */

import type { OnDead } from "../protocol/dependency.ts";
import type { DependencyRequest } from "../protocol/dependency-request.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection, unprocessable } from "../protocol/rejection.ts";
import { status } from "../protocol/status.ts";
import type { SqlValue } from "./database.ts";
import { insertLinks, linkValues, toLinks } from "./dependencies-table.ts";
import { isOneOf, lockRows } from "./dialect.ts";
import { keyOfId } from "./job-key.ts";
import { traits } from "./traits.ts";
import { insertRows, rows, run, type Transition } from "./transition.ts";

/** What has to be known of a job to wait for it. */
export type Parent = Pick<JobRecord, "id" | "seq" | "status" | "purgeAt">;

/** A job that another one waits for. */
export interface Link {
  readonly parent: Parent;
  readonly onDead: OnDead;
  readonly name: string | null;
}

/** Ids that one statement looks up. */
const idsAtOnce = 1000;

/** Jobs by their ids, unless their retention has ended at `now`; others that want to change them wait. */
export function* findParents(
  ids: readonly string[],
  now: number,
): Transition<ReadonlyMap<string, Parent>> {
  const found = new Map<string, Parent>();
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const part = ids.slice(at, at + idsAtOnce);
    const select = 'SELECT id, seq, status, purge_at AS "purgeAt" FROM jobs WHERE';
    const seqs = JSON.stringify(part.map(keyOfId).filter((seq) => seq !== undefined));
    const texts = JSON.stringify(part);
    const parents = [
      ...yield* rows<Parent>(
        `${select} ${isOneOf("seq", "integers")} ORDER BY seq ${lockRows}`,
        [seqs],
      ),
      ...yield* rows<Parent>(
        `${select} named = 1 AND ${isOneOf("id", "texts")} ORDER BY seq ${lockRows}`,
        [texts],
      ),
    ];
    for (const parent of parents) {
      if (parent.purgeAt === null || parent.purgeAt > now) found.set(parent.id, parent);
    }
  }
  return found;
}

/**
 * Whether a job has to wait for another one.
 *
 * @param parent The other one; undefined if there is none.
 * @param request How it is to be waited for.
 * @param isStrict Whether it has to be there.
 */
export function toLink(
  parent: Parent | undefined,
  { id, onDead, name }: DependencyRequest,
  isStrict: boolean,
): Link | Rejection | undefined {
  if (parent === undefined) {
    return isStrict ? unprocessable(`depends_on names job ${id}, which is not there`) : undefined;
  }
  if (parent.status === status.completed) return undefined;
  if (parent.status !== status.dead || onDead === "stay") return { parent, onDead, name };
  if (onDead === "run") return undefined;
  return unprocessable(`depends_on names job ${parent.id} with on_dead 'cancel', and it is dead`);
}

/** Writes which jobs wait for which, and marks those that are stored already. */
export function* writeLinks(
  links: readonly { readonly seq: number; readonly open: readonly Link[] }[],
  stored: readonly number[],
): Transition<void> {
  const values: SqlValue[] = [];
  for (const { seq, open } of links) {
    for (const { parent, onDead, name } of open) {
      values.push(...linkValues({ parent: parent.seq, job: seq, onDead, name }));
    }
  }
  yield* insertRows(insertLinks, values);
  if (stored.length === 0) return;
  yield* run(
    `UPDATE jobs SET traits = traits | ${traits.awaited}
     WHERE ${isOneOf("seq", "integers")} AND (traits & ${traits.awaited}) = 0`,
    [JSON.stringify(stored)],
  );
}

/** A new job, and what it is to wait for. */
export interface LinkedEntry {
  readonly job: JobRecord;
  readonly dependsOn?: readonly DependencyRequest[];
  readonly isStrict?: boolean;
}

/** What becomes of new jobs that wait for each other and for others. */
export interface LinkPlan {
  /** The jobs as they are to be stored, by their ids; those of which nothing changes are left out. */
  readonly jobs: ReadonlyMap<string, JobRecord>;
  readonly links: readonly { readonly seq: number; readonly open: readonly Link[] }[];
  /** The keys of jobs that are stored, and now waited for. */
  readonly stored: readonly number[];
}

const nothing: LinkPlan = { jobs: new Map(), links: [], stored: [] };

/**
 * Plans what new jobs wait for. Writes nothing.
 *
 * @param entries All jobs of the call, to which an `item` may point.
 * @param actual The job that each entry leads to: itself, or the one that it is a duplicate of, or was folded into.
 * @param now In ms since the epoch.
 */
export function* planLinks(
  entries: readonly LinkedEntry[],
  actual: (job: JobRecord) => JobRecord,
  now: number,
): Transition<LinkPlan | Rejection> {
  if (!entries.some(hasDependencies)) return nothing;
  /** The places of those that are stored. */
  const places = new Map<string, number>();
  for (const [at, { job }] of entries.entries()) {
    if (actual(job).id === job.id) places.set(job.id, at);
  }
  const known = yield* findParents(outsideIds(entries, places), now);
  const opens = new Map<number, readonly Link[]>();
  for (const [index, entry] of entries.entries()) {
    if (!hasDependencies(entry) || places.get(entry.job.id) !== index) continue;
    const open = new Map<number, Link>();
    for (const request of entry.dependsOn!) {
      const { id, item } = request;
      const parent = item !== null
        ? actual(entries[item]!.job)
        : places.has(id!)
        ? entries[places.get(id!)!]!.job
        : known.get(id!);
      if (parent?.id === entry.job.id) {
        return { ...unprocessable("depends_on names the job itself"), index };
      }
      const link = toLink(parent, request, entry.isStrict === true);
      if (isRejection(link)) return { ...link, index };
      if (link !== undefined && !open.has(link.parent.seq)) open.set(link.parent.seq, link);
    }
    if (open.size > 0) opens.set(index, [...open.values()]);
  }
  const circle = findCircle(opens, places);
  if (circle !== undefined) {
    return { ...unprocessable("depends_on leads back to the job itself"), index: circle };
  }
  return toPlan(entries, opens, places);
}

function hasDependencies({ dependsOn }: LinkedEntry): boolean {
  return dependsOn !== undefined && dependsOn.length > 0;
}

/** The ids that no job of the call has. */
function outsideIds(
  entries: readonly LinkedEntry[],
  places: ReadonlyMap<string, number>,
): readonly string[] {
  const ids = new Set<string>();
  for (const { dependsOn = [] } of entries) {
    for (const { id } of dependsOn) if (id !== null && !places.has(id)) ids.add(id);
  }
  return [...ids];
}

/** The place of a job that waits for itself by way of others; undefined if there is none. */
function findCircle(
  opens: ReadonlyMap<number, readonly Link[]>,
  places: ReadonlyMap<string, number>,
): number | undefined {
  /** How many jobs of the call each waits for, and which wait for it. */
  const counts = new Map<number, number>();
  const children = new Map<number, number[]>();
  for (const [at, open] of opens) {
    let count = 0;
    for (const { parent } of open) {
      const place = places.get(parent.id);
      if (place === undefined) continue;
      count++;
      const list = children.get(place);
      if (list === undefined) children.set(place, [at]);
      else list.push(at);
    }
    counts.set(at, count);
  }
  const free = [...children.keys()].filter((at) => (counts.get(at) ?? 0) === 0);
  for (const [at, count] of counts) if (count === 0) counts.delete(at);
  for (let at = free.pop(); at !== undefined; at = free.pop()) {
    for (const child of children.get(at) ?? []) {
      const left = counts.get(child)! - 1;
      if (left > 0) counts.set(child, left);
      else {
        counts.delete(child);
        free.push(child);
      }
    }
  }
  return counts.keys().next().value;
}

function toPlan(
  entries: readonly LinkedEntry[],
  opens: ReadonlyMap<number, readonly Link[]>,
  places: ReadonlyMap<string, number>,
): LinkPlan {
  const jobs = new Map<string, JobRecord>();
  const dependents = new Map<string, string[]>();
  const stored = new Set<number>();
  const links = [];
  for (const [at, open] of opens) {
    const { job } = entries[at]!;
    jobs.set(job.id, {
      ...job,
      status: status.blocked,
      traits: job.traits | traits.dependent,
      extra: { ...job.extra, ...toLinks("dependsOn", open.map(({ parent }) => parent.id)) },
    });
    links.push({ seq: job.seq, open });
    for (const { parent } of open) {
      if (!places.has(parent.id)) {
        stored.add(parent.seq);
        continue;
      }
      const list = dependents.get(parent.id);
      if (list === undefined) dependents.set(parent.id, [job.id]);
      else list.push(job.id);
    }
  }
  for (const [id, ids] of dependents) {
    const job = jobs.get(id) ?? entries[places.get(id)!]!.job;
    jobs.set(id, {
      ...job,
      traits: job.traits | traits.awaited,
      extra: { ...job.extra, ...toLinks("dependents", ids) },
    });
  }
  return { jobs, links, stored: [...stored] };
}
