/**
 * The jobs that a job waits for in a new stay, in the place of those that it waited for before.
 *
 * @module
 */

import type { DependencyList } from "../protocol/dependency-request.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { status } from "../protocol/status.ts";
import { isOpenLink } from "./dependencies-table.ts";
import { findCircle, toLinks } from "./edit-links.ts";
import { type Link, writeLinks } from "./links.ts";
import { hasTrait, traits } from "./traits.ts";
import { run, type Transition } from "./transition.ts";

/**
 * Plans what a job that is stored waits for. Writes nothing.
 *
 * @param job The job.
 * @param list The others; undefined leaves those that it waits for now.
 * @param now In ms since the epoch.
 * @returns Those of them that it has to wait for; undefined if nothing changes.
 */
export function* planStayLinks(
  job: JobRecord,
  list: DependencyList | undefined,
  now: number,
): Transition<readonly Link[] | Rejection | undefined> {
  if (list === undefined) return undefined;
  const links = yield* toLinks(job, list, now);
  if (isRejection(links) || !hasTrait(job, traits.awaited)) return links;
  return (yield* findCircle(job.seq, links.map(({ parent }) => parent.seq))) ?? links;
}

/** A job in a new stay as it is with its links: blocked, or free of those that it waited for. */
export function withLinks(
  job: JobRecord,
  links: readonly Link[] | undefined,
  now: number,
): JobRecord {
  if (links === undefined) return job;
  if (links.length > 0) {
    return { ...job, status: status.blocked, traits: job.traits | traits.dependent };
  }
  if (job.status !== status.blocked) return job;
  return { ...job, status: job.readyAt > now ? status.scheduled : status.ready };
}

/** Writes the links that were planned, once the job itself is written. */
export function* writeStayLinks(
  { seq }: Pick<JobRecord, "seq">,
  links: readonly Link[],
): Transition<void> {
  yield* run(`DELETE FROM dependencies WHERE job = ? AND ${isOpenLink}`, [seq]);
  if (links.length > 0) {
    yield* writeLinks([{ seq, open: links }], links.map(({ parent }) => parent.seq));
  }
}
