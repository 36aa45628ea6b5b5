/**
 * The calls that a client in the same process makes without the protocol: nothing is written, parsed and checked twice.
 *
 * A broker's `fetch` carries them under {@linkcode directKey}. They do what is usual, and leave all else to the
 * protocol: they give undefined, having done nothing, and the client asks again by way of `fetch`, which has a word for
 * everything.
 *
 * @module
 */

import type { EnqueueRequest } from "./enqueue.ts";
import type { TakeRequest } from "./filter.ts";
import type { EnqueuedJob, Job } from "./job.ts";

/** What a direct stream brings, as a take stream does: jobs, or a sign of life. */
export type DirectFrame =
  | { readonly kind: "jobs"; readonly jobs: readonly Job[] }
  | { readonly kind: "heartbeat" };

/** A take stream without bytes. */
export interface DirectStream {
  /** Goes through everything that arrives, once. Rejects with the reason of the signal when that is aborted. */
  frames(): AsyncGenerator<DirectFrame>;
  /** Ends the stream: its unfinished jobs are ready again. */
  close(): Promise<void>;
}

/** What to take, and as who. */
export interface DirectTake extends TakeRequest {
  readonly workerId: string | undefined;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The direct calls of a broker. */
export interface DirectCalls {
  /** Stores jobs, all or none. */
  enqueue(requests: readonly EnqueueRequest[]): Promise<EnqueuedJob[] | undefined>;
  /** Completes jobs, and gives the ids that were not in flight. */
  success(ids: readonly string[]): Promise<readonly string[] | undefined>;
  /** Opens a stream of jobs. */
  take(request: DirectTake): Promise<DirectStream | undefined>;
}

/** Where a fetch function carries its direct calls. */
export const directKey: unique symbol = Symbol.for("millrace.direct") as typeof directKey;

/** The direct calls that a fetch function carries; undefined if it carries none. */
export function directOf(fetch: unknown): DirectCalls | undefined {
  return (fetch as { readonly [directKey]?: DirectCalls } | undefined)?.[directKey];
}
