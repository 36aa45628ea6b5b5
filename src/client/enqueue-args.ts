/**
 * The two ways to enqueue, told apart: a definition with payloads, or requests put together by hand.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { PayloadError } from "../errors.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { Enqueueable } from "./client.ts";
import type { CallOptions } from "./deadline.ts";

type Definition = Enqueueable<unknown, unknown>;

/** The arguments of `enqueue`. */
export type EnqueueArgs =
  | [request: EnqueueRequest, options?: CallOptions | undefined]
  | [definition: Definition, payload: unknown, options?: CallOptions | undefined];

/** The arguments of `enqueueMany`. */
export type EnqueueManyArgs =
  | [requests: readonly EnqueueRequest[], options?: CallOptions | undefined]
  | [definition: Definition, payloads: readonly unknown[], options?: CallOptions | undefined];

/** What is to be sent, and how. */
export interface Resolved<What> {
  /** One request or many. */
  readonly what: What;
  /** Bounds of the call. */
  readonly options: CallOptions | undefined;
}

/** The request that `enqueue` is to send. */
export async function resolveOne(
  args: EnqueueArgs,
  clock: Clock,
): Promise<Resolved<EnqueueRequest>> {
  if (!isDefinition(args[0])) {
    const [what, options] = args as [EnqueueRequest, CallOptions | undefined];
    return { what, options };
  }
  const [definition, payload, options] = args as [Definition, unknown, CallOptions | undefined];
  return { what: await definition.toRequest(payload, options, clock), options };
}

/** The requests that `enqueueMany` is to send. */
export async function resolveMany(
  args: EnqueueManyArgs,
  clock: Clock,
): Promise<Resolved<readonly EnqueueRequest[]>> {
  if (!isDefinition(args[0])) {
    const [what, options] = args as [readonly EnqueueRequest[], CallOptions | undefined];
    return { what, options };
  }
  const [definition, payloads, options] = args as [
    Definition,
    readonly unknown[],
    CallOptions | undefined,
  ];
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

function isDefinition(value: object): value is Definition {
  return "toRequest" in value;
}
