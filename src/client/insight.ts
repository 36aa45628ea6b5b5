/**
 * The calls that tell how jobs, queues and workers fare. They are apart from the client, so that a program that only
 * enqueues does not load them.
 *
 * @module
 */

import {
  type FailureGroup,
  type GroupRequeue,
  readFailureGroups,
  readRequeued,
} from "../protocol/failure-group.ts";
import { type JobFilter, matchesNothing, toFilterParams } from "../protocol/filter.ts";
import type { Job } from "../protocol/job.ts";
import { toWireName } from "../protocol/job-fields.ts";
import { readJob } from "../protocol/job-read.ts";
import { type PageRequest, readJobPage, toPageParams } from "../protocol/page.ts";
import type { JobSort } from "../protocol/query.ts";
import { insightRoutes, jobRoutes } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import {
  createListing,
  emptyPage,
  type JobPage,
  type Listing,
  openPage,
  type PageSource,
  type PageTurns,
} from "./listing.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport, withQuery } from "./transport.ts";

/** Which jobs are listed, in which order, and what is shown of them. */
export interface InsightQuery extends JobFilter, PageRequest {
  /**
   * Sorts jobs of one status by this instant: `readyAt` those that are scheduled, `completedAt` those that are completed,
   * `failedAt` those that are dead. `status` has to be that one. Left out, they are sorted by their ids.
   */
  readonly sort?: JobSort | undefined;
  /**
   * Whether each job that has failed has its last error record.
   *
   * @default {false}
   */
  readonly lastError?: boolean | undefined;
}

/** A page of groups of failures. */
export interface FailureGroupPage extends PageTurns<FailureGroupPage> {
  /** The groups. */
  readonly groups: readonly FailureGroup[];
}

/**
 * What a Millrace broker knows of how jobs fared. Other servers answer these calls with 404, a `NotFoundError`.
 *
 * Each call is rejected with one of the `MillraceError` family.
 */
export interface InsightClient {
  /**
   * Lists jobs as the client does, also in the order of an instant, and with their last errors: those that succeeded last
   * by `{ status: "completed", sort: "completedAt", order: "desc" }`.
   *
   * @param query Which jobs, in which order, and how many are on a page. Left out, all jobs by their ids.
   */
  jobs(query?: InsightQuery, options?: CallOptions): Listing<Job, JobPage>;
  /**
   * Gets one job, with its last error record if it has failed.
   *
   * @param id The job's id.
   * @throws {NotFoundError} If there is no such job.
   */
  job(id: string, options?: CallOptions): Promise<Job>;
  /**
   * Lists the groups of dead jobs with their sizes, sorted by the names of the groups. The jobs of a group are found by the
   * filter `failureGroup` of `list`, `count` and `deleteMany`.
   *
   * @param page Where to begin, in which order, and how many are on a page.
   */
  failures(
    page?: PageRequest,
    options?: CallOptions,
  ): Listing<FailureGroup, FailureGroupPage>;
  /**
   * Lets dead jobs of a group run again, as if they had never run: those that died first come first.
   *
   * @param group The group; undefined for all groups.
   * @param requeue Where to, and how many.
   * @returns How many jobs were requeued; 0 if there is no such group.
   */
  requeueFailures(
    group: string | undefined,
    requeue?: GroupRequeue,
    options?: CallOptions,
  ): Promise<number>;
}

/**
 * Creates a client for insight into the broker at `url`, or into a broker in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createInsight } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const insight = createInsight({ fetch: broker.fetch });
 * for await (const { group, count } of insight.failures()) console.log(group, count);
 * console.log(await insight.requeueFailures(undefined)); // 0
 * ```
 */
export function createInsight(options: ClientOptions): InsightClient {
  const { call } = createTransport(toClientSettings(options));

  const groupPages: PageSource<FailureGroup, FailureGroupPage> = {
    load: (path, options) =>
      call({ route: insightRoutes.listFailures, path }, options, readFailureGroups),
    toPage: (groups, turns) => ({ groups, ...turns }),
    itemsOf: ({ groups }) => groups,
  };

  const jobPages: PageSource<Job, JobPage> = {
    load: (path, options) => call({ route: jobRoutes.list, path }, options, readJobPage),
    toPage: (jobs, turns) => ({ jobs, ...turns }),
    itemsOf: ({ jobs }) => jobs,
  };

  return {
    jobs({ from, order, limit, sort, lastError, ...filter } = {}, options) {
      const query = [
        ...toPageParams({ from, order, limit }),
        ...toFilterParams(filter),
        ...sort === undefined ? [] : [`sort=${toWireName(sort)}`],
        ...lastError ? ["last_error=true"] : [],
      ];
      const openFirst = async () =>
        matchesNothing(filter)
          ? emptyPage(jobPages)
          : await openPage(jobPages, withQuery(jobRoutes.list.path, query), options);
      return createListing(jobPages, openFirst, options);
    },
    job: (id, options) =>
      call(
        { route: jobRoutes.get, params: { id }, query: ["last_error=true"] },
        options,
        readJob,
      ),
    failures(page = {}, options) {
      const path = withQuery(insightRoutes.listFailures.path, toPageParams(page));
      return createListing(groupPages, () => openPage(groupPages, path, options), options);
    },
    requeueFailures: (group, requeue = {}, options) =>
      call(
        group === undefined
          ? { route: insightRoutes.requeueFailures, body: requeue }
          : { route: insightRoutes.requeueGroup, params: { group }, body: requeue },
        options,
        readRequeued,
      ),
  };
}
