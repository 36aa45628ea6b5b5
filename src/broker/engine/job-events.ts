/**
 * Events made of the changes of a commit: one for each job and change.
 *
 * @module
 */

import type { EventKind } from "../../protocol/events.ts";
import { status, statusNames } from "../../protocol/status.ts";
import type { Cause, Change, ChangedJob, JobsChange } from "../../store/changes.ts";
import { hasTrait, traits } from "../../store/traits.ts";
import type { KeptEvent } from "./event-ring.ts";

const kinds: Readonly<Record<Cause, EventKind>> = {
  "enqueued": "enqueued",
  "due": "due",
  "taken": "taken",
  "succeeded": "succeeded",
  "failed": "failed",
  "released": "released",
  "requeued": "requeued",
  "advanced": "advanced",
  "put": "put",
  "timed-out": "timed_out",
  "lease-lost": "lock_lost",
  "evicted": "evicted",
  "changed": "changed",
  "unblocked": "unblocked",
  "abandoned": "abandoned",
  "removed": "removed",
  "expired": "expired",
  "tracked": "tracked",
  "untracked": "untracked",
  "cancel-asked": "cancel_asked",
  "cancelled": "cancelled",
};

/** What a change told of its jobs, as it was when it was committed. */
export interface ToldChange {
  readonly change: JobsChange;
  /** In ms since the epoch. */
  readonly at: number;
  readonly tags: ReadonlyMap<number, readonly string[]>;
  /** Who had the jobs, if they were in flight: one for each; undefined if nobody had. */
  readonly workers: readonly (string | undefined)[] | undefined;
}

/**
 * What a commit did to jobs.
 *
 * @param workerOf What the worker calls itself that has a job in flight.
 */
export function toTold(
  changes: readonly Change[],
  at: number,
  workerOf: (id: string) => string | undefined,
): ToldChange[] {
  const told: ToldChange[] = [];
  const tags = new Map<number, readonly string[]>();
  for (const change of changes) {
    if (change.kind === "tags") { for (const [seq, list] of change.tags) tags.set(seq, list); }
    if (change.kind !== "jobs") continue;
    const jobs: readonly ChangedJob[] = change.jobs;
    const hadOne = change.from === status.inFlight && change.worker === undefined;
    const workers = hadOne ? jobs.map(({ id }) => workerOf(id)) : undefined;
    told.push({ change, at, tags, workers });
  }
  return told;
}

/** What a change is told as: who has a job that is put anew, or cancelled, loses it first. */
export function kindsOf({ cause, from, to, byHolder }: JobsChange): readonly EventKind[] {
  const isOver = to === undefined || to === status.dead;
  if (cause === "failed" && isOver) return ["died"];
  const isLost = from === status.inFlight && !byHolder;
  if (isLost && (cause === "put" || cause === "cancelled")) return ["lock_lost", kinds[cause]];
  return [kinds[cause]];
}

/** The event of one job of a change. */
export function toEvent(
  { change, at, tags: tagsOf, workers }: ToldChange,
  { index, kind, number, keptAt }: {
    /** Which job of the change. */
    readonly index: number;
    readonly kind: EventKind;
    readonly number: number;
    readonly keptAt: number;
  },
): KeptEvent {
  const job = change.jobs[index]!;
  return {
    number,
    place: number,
    kind,
    id: job.id,
    type: job.type,
    queue: job.queue,
    fromQueue: change.fromQueue,
    worker: change.worker ?? workers?.[index],
    tags: hasTrait(job, traits.tagged) ? tagsOf.get(job.seq) : undefined,
    // Who listens to tracked jobs is told that one is tracked no more.
    tracked: kind === "untracked" || hasTrait(job, traits.tracked),
    status: change.to,
    at,
    keptAt,
    text: undefined,
  };
}

/** What the wire says of an event: made when it is first wanted. */
export function textOf(event: KeptEvent, run: string): string {
  return event.text ??= toText(event, run);
}

function toText(event: KeptEvent, run: string): string {
  const { place, kind, id, type, queue, fromQueue, status: code, worker, tags } = event;
  let text = `{"cursor":"${run}-${place}","event":"${kind}","id":${JSON.stringify(id)}` +
    `,"type":${JSON.stringify(type)},"queue":${JSON.stringify(queue)}`;
  if (fromQueue !== undefined) text += `,"from_queue":${JSON.stringify(fromQueue)}`;
  if (code !== undefined) text += `,"status":"${statusNames[code]}"`;
  if (worker !== undefined) text += `,"worker":${JSON.stringify(worker)}`;
  if (tags !== undefined) text += `,"tags":${JSON.stringify(tags)}`;
  if (event.tracked && kind !== "untracked") text += `,"tracked":true`;
  return `${text},"at":${event.at}}`;
}
