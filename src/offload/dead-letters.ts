/**
 * Callbacks that were given up: the list of what could not be delivered, or not handled.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import type { CallOptions } from "../client/deadline.ts";
import { payloadEquals } from "../client/payload-filters.ts";
import { NotFoundError } from "../errors.ts";
import { checkOptions, show } from "../options.ts";
import type { Job } from "../protocol/job.ts";
import type { HttpCallbackOf } from "./define-http-callback.ts";
import { openCallback } from "./engine.ts";
import type { HttpFailure } from "./failure.ts";
import { createPayloads, type Payloads } from "./payloads/create-payloads.ts";
import { callbackType } from "./records.ts";
import type { HttpResult } from "./result.ts";

/** A callback whose job is dead: it returned `cancel(…)`, or threw until its retries were used up. */
export interface DeadLetter<Args = unknown> {
  /** The id of the dead job. */
  readonly id: string;
  /** The id of the request. */
  readonly requestId: string;
  /** What was given to the callback, as it was enqueued. */
  readonly args: Args;
  /** Why the request has no answer; undefined if it has one. */
  readonly failure: HttpFailure | undefined;
  /** The answer: also one with an error status that is a failure; undefined if there was none. */
  readonly response: HttpResult | undefined;
  /** When the job died, in ms since the epoch. */
  readonly failedAt: number | undefined;
  /** What goes with the job. */
  readonly meta: Job["meta"];
}

/** Which page of dead letters is asked for. */
export interface DeadLetterQuery {
  /**
   * How many are on it at most, from 1 to 2000.
   *
   * @default {50}
   */
  readonly limit?: number | undefined;
  /** It begins behind the letter with this id. */
  readonly from?: string | undefined;
}

/** A page of dead letters, the oldest first. */
export interface DeadLetterPage<Args = unknown> {
  /** The letters. */
  readonly letters: readonly DeadLetter<Args>[];
  /** The ids of those that cannot be read, as a store has lost what belongs to them, or a key is not known. */
  readonly unreadable: readonly string[];
  /** Where the next page begins; undefined if there is none. */
  readonly next: string | undefined;
}

/** The dead letters of one callback. */
export interface DeadLetters<Args = unknown> extends AsyncIterable<DeadLetter<Args>> {
  /** Goes through all of them, the oldest first, but for those that cannot be read. One that is deleted meanwhile does no harm. */
  [Symbol.asyncIterator](): AsyncIterator<DeadLetter<Args>>;
  /** Gets a page of them. */
  page(query?: DeadLetterQuery, options?: CallOptions): Promise<DeadLetterPage<Args>>;
  /**
   * Gets one.
   *
   * @param id The id of the dead job.
   * @throws {NotFoundError} If there is none of this callback.
   * @throws {PayloadError} If it cannot be read.
   */
  get(id: string, options?: CallOptions): Promise<DeadLetter<Args>>;
  /**
   * Deletes one.
   *
   * @param id The id of the dead job.
   * @throws {NotFoundError} If there is none of this callback.
   */
  delete(id: string, options?: CallOptions): Promise<void>;
  /** Counts them. */
  count(options?: CallOptions): Promise<number>;
}

/** What dead letters are read with. */
export type DeadLetterClient = Pick<Client, "get" | "page" | "count" | "delete">;

/** Options of {@linkcode createDeadLetters}. */
export interface DeadLettersOptions {
  /**
   * Where large bodies are, and how they are encrypted: the same as of the worker.
   *
   * @default {all of it is in the jobs}
   */
  readonly payloads?: Payloads | undefined;
}

/**
 * Gives the dead letters of a callback: the jobs that it gave up by `return cancel(…)`, or that failed for the last time. A broker keeps
 * them for seven days, unless it is told otherwise. It holds nothing, and needs no closing.
 *
 * @param client The client.
 * @param callback The callback, or its name.
 * @param options Where large bodies are.
 * @throws {TypeError} If the callback is none.
 *
 * @example
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { createDeadLetters, defineHttpCallback } from "@millrace/millrace/offload";
 * import { cancel } from "@millrace/millrace/worker";
 *
 * const delivered = defineHttpCallback<{ event: string }>("delivered", {
 *   onComplete() {},
 *   onError: (failure) => cancel(failure.message), // dead: it stays in the list
 * });
 *
 * const letters = createDeadLetters(createClient({ url: "http://127.0.0.1:7890" }), delivered);
 * export async function print() {
 *   for await (const { args, failure } of letters) console.log(args.event, failure?.message);
 * }
 * ```
 */
export function createDeadLetters<Args = unknown>(
  client: DeadLetterClient,
  callback: HttpCallbackOf<Args> | string,
  options: DeadLettersOptions = {},
): DeadLetters<Args> {
  checkOptions("createDeadLetters", options, { payloads: 1 });
  const { payloads = createPayloads() } = options;
  const name = typeof callback === "string" ? callback : callback?.name;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot use ${
        show(callback)
      } as a callback: expected what defineHttpCallback gives, or its name`,
    );
  }
  const filter = {
    type: callbackType,
    status: "dead",
    filter: payloadEquals(name, "callback"),
  } as const;

  const toLetter = async (job: Job): Promise<DeadLetter<Args>> => {
    const { args, what, payload } = await openCallback(job.payload, payloads);
    const failure = "kind" in what ? what : undefined;
    return {
      id: job.id,
      requestId: payload.id,
      args: args as Args,
      failure,
      response: "kind" in what ? what.kind === "http" ? what.response : undefined : what,
      failedAt: job.status === "dead" ? job.failedAt : undefined,
      meta: job.meta,
    };
  };

  const find = async (id: string, options?: CallOptions): Promise<Job> => {
    const job = await client.get(id, options as never);
    const { callback } = (job.payload ?? {}) as { readonly callback?: unknown };
    if (job.type === callbackType && job.status === "dead" && callback === name) return job;
    throw new NotFoundError(`No dead letter of '${name}' has the id '${id}'`, 404);
  };

  const page = async ({ limit, from }: DeadLetterQuery = {}, options?: CallOptions) => {
    const { jobs, hasNext } = await client.page({ ...filter, limit, from }, options);
    const read = await Promise.allSettled(jobs.map(toLetter));
    return {
      letters: read.flatMap((one) => one.status === "fulfilled" ? [one.value] : []),
      unreadable: jobs.filter((_, at) => read[at]!.status === "rejected").map(({ id }) => id),
      next: hasNext ? jobs.at(-1)?.id : undefined,
    };
  };

  return {
    page,
    async *[Symbol.asyncIterator]() {
      for (let from: string | undefined, isFirst = true; isFirst || from !== undefined;) {
        isFirst = false;
        const { letters, next } = await page({ from });
        yield* letters;
        from = next;
      }
    },
    get: async (id, options) => await toLetter(await find(id, options)),
    async delete(id, options) {
      const job = await find(id, options);
      // The job first: one whose answer is gone would be there, and could not be read.
      const { stored } = await openCallback(job.payload, payloads).catch(() => ({ stored: [] }));
      await client.delete(id, options);
      for (const packed of stored) await payloads.discard(packed);
    },
    count: (options) => client.count(filter, options),
  };
}
