/**
 * The calls of a client that enqueue.
 *
 * @module
 */

import { isMillraceError, NotFoundError, RefusedError } from "../errors.ts";
import { readEnqueuedJobs, toEnqueueWire } from "../protocol/enqueue.ts";
import { readEnqueuedJob } from "../protocol/job-read.ts";
import { enqueueRoutes } from "../protocol/routes.ts";
import type { Client } from "./client.ts";
import type { CallOptions } from "./deadline.ts";
import { type EnqueueArgs, type EnqueueManyArgs, resolveMany, resolveOne } from "./enqueue-args.ts";
import { enqueueInParts } from "./enqueue-parts.ts";
import { createGathering } from "./gathering.ts";
import { createKeys, demandKey } from "./idempotency-keys.ts";
import type { Transport } from "./transport.ts";

/** The calls. */
export type EnqueuingCalls = Pick<Client, "enqueue" | "enqueueMany">;

/** Creates the calls. */
export function createEnqueuingCalls(transport: Transport): EnqueuingCalls {
  const { settings: { clock, attach }, serverClock, call, codec } = transport;

  /** Single enqueues that are under way; others that come meanwhile are gathered. */
  let enqueues = 0;
  // No answer of a broker in the same process is lost.
  const nextKey = attach === undefined ? createKeys(clock) : () => undefined;
  const sendOne = (body: object, options?: CallOptions, key = nextKey()) =>
    call({ route: enqueueRoutes.enqueue, body, key }, options, readEnqueuedJob);
  const gather = createGathering({
    sendMany: (jobs) =>
      call(
        { route: enqueueRoutes.enqueueMany, body: { jobs }, key: nextKey() },
        undefined,
        readEnqueuedJobs,
      ),
    sendOne: (job) => sendOne(job),
    // Also one that could not be sent at all, because of one of its jobs.
    isRefusal: (error) =>
      error instanceof RefusedError || error instanceof NotFoundError || !isMillraceError(error),
  });

  return {
    async enqueue(...args: unknown[]) {
      const { what, options } = await resolveOne(args as EnqueueArgs, clock);
      const body = toEnqueueWire(what, serverClock.now());
      const key = demandKey(options?.idempotencyKey);
      const { signal, timeoutMs } = options ?? {};
      if (enqueues > 0 && (key ?? signal ?? timeoutMs) === undefined) return await gather(body);
      enqueues++;
      return await sendOne(body, options, key).finally(() => enqueues--);
    },
    async enqueueMany(...args: unknown[]) {
      const { what, options } = await resolveMany(args as EnqueueManyArgs, clock);
      return await enqueueInParts(what, {
        codec,
        now: serverClock.now(),
        key: options?.idempotencyKey,
        send: (part) =>
          call({ route: enqueueRoutes.enqueueMany, ...part }, options, readEnqueuedJobs),
      });
    },
  };
}
