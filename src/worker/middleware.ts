/**
 * What is done around every handler, in layers.
 *
 * @module
 */

import type { JobContext } from "./context.ts";
import { isOutcome } from "./outcome.ts";

/**
 * A layer around the handlers of a worker, the first of the list outermost. It must `await next()`, which runs
 * the layers inside of it and the handler, and rejects with what they throw.
 *
 * To catch that and return is success; to throw is failure; not to call `next` leaves the handler out. An outcome
 * (`cancel`, `snooze`, `retryAt`) that it returns beats that of the layers inside; returning anything else leaves theirs.
 *
 * @example
 * ```ts
 * import type { Middleware } from "@millrace/millrace/worker";
 *
 * const timing: Middleware = async ({ job, log }, next) => {
 *   const startedAt = performance.now();
 *   try {
 *     await next();
 *   } finally {
 *     log.info("Done", { type: job.type, ms: performance.now() - startedAt });
 *   }
 * };
 * ```
 */
export type Middleware = (context: JobContext, next: () => Promise<void>) => unknown;

/** Does the work of a job; layers and handlers alike. */
export type Work = (payload: unknown, context: JobContext) => unknown;

/** Puts the layers around the work. */
export function wrap(layers: readonly Middleware[], work: Work): Work {
  return layers.reduceRight<Work>((inner, layer) => async (payload, context) => {
    let called = false;
    let result: unknown;
    const own = await layer(context, async () => {
      if (called) throw new Error("Cannot call 'next' twice in one middleware");
      called = true;
      result = await inner(payload, context);
    });
    return isOutcome(own) ? own : result;
  }, work);
}
