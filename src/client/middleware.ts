/**
 * Functions around every enqueue of a client, one in the other. They are apart from the client, so that a program that has
 * none does not load this.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { EnqueuedJob } from "../protocol/job.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import type { JobReference } from "../protocol/ack.ts";
import type { Client, SuccessOptions } from "./client.ts";

/**
 * A layer around the enqueues of a client. The first of the list is the outermost. It sees each job that is to be stored,
 * also each of many, and passes it on by `await next(request)`, as it is or changed; `next` gives the stored job, and
 * rejects with why it is not stored. What it throws instead refuses the job, and all that were to be stored with it.
 *
 * It has to call `next` once or to throw, and should return what `next` gave.
 *
 * @example
 * ```ts
 * import type { EnqueueMiddleware } from "@millrace/millrace/client";
 *
 * const onlySmall: EnqueueMiddleware = (request, next) => {
 *   if (JSON.stringify(request.payload).length > 10_000) throw new RangeError("Too large");
 *   return next({ ...request, meta: { ...request.meta, from: "shop" } });
 * };
 * console.log(onlySmall.length); // 2
 * ```
 */
export type EnqueueMiddleware = (
  request: EnqueueRequest,
  next: (request: EnqueueRequest) => Promise<EnqueuedJob>,
) => Promise<EnqueuedJob>;

/** The calls that go through the layers. */
export type Enqueues = Pick<Client, "enqueue" | "enqueueMany"> & Partial<Pick<Client, "success">>;

/** The arguments of a call, as the client tells them apart: a definition with payloads, or requests by hand. */
type Call = readonly [what: unknown, ...rest: unknown[]];

/** The arguments of a success. */
type Success = readonly [job: JobReference, options?: SuccessOptions | undefined];

/** A definition, as far as the client asks it. */
type ToRequest = (...args: never) => EnqueueRequest | Promise<EnqueueRequest>;

/** What stands in the place of a definition, and is run through the layers by who asks it. */
interface Layered {
  readonly toRequest: (...args: never) => Promise<EnqueueRequest>;
}

/**
 * Puts layers around `enqueue` and `enqueueMany` of a client, and around the jobs that go with a `success`; all else is as it
 * was. Jobs that are stored in other ways do not go through them: those of cron entries and flows, and jobs that are put.
 *
 * @param client The client; it stays as it is.
 * @param layers The layers, outermost first.
 * @returns A client with the layers.
 *
 * @example
 * ```ts
 * import { createClient, withMiddleware } from "@millrace/millrace/client";
 *
 * const client = withMiddleware(createClient({ url: "http://127.0.0.1:7890" }), [
 *   (request, next) => next({ ...request, meta: { ...request.meta, tenant: "acme" } }),
 * ]);
 * console.log(typeof client.enqueue); // function
 * ```
 */
export function withMiddleware<Given extends Enqueues>(
  client: Given,
  layers: readonly EnqueueMiddleware[],
): Given {
  const enqueue = client.enqueue as (...args: unknown[]) => Promise<EnqueuedJob>;
  const enqueueMany = client.enqueueMany as (...args: unknown[]) => Promise<EnqueuedJob[]>;

  const { success } = client as { readonly success?: (...args: Success) => Promise<unknown> };

  const own: Record<"enqueue" | "enqueueMany", (...args: Call) => Promise<unknown>> = {
    async enqueue(what, ...rest) {
      const runs = createRuns(layers);
      const [payload, options] = isDefinition(what) ? rest : [what, rest[0]];
      const stored = enqueue(runs.layer(what), payload, options).then((job) => [job]);
      return (await runs.end(stored))[0];
    },
    async enqueueMany(what, ...rest) {
      const runs = createRuns(layers);
      const [payloads, options] = isDefinition(what) ? rest : [what, rest[0]];
      return await runs.end(enqueueMany(runs.layer(what), payloads, options));
    },
  };
  if (success === undefined) return { ...client, ...own };
  return {
    ...client,
    ...own,
    async success(...[job, options]: Success) {
      if (options?.enqueue === undefined) return await success(job, options);
      const runs = createRuns(layers);
      const enqueue = options.enqueue.map((one) => runs.prepared(one));
      return await runs.end(success(job, { ...options, enqueue }) as Promise<EnqueuedJob[]>);
    },
  };
}

function isDefinition(what: unknown): what is { readonly toRequest: ToRequest } {
  return typeof what === "object" && what !== null && "toRequest" in what;
}

/** A run through the layers. */
interface LayeredRun {
  /** What becomes of the job when it is through. */
  readonly stored: PromiseWithResolvers<EnqueuedJob>;
  /** Whether the innermost layer has passed it on. */
  isThrough: boolean;
  /** What the outermost layer makes of it. */
  job: Promise<EnqueuedJob>;
}

/** The runs through the layers of one call. */
function createRuns(layers: readonly EnqueueMiddleware[]) {
  const runs: LayeredRun[] = [];

  /** Runs a request through the layers; resolves with what came through, and goes on when the jobs are stored. */
  const pass = (request: EnqueueRequest): Promise<EnqueueRequest> => {
    const passed = Promise.withResolvers<EnqueueRequest>();
    const stored = Promise.withResolvers<EnqueuedJob>();
    const run: LayeredRun = { stored, isThrough: false, job: stored.promise };
    const innermost = (request: EnqueueRequest) => {
      run.isThrough = true;
      passed.resolve(request);
      return stored.promise;
    };
    run.job = layers.reduceRight(wrap, innermost)(request);
    run.job.then(
      () =>
        passed.reject(new Error("Cannot enqueue: a middleware did neither call 'next' nor throw")),
      passed.reject,
    );
    stored.promise.catch(() => {}); // A layer that has thrown listens no more.
    runs.push(run);
    return passed.promise;
  };

  return {
    layer: (what: unknown): Layered => ({
      async toRequest(...args: never) {
        if (isDefinition(what)) return await pass(await what.toRequest(...args));
        // By hand, the request stands in the place of the payload.
        const [given, , clock] = args as readonly [EnqueueRequest | PreparedJob, unknown, Clock];
        return await pass("prepare" in given ? await given.prepare(clock) : given);
      },
    }),
    prepared: (given: EnqueueRequest | PreparedJob): PreparedJob => ({
      type: given.type,
      prepare: async (clock) => await pass("prepare" in given ? await given.prepare(clock) : given),
    }),
    /** Lets the layers go on with what became of their jobs, and gives what they make of it. */
    async end(call: Promise<readonly EnqueuedJob[]>): Promise<EnqueuedJob[]> {
      try {
        const jobs = await call;
        for (const [at, { stored }] of runs.entries()) stored.resolve(jobs[at]!);
      } catch (error) {
        for (const { stored } of runs) stored.reject(error);
        // What a layer makes of the failure counts, if it is about one job.
        if (runs.length !== 1 || !runs[0]!.isThrough) {
          await Promise.allSettled(runs.map(({ job }) => job));
          throw error;
        }
      }
      return await Promise.all(runs.map(({ job }) => job));
    },
  };
}

type Pass = (request: EnqueueRequest) => Promise<EnqueuedJob>;

function wrap(next: Pass, layer: EnqueueMiddleware): Pass {
  return async (request) => {
    let called = false;
    return await layer(request, (changed) => {
      if (called) throw new Error("Cannot call 'next' twice in one middleware");
      called = true;
      return next(changed);
    });
  };
}
