/**
 * The client: each call of the protocol in terms of the transport.
 *
 * @module
 */

import { readNotFound } from "../protocol/ack.ts";
import { readEnqueuedJob, readEnqueuedJobs, toEnqueueWire } from "../protocol/enqueue.ts";
import { type ErrorRecord, readErrorRecord } from "../protocol/error-record.ts";
import { toFailureWire } from "../protocol/failure.ts";
import { matchesAll, matchesNothing, toFilterParams } from "../protocol/filter.ts";
import { readJob } from "../protocol/job-read.ts";
import type { Job } from "../protocol/job.ts";
import { readErrorPage, readJobPage, toPageParams } from "../protocol/page.ts";
import { toPatchWire } from "../protocol/patch.ts";
import { jobRoutes, type Route, toPath } from "../protocol/routes.ts";
import {
  readCount,
  readDeleted,
  readHealth,
  readPatched,
  readQueues,
  readVersion,
} from "../protocol/system.ts";
import { understand } from "./answer.ts";
import type { BulkFilter, Client } from "./client.ts";
import type { CallOptions } from "./deadline.ts";
import { type EnqueueArgs, type EnqueueManyArgs, resolveMany, resolveOne } from "./enqueue-args.ts";
import { enqueueInParts } from "./enqueue-parts.ts";
import {
  createListing,
  emptyPage,
  type ErrorPage,
  type JobPage,
  openPage,
  type PageSource,
} from "./listing.ts";
import { type ClientOptions, toSettings } from "./options.ts";
import { openTake } from "./take.ts";
import { type Call, createTransport, withParams } from "./transport.ts";

/**
 * Creates a client of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * It holds no connection and needs no closing. Throws `TypeError` and `RangeError` for options that cannot be.
 *
 * @example
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 *
 * const client = createClient({
 *   url: "http://127.0.0.1:7890",
 *   // Stands in for the network in this example.
 *   fetch: () => Promise.resolve(Response.json({ count: 3 })),
 * });
 * console.log(await client.count({ status: "ready" })); // 3
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(toSettings(options));
  const { settings: { clock }, call } = transport;

  /** Reads are repeated when they fail for the moment. */
  const ask = <Result>(
    path: string,
    options: CallOptions | undefined,
    read: (value: unknown) => Result,
  ): Promise<Result> => call({ method: "GET", path, repeatable: true }, options, read);

  const jobPages: PageSource<Job, JobPage> = {
    load: (path, options) => ask(path, options, readJobPage),
    toPage: (jobs, turns) => ({ jobs, ...turns }),
    itemsOf: ({ jobs }) => jobs,
  };
  const errorPages: PageSource<ErrorRecord, ErrorPage> = {
    load: (path, options) => ask(path, options, readErrorPage),
    toPage: (errors, turns) => ({ errors, ...turns }),
    itemsOf: ({ errors }) => errors,
  };

  const client: Client = {
    async enqueue(...args: EnqueueArgs) {
      const { what, options } = await resolveOne(args, clock);
      const body = toEnqueueWire(what);
      return await call({ ...jobRoutes.enqueue, body }, options, readEnqueuedJob);
    },
    async enqueueMany(...args: EnqueueManyArgs) {
      const { what, options } = await resolveMany(args, clock);
      const send = (bytes: Uint8Array<ArrayBuffer>) =>
        call({ ...jobRoutes.enqueueMany, bytes }, options, readEnqueuedJobs);
      return await enqueueInParts(what, await transport.codec(), send);
    },

    get: (id, options) => ask(toPath(jobRoutes.get, { id }), options, readJob),
    list: (query, options) => createListing(jobPages, () => client.page(query, options), options),
    async page(query = {}, options) {
      const { from, order, limit, ...filter } = query;
      const params = [...toPageParams({ from, order, limit }), ...toFilterParams(filter)];
      if (matchesNothing(filter)) return emptyPage(jobPages);
      return await openPage(jobPages, withParams(jobRoutes.list.path, params), options);
    },
    async count(filter = {}, options) {
      const params = toFilterParams(filter);
      if (matchesNothing(filter)) return 0;
      return await ask(withParams(jobRoutes.count.path, params), options, readCount);
    },

    async patch(id, patch, options) {
      const body = toPatchWire(patch);
      return await call(
        { ...jobRoutes.patch, path: toPath(jobRoutes.patch, { id }), body },
        options,
        readJob,
      );
    },
    async patchMany(filter, patch, options) {
      const path = toBulkPath(jobRoutes.patchMany, filter);
      const body = toPatchWire(patch);
      if (matchesNothing(filter)) return 0;
      return await call({ ...jobRoutes.patchMany, path, body }, options, readPatched);
    },

    delete: (id, options) =>
      call({ ...jobRoutes.delete, path: toPath(jobRoutes.delete, { id }) }, options, nothing),
    async deleteMany(filter, options) {
      const path = toBulkPath(jobRoutes.deleteMany, filter);
      if (matchesNothing(filter)) return 0;
      return await call({ ...jobRoutes.deleteMany, path }, options, readDeleted);
    },

    success: (id, options) =>
      call(
        {
          ...jobRoutes.success,
          path: toPath(jobRoutes.success, { id }),
          repeatable: true,
          // Gone: the try before this one may have been heard.
          alsoGood: (retries) => retries > 0 ? 404 : undefined,
        },
        options,
        nothing,
      ),
    async successMany(ids, options) {
      if (ids.length === 0) return { notFound: [] };
      const call: Call = {
        ...jobRoutes.successMany,
        body: { ids },
        repeatable: true,
        alsoGood: () => 422,
      };
      const { status, value } = await transport.send(call, options);
      return { notFound: status === 422 ? understand(() => readNotFound(value)) : [] };
    },
    async failure(id, failure, options) {
      const path = toPath(jobRoutes.failure, { id });
      const body = toFailureWire(failure);
      return await call({ ...jobRoutes.failure, path, body, repeatable: true }, options, readJob);
    },

    errors(id, query = {}, options) {
      const path = withParams(toPath(jobRoutes.errors, { id }), toPageParams(query));
      return createListing(errorPages, () => openPage(errorPages, path, options), options);
    },
    error: (id, attempt, options) =>
      ask(toPath(jobRoutes.error, { id, attempt }), options, readErrorRecord),

    queues: (options) => ask(jobRoutes.queues.path, options, readQueues),
    health: (options) => ask(jobRoutes.health.path, options, readHealth),
    version: (options) => ask(jobRoutes.version.path, options, readVersion),
    reset: (options) => call(jobRoutes.reset, options, nothing),

    take: (options) => openTake(transport, options),
  };
  return client;
}

/** The path of a bulk change. A filter without members has to be meant. */
function toBulkPath(route: Route, { all, ...filter }: BulkFilter): string {
  if (all === true || !matchesAll(filter)) return withParams(route.path, toFilterParams(filter));
  throw new TypeError(
    "Cannot change jobs by a filter without members: give some, or 'all: true' for every job",
  );
}

/** The reader of an answer that says nothing. */
function nothing(): void {}
