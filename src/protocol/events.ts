/**
 * What happens to jobs, as a broker tells it (docs/protocol.md, section 15.3).
 *
 * @module
 */

import type { JobStatus } from "./job.ts";

/** The kinds of what happens to a job. */
export const eventKinds = [
  "enqueued",
  "due",
  "taken",
  "succeeded",
  "failed",
  "died",
  "released",
  "requeued",
  "advanced",
  "put",
  "timed_out",
  "lock_lost",
  "evicted",
  "changed",
  "unblocked",
  "abandoned",
  "removed",
  "expired",
  "tracked",
  "untracked",
  "cancel_asked",
  "cancelled",
] as const;

/** A kind of what happens to a job. */
export type EventKind = (typeof eventKinds)[number];

/** Which events are meant: those that fit every member given. */
export interface EventFilter {
  /** Of these jobs, by their ids. */
  readonly id?: readonly string[] | undefined;
  /** Of jobs of these types. */
  readonly type?: readonly string[] | undefined;
  /** Of jobs in these queues, and of those that left them. */
  readonly queue?: readonly string[] | undefined;
  /** Of jobs with one of these tags. */
  readonly tag?: readonly string[] | undefined;
  /** Of jobs that are tracked, or that are not. */
  readonly tracked?: boolean | undefined;
  /** Of jobs that one of these workers takes, or had. */
  readonly worker?: readonly string[] | undefined;
  /** Of these kinds. */
  readonly kind?: readonly EventKind[] | undefined;
}

/** Something that happened to a job. Instants are in ms since the epoch. */
export interface JobEvent {
  /** What happened. */
  readonly event: EventKind;
  /** Where it stands among all events: who goes on behind it misses none. */
  readonly cursor: string;
  /** The id of the job. */
  readonly id: string;
  /** Its type. */
  readonly type: string;
  /** The queue that it is in, or was in. */
  readonly queue: string;
  /** The queue that it came from, if it moved to another one. */
  readonly fromQueue?: string | undefined;
  /** Where it stands now; undefined if it is stored no more. */
  readonly status?: JobStatus | undefined;
  /** What the worker calls itself that takes it, or had it, if it says so. */
  readonly worker?: string | undefined;
  /** Its tags, if it has any. */
  readonly tags?: readonly string[] | undefined;
  /** Whether somebody tracks it. */
  readonly tracked?: boolean | undefined;
  /** When. */
  readonly at: number;
}

/** Events are missing here: they are not kept any more, or the broker was started anew. */
export interface EventGap {
  /** Tells it from what happens to a job. */
  readonly event: "gap";
  /** What comes next comes behind this. */
  readonly cursor: string;
  /** When it was told. */
  readonly at: number;
}

/** The header of the answer of `GET /events` that says behind which event it begins. */
export const cursorHeader = "millrace-cursor";

/** A cursor: the run of a broker, and a number within it. */
export interface EventCursor {
  readonly run: string;
  readonly number: number;
}

/** Reads a cursor; undefined if it is none. */
export function parseCursor(text: string): EventCursor | undefined {
  const [, run, number] = /^([0-9a-z]{1,40})-(\d{1,15})$/.exec(text) ?? [];
  return run === undefined ? undefined : { run, number: Number(number) };
}
