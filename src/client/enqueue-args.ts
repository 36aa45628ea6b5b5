/**
 * Tells apart the two ways to enqueue: a definition with payloads, or requests put together by hand.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { PayloadError } from "../errors.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
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
export type EnqueueArgs = ByHand<EnqueueRequest> | ByDefinition<unknown>;

/** The arguments of `enqueueMany`. */
export type EnqueueManyArgs = ByHand<readonly EnqueueRequest[]> | ByDefinition<readonly unknown[]>;

/** What is to be sent, and how. */
export interface Resolved<What> {
  /** One request or many. */
  readonly what: What;
  /** Bounds of the call, and its key. */
  readonly options: EnqueueCallOptions | undefined;
}

/** The request that `enqueue` is to send. */
export async function resolveOne(
  args: EnqueueArgs,
  clock: Clock,
): Promise<Resolved<EnqueueRequest>> {
  if (!isOfDefinition(args)) return { what: args[0], options: args[1] };
  const [definition, payload, options] = args;
  return { what: await definition.toRequest(payload, options, clock), options };
}

/**
 * The requests that `enqueueMany` is to send.
 *
 * @throws {PayloadError} If a payload does not fit; the message says which.
 */
export async function resolveMany(
  args: EnqueueManyArgs,
  clock: Clock,
): Promise<Resolved<readonly EnqueueRequest[]>> {
  if (!isOfDefinition(args)) return { what: args[0], options: args[1] };
  const [definition, payloads, options] = args;
  const what: EnqueueRequest[] = [];
  for (const [index, payload] of payloads.entries()) {
    try {
      const request = definition.toRequest(payload, options, clock);
      // Most schemas answer at once: waiting for a promise a payload would cost more than the check.
      what.push(request instanceof Promise ? await request : request);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      throw new PayloadError(`payloads[${index}]: ${error.message}`, { cause: error });
    }
  }
  return { what, options };
}

function isOfDefinition<What>(
  args: ByHand<object> | ByDefinition<What>,
): args is ByDefinition<What> {
  return "toRequest" in args[0];
}
