/**
 * What a handler can do with its job besides returning and throwing: enqueue jobs that are stored once however often it is
 * run again, and say how far it is.
 *
 * | The broker         | A job that a handler enqueues is stored once                                                     |
 * | ------------------ | ------------------------------------------------------------------------------------------------ |
 * | is one of Millrace | for as long as the job of the handler exists: it keeps which slots are filled                    |
 * | is another         | for as long as the one that was stored is kept: by a unique key, unless it has one or a batch of its own |
 *
 * A slot is named by the type of the job and how many of that type were enqueued before in the run, or by the key that the
 * handler gives. So a handler that may enqueue in another order when it is run again gives keys.
 *
 * @module
 */

import { backoffMs, type BackoffRange } from "../async/backoff.ts";
import type { Clock, Random } from "../async/clock.ts";
import { wait } from "../async/wait.ts";
import type { Client } from "../client/client.ts";
import type { CallOptions } from "../client/deadline.ts";
import {
  type EnqueueArgs,
  type EnqueueManyArgs,
  resolveMany,
  resolveOne,
} from "../client/enqueue-args.ts";
import { isMillraceError, type ResponseError } from "../errors.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { Job } from "../protocol/job.ts";
import type { JobProgress } from "../protocol/job-extra.ts";
import type { ToldRun } from "./progress.ts";

/** What is known of the run that a handler is in. */
export interface PoweredRun {
  /** The job as it was delivered last. */
  readonly job: Job;
  /** The signal of the run. */
  readonly signal: AbortSignal;
  /** How many jobs were enqueued before, by what names their slots. */
  readonly counts: Map<string, number>;
}

/** What a handler can do. */
export interface Powers {
  /** Enqueues a job of a run. */
  enqueue(run: PoweredRun, args: EnqueueArgs): Promise<unknown>;
  /** Says how far a run is. */
  progress(run: ToldRun, progress: JobProgress): void;
  /** Enqueues many. */
  enqueueMany(run: PoweredRun, args: EnqueueManyArgs): Promise<unknown>;
}

/** What the powers need. */
export interface PowersOptions {
  /** The client of the worker, which may be able to enqueue. */
  readonly client: Partial<Pick<Client, "enqueue" | "enqueueMany">>;
  readonly clock: Clock;
  readonly random: Random;
  /** Tells how far runs are. */
  readonly progress: Powers["progress"];
}

/** Delays between attempts to store what the broker does not take at the moment. */
const again: BackoffRange = { baseMs: 250, maxMs: 2000 };

/** How often the broker is asked once more while it says that the job is not in flight: its connection may have broken. */
const mostRefusals = 6;

/** How often a call is made again of which nobody knows whether it was received. */
const mostFailures = 2;

/** Creates what handlers can do. */
export function createPowers(
  { client, clock, random, progress }: PowersOptions,
): Powers {
  const able = <Name extends "enqueue" | "enqueueMany">(name: Name): Client[Name] => {
    const method = client[name];
    if (method !== undefined) return method.bind(client) as Client[Name];
    throw new TypeError(
      `Cannot enqueue in a handler: the worker's 'client' has no '${name}', give it a whole client`,
    );
  };

  /** Does a call again that stores nothing twice: the slots are filled once. */
  const persist = async <Result>(
    { signal }: PoweredRun,
    send: () => Promise<Result>,
  ): Promise<Result> => {
    for (let refusals = 0, failures = 0;;) {
      signal.throwIfAborted();
      try {
        return await send();
      } catch (error) {
        if (isNotInFlight(error)) refusals++;
        else if (isMillraceError(error) && error.retryable) failures++;
        else throw error;
        if (refusals > mostRefusals || failures > mostFailures) throw error;
        await wait(backoffMs(refusals + failures, again, random), clock, signal);
      }
    }
  };

  return {
    progress,
    async enqueue(run, args) {
      const enqueue = able("enqueue");
      const number = takeNumber(run, nameOf(args));
      const { what, options } = await resolveOne(args, clock);
      const { idempotencyKey: key, ...bounds } = options ?? {};
      const slot = key === undefined ? `#${number} ${what.type}` : `=${key}`;
      return await persist(run, () => enqueue(toChild(run, what, slot), toBounds(bounds)));
    },
    async enqueueMany(run, args) {
      const enqueueMany = able("enqueueMany");
      const number = takeNumber(run, "*");
      const { what, options } = await resolveMany(args, clock);
      const { idempotencyKey: key, ...bounds } = options ?? {};
      const slot = key === undefined ? `*${number}` : `=${key}`;
      return await persist(
        run,
        () =>
          enqueueMany(
            what.map((one, index) => toChild(run, one, `${slot}/${index}`)),
            toBounds(bounds),
          ),
      );
    },
  };
}

/** What jobs of one kind are counted by, as it is known before their schema has been asked. */
function nameOf([what]: EnqueueArgs): string {
  return (what as { readonly type?: string }).type ?? "";
}

/** Counts at once: two calls that are under way together are in the order in which they were made. */
function takeNumber({ counts }: PoweredRun, name: string): number {
  const number = counts.get(name) ?? 0;
  counts.set(name, number + 1);
  return number;
}

/** Settings of the job are in the request already. */
function toBounds({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}

/** A request that stores a job once. Read anew for each attempt: the job of the run may have been delivered again since. */
function toChild({ job }: PoweredRun, request: EnqueueRequest, slot: string): EnqueueRequest {
  const { id, deliveries: delivery, leaseToken: token } = job;
  if (delivery !== undefined) return { ...request, childOf: { id, slot, delivery, token } };
  if (request.uniqueKey !== undefined || request.batch !== undefined) return request;
  return { ...request, uniqueKey: `child:${id}:${slot}`, uniqueWhile: "exists" };
}

/** The broker says that the job is not in flight at this delivery. */
function isNotInFlight(error: unknown): boolean {
  return isMillraceError(error) && (error as Partial<ResponseError>).status === 409;
}
