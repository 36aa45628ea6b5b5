/**
 * The client: each call of the protocol in terms of the transport.
 *
 * @module
 */

import { demandObject } from "../options.ts";
import { type ErrorRecord, readErrorRecord } from "../protocol/error-record.ts";
import {
  type JobFilter,
  matchesAll,
  matchesNothing,
  toFilterParams,
  toTakeParams,
} from "../protocol/filter.ts";
import { readJob } from "../protocol/job-read.ts";
import { readErrorPage, toPageParams } from "../protocol/page.ts";
import { toPatchWire } from "../protocol/patch.ts";
import { enqueueRoutes, jobRoutes, toPath } from "../protocol/routes.ts";
import {
  readCount,
  readDeleted,
  readHealth,
  readPatched,
  readQueues,
  readVersion,
} from "../protocol/system.ts";
import type { BulkFilter } from "./bulk-filter.ts";
import type { Client, DeleteOptions } from "./client.ts";
import { createControlCalls } from "./control.ts";
import { resolveMany, resolveOne } from "./enqueue-args.ts";
import { createEnqueuingCalls } from "./enqueuing.ts";
import {
  createJobPages,
  createListing,
  emptyPage,
  type ErrorPage,
  openPage,
  type PageSource,
} from "./listing.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport, ignoreBody, withQuery } from "./transport.ts";
import { demandType, type JobQuery, toFiltered, toIdentified } from "./typed-job.ts";
import { createWorkingCalls } from "./working.ts";

/**
 * Creates a client of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * It holds no connection and needs no closing.
 *
 * @param options Where the broker is, and how to ask it.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
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
  const transport = createTransport(toClientSettings(options));
  const { settings: { clock, attach }, call } = transport;

  const jobPages = createJobPages(call, jobRoutes.list);
  const errorPages: PageSource<ErrorRecord, ErrorPage> = {
    load: (path, options) => call({ route: jobRoutes.errors, path }, options, readErrorPage),
    toPage: (errors, turns) => ({ errors, ...turns }),
    itemsOf: ({ errors }) => errors,
  };

  const client: Client = {
    url: options.url === undefined ? undefined : transport.settings.base,
    ...createEnqueuingCalls(transport),

    async get(...args: unknown[]) {
      const [id, options, type] = toIdentified(args);
      return demandType(
        await call(
          { route: jobRoutes.get, params: { id }, query: toLastError(options) },
          options,
          readJob,
        ),
        type,
      ) as never;
    },
    list(...args: unknown[]) {
      const [query, options] = toFiltered<JobQuery>(args);
      return createListing(jobPages, () => client.page(query, options), options) as never;
    },
    async page(...args: unknown[]) {
      const [{ from, order, limit, lastError, ...filter } = {}, options] = toFiltered<JobQuery>(
        args,
      );
      const query = [
        ...toPageParams({ from, order, limit }),
        ...toFilterParams(filter),
        ...toLastError({ lastError }),
      ];
      const page = matchesNothing(filter)
        ? emptyPage(jobPages)
        : await openPage(jobPages, withQuery(jobRoutes.list.path, query), options);
      return page as never;
    },
    async count(...args: unknown[]) {
      const [filter = {}, options] = toFiltered<JobFilter>(args);
      const query = toFilterParams(filter);
      if (matchesNothing(filter)) return 0;
      return await call({ route: jobRoutes.count, query }, options, readCount);
    },

    async patch(id, patch, options) {
      const body = toPatchWire(patch);
      return await call({ route: jobRoutes.patch, params: { id }, body }, options, readJob);
    },
    async patchMany(filter, patch, options) {
      const query = toBulkQuery(filter);
      const body = toPatchWire(patch);
      if (matchesNothing(filter)) return 0;
      return await call({ route: jobRoutes.patchMany, query, body }, options, readPatched);
    },

    delete: (id, options) =>
      call(
        { route: jobRoutes.delete, params: { id }, query: toCascade(options) },
        options,
        ignoreBody,
      ),
    async deleteMany(filter, options) {
      const query = [...toBulkQuery(filter), ...toCascade(options)];
      if (matchesNothing(filter)) return 0;
      return await call({ route: jobRoutes.deleteMany, query }, options, readDeleted);
    },

    ...createWorkingCalls(transport),
    ...createControlCalls(transport, toBulkQuery),

    errors(id, query = {}, options) {
      const path = withQuery(toPath(jobRoutes.errors, { id }), toPageParams(query));
      return createListing(errorPages, () => openPage(errorPages, path, options), options);
    },
    error: (id, attempt, options) =>
      call({ route: jobRoutes.error, params: { id, attempt } }, options, readErrorRecord),

    queues: (options) => call({ route: jobRoutes.queues }, options, readQueues),
    health: (options) => call({ route: jobRoutes.health }, options, readHealth),
    version: (options) => call({ route: enqueueRoutes.version }, options, readVersion),
    reset: (options) => call({ route: jobRoutes.reset }, options, ignoreBody),
  };
  return attach?.(client, {
    resolveOne: (args) => resolveOne(args, clock),
    resolveMany: (args) => resolveMany(args, clock),
    checkTake: toTakeParams,
  }) ?? client;
}

function toLastError(options: Pick<JobQuery, "lastError"> | undefined): string[] {
  return options?.lastError ? ["last_error=true"] : [];
}

function toCascade(options: DeleteOptions | undefined): string[] {
  return options?.cascade ? ["cascade=true"] : [];
}

/** The query of a bulk change. A filter without members must be asked for by `all: true`. */
function toBulkQuery(bulk: BulkFilter): string[] {
  demandObject("deleteMany", bulk, "filter");
  const { all, ...filter } = bulk;
  if (all === true || !matchesAll(filter)) return toFilterParams(filter);
  throw new TypeError(
    "Cannot change jobs by a filter without members: give some, or 'all: true' for every job",
  );
}
