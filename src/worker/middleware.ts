/**
 * Functions around every handler, one in the other.
 *
 * @module
 */

import type { JobContext } from "./context.ts";
import { isOutcome } from "./outcome.ts";

/**
 * A layer around the handlers of a worker. The first of the list is the outermost. It must `await next()`, which runs
 * the layers inside of it and the handler, and rejects with what they throw.
 *
 * If it catches that and returns, the job succeeds; if it throws, the job fails; if it does not call `next`, the
 * handler does not run. An outcome (`cancel`, `snooze`, `retryAt`) that it returns replaces that of the layers
 * inside; any other result is ignored.
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

/** Does the work of a job: a handler, or a layer with all that is inside of it. */
export type Work = (payload: unknown, context: JobContext) => unknown;

/**
 * Puts layers around the work.
 *
 * @param layers The layers, outermost first.
 * @param work The innermost.
 */
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
