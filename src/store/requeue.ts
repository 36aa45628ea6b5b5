/**
 * Moving a job by hand, from any status, also to a queue where it has been.
 *
 * @module
 */

import type { DependencyList } from "../protocol/dependency-request.ts";
import type { JobRecord, RawPayload } from "../protocol/record.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import { beginAnew } from "./begin-anew.ts";
import { findVisibleJob } from "./jobs.ts";
import { type NewStay, toNewStay } from "./new-stay.ts";
import { planStayLinks, withLinks, writeStayLinks } from "./stay-links.ts";
import { replaceTags } from "./tags.ts";
import { withExtras } from "./trait-tables.ts";
import type { Transition } from "./transition.ts";

/** Where a job is moved, and what else becomes of it. */
export interface Requeue extends NewStay {
  /** Replaces that of the job; undefined leaves it. */
  readonly payload?: RawPayload | undefined;
  /** Takes the place of its tags; undefined leaves them. */
  readonly tags?: readonly string[] | undefined;
  /** What it waits for, instead of what it waits for now; undefined leaves that. */
  readonly dependsOn?: DependencyList | undefined;
  /** What the worker calls itself that asks for it, if it is one. */
  readonly by?: string | undefined;
}

/**
 * Moves a job, whoever has it.
 *
 * @param id The id of the job.
 * @param requeue What changes.
 * @param now In ms since the epoch.
 * @returns The job as it is now, or why it cannot wait so; undefined if there is none.
 * @throws {StaleReadError} If it changed between reading and writing.
 */
export function* requeueJob(
  id: string,
  requeue: Requeue,
  now: number,
): Transition<JobRecord | Rejection | undefined> {
  const before = yield* findVisibleJob(id, now);
  if (before === undefined) return undefined;
  const links = yield* planStayLinks(before, requeue.dependsOn, now);
  if (isRejection(links)) return links;
  const plain = withLinks(toNewStay(before, requeue, now), links, now);
  const after = requeue.tags === undefined ? plain : yield* replaceTags(plain, requeue.tags);
  yield* beginAnew(before, after, { payload: requeue.payload, by: requeue.by });
  if (links !== undefined) yield* writeStayLinks(after, links);
  return (yield* withExtras([after]))[0];
}
