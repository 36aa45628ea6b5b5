/**
 * Tells apart the two ways to enqueue: a definition with payloads, or requests put together by hand.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { PayloadError } from "../errors.ts";
import { checkOptions, show } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import { memberWriters } from "../protocol/members-wire.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import { demandFit } from "../protocol/unfit.ts";
import type { Enqueueable, EnqueueCallOptions } from "./client.ts";

type Definition = Enqueueable<unknown, unknown>;

/** A definition with what is to be enqueued of it. */
type ByDefinition<What> = [
  definition: Definition,
  what: What,
  options?: EnqueueCallOptions | undefined,
];

/** What was put together by hand. */
type ByHand<What> = [what: What, options?: EnqueueCallOptions | undefined];

/** The arguments of `enqueue`. */
export type EnqueueArgs = ByHand<EnqueueRequest | PreparedJob> | ByDefinition<unknown>;

/** The arguments of `enqueueMany`. */
export type EnqueueManyArgs =
  | ByHand<readonly (EnqueueRequest | PreparedJob)[]>
  | ByDefinition<readonly unknown[]>;

/** What is to be sent, and how. */
export interface Resolved<What> {
  /** One request or many. */
  readonly what: What;
  /** Bounds of the call, and its key. */
  readonly options: EnqueueCallOptions | undefined;
}

/**
 * The request that `enqueue` is to send.
 *
 * @throws {TypeError} If it is neither of a definition nor a request.
 * @throws {PayloadError} If the payload does not fit.
 */
export async function resolveOne(
  args: EnqueueArgs,
  clock: Clock,
): Promise<Resolved<EnqueueRequest>> {
  if (!isOfDefinition(args)) return { what: await demandRequest(args[0], clock), options: args[1] };
  const [definition, payload, options] = args;
  return { what: await definition.toRequest(payload, options, clock), options };
}

/**
 * The requests that `enqueueMany` is to send.
 *
 * @throws {TypeError} If what is given is no list.
 * @throws {PayloadError} If a payload does not fit; the message says which.
 */
export async function resolveMany(
  args: EnqueueManyArgs,
  clock: Clock,
): Promise<Resolved<readonly EnqueueRequest[]>> {
  const [label, definition, items, options] = isOfDefinition(args)
    ? ["payloads", ...args] as const
    : ["requests", undefined, ...args] as const;
  if (!Array.isArray(items)) {
    throw new TypeError(`Cannot enqueue many of ${show(items)}: expected a list of ${label}`);
  }
  const what: EnqueueRequest[] = [];
  for (let index = 0; index < items.length; index++) {
    try {
      const item = items[index];
      const request = definition?.toRequest(item, options, clock) ?? demandRequest(item, clock);
      // Most schemas answer at once: waiting for a promise a payload would cost more than the check.
      what.push(request instanceof Promise ? await request : request);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      throw new PayloadError(`${label}[${index}]: ${error.message}`, { cause: error });
    }
  }
  return { what, options };
}

function isOfDefinition<What>(
  args: ByHand<object> | ByDefinition<What>,
): args is ByDefinition<What> {
  return typeof (args[0] as Partial<Definition> | null | undefined)?.toRequest === "function";
}

function demandRequest(
  request: EnqueueRequest | PreparedJob,
  clock: Clock,
): EnqueueRequest | Promise<EnqueueRequest> {
  if (typeof request !== "object" || request === null) {
    throw new TypeError(`Cannot enqueue ${show(request)}: expected a job definition or a request`);
  }
  if ("prepare" in request) return request.prepare(clock);
  checkOptions<EnqueueRequest>("enqueue", request, memberWriters);
  demandFit(request.payload);
  return request;
}
