/**
 * How a client of a broker in the same process does without the protocol: nothing is written, parsed and checked twice.
 *
 * A broker's `fetch` carries a function under {@linkcode directKey} that puts calls of its own in the place of those of a
 * client. They do what is usual, and leave all else to the client's own calls, which have a word for everything.
 *
 * @module
 */

import type { JobReference, ReportResult } from "./ack.ts";
import type { EnqueueRequest } from "./enqueue.ts";
import type { TakeRequest } from "./filter.ts";
import type { EnqueuedJob } from "./job.ts";
import type { WorkerRun } from "./worker-run.ts";

/** The bounds of a call, and the key of an enqueue. */
export interface DirectBounds {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /** What jobs came to that are reported. */
  readonly results?: object | undefined;
}

/** Requests, and the bounds of their call. */
export interface DirectResolved<What> {
  readonly what: What;
  readonly options: DirectBounds | undefined;
}

/** What to take, and as who. */
export interface DirectTake extends TakeRequest, DirectBounds {
  readonly workerId?: string | undefined;
  readonly run?: WorkerRun | undefined;
}

/** The calls of a client that are replaced. */
export interface DirectClient<EnqueueArgs, EnqueueManyArgs, TakeStream> {
  enqueue(args: EnqueueArgs): Promise<EnqueuedJob>;
  enqueueMany(args: EnqueueManyArgs): Promise<EnqueuedJob[]>;
  successMany(jobs: readonly JobReference[], options?: DirectBounds): Promise<ReportResult>;
  take(options?: DirectTake): Promise<TakeStream>;
}

/** What the calls need of a client. */
export interface DirectParts {
  /** The request that arguments of `enqueue` ask for. */
  resolveOne(args: never): Promise<DirectResolved<EnqueueRequest>>;
  /** The requests that arguments of `enqueueMany` ask for. */
  resolveMany(args: never): Promise<DirectResolved<readonly EnqueueRequest[]>>;
  /** Throws if a take cannot be asked for. */
  checkTake(request: TakeRequest): unknown;
}

/** Replaces calls of a client, and gives it back. */
export type AttachDirect = <Client>(client: Client, parts: DirectParts) => Client;

/** Where a fetch function carries it. */
export const directKey: unique symbol = Symbol.for("millrace.direct") as typeof directKey;
