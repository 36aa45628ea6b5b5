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
import { type HistoryEntry, type OwnEntry, readEntry, readHistory } from "../protocol/history.ts";
import type { Job } from "../protocol/job.ts";
import { toWireName } from "../protocol/job-fields.ts";
import { checkInteger, max32 } from "../protocol/integer.ts";
import { readJob } from "../protocol/job-read.ts";
import { type OpenBatch, readOpenBatches } from "../protocol/open-batch.ts";
import { type PageRequest, readJobs, toPageParams } from "../protocol/page.ts";
import type { JobSort } from "../protocol/query.ts";
import {
  type QueueDetails,
  type QueueStats,
  readQueueDetails,
  readQueueList,
  readQueueStats,
} from "../protocol/queue-details.ts";
import { insightRoutes, jobRoutes, toPath } from "../protocol/routes.ts";
import { type QueueServing, readServing } from "../protocol/serving.ts";
import {
  readTold,
  readWorker,
  readWorkers,
  type SeenWorker,
  type WorkerDetails,
} from "../protocol/workers.ts";
import { type Caller, readCaller } from "../protocol/whoami.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import type {
  BatchPage,
  FailureGroupPage,
  HistoryPage,
  QueueOptions,
  QueuePage,
  ServingOptions,
  WorkerPage,
} from "./insight-pages.ts";
import {
  createJobPages,
  createListing,
  emptyPage,
  type JobPage,
  type Listing,
  openPage,
  type PageSource,
} from "./listing.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport, ignoreBody, withQuery } from "./transport.ts";

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
  /**
   * Leaves out payloads of more bytes: such a job has `payloadBytes` in the place of `payload`. 0 leaves out all of them. Large
   * ones are not even read then, so that a list of them costs little.
   *
   * @default {none is left out}
   */
  readonly maxPayloadBytes?: number | undefined;
}

/**
 * What a Millrace broker knows of how jobs fared. Other servers have no such endpoints, and the `NotFoundError` says so.
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
  /**
   * Tells how the jobs of a queue fared on a day: waits, runs, retries, failures.
   *
   * @param queue The queue.
   * @param day The day of UTC, as `YYYY-MM-DD`. Left out, it is today by the clock of the broker.
   * @returns The statistics; all 0 for a day of which there are none.
   * @throws {RefusedError} If `day` is none.
   */
  stats(queue: string, day?: string, options?: CallOptions): Promise<QueueStats>;
  /**
   * Tells how many jobs of a queue stand where.
   *
   * @param queue The queue; all numbers of one that has no jobs are 0.
   * @param options Whether it comes with its age, and bounds of the call.
   */
  queue(queue: string, options?: QueueOptions): Promise<QueueDetails>;
  /**
   * Lists the queues that have jobs with how many of them stand where, sorted by the names of the queues.
   *
   * @param page Where to begin, and how many are on a page.
   */
  queues(
    page?: Omit<PageRequest, "order"> & Pick<QueueOptions, "age">,
    options?: CallOptions,
  ): Listing<QueueDetails, QueuePage>;
  /**
   * Gets the jobs of a queue that are delivered next, in this order, and leaves them where they are.
   *
   * @param queue The queue.
   * @param limit How many, from 1 to 2000; fewer come if their payloads are large. Left out, 50.
   */
  next(queue: string, limit?: number, options?: CallOptions): Promise<Job[]>;
  /**
   * Lists what happened to a job, oldest first, if it keeps a history: one that was enqueued with `history: true`.
   *
   * @param id The job's id.
   * @param page In which order, and how many are on a page.
   */
  history(
    id: string,
    page?: PageRequest<number>,
    options?: CallOptions,
  ): Listing<HistoryEntry, HistoryPage>;
  /**
   * Adds an entry of your own to the history of a job, which is kept from then on.
   *
   * @param id The job's id.
   * @param entry What happened.
   * @returns The entry as it was kept.
   * @throws {NotFoundError} If there is no such job.
   * @throws {RefusedError} If the entry is too long.
   */
  record(id: string, entry: OwnEntry, options?: CallOptions): Promise<HistoryEntry>;
  /**
   * Lists the batches that still take jobs in, by their keys, with the job that each is to be.
   *
   * @param page Where to begin (behind a key), in which order, and how many are on a page.
   */
  batches(page?: PageRequest, options?: CallOptions): Listing<OpenBatch, BatchPage>;
  /**
   * Tells who serves a queue: how many streams of workers read it, over all brokers of the database, and when a worker without a
   * stream last asked for its jobs. A queue that nobody knows has nobody.
   *
   * @param queue The queue.
   * @param options Which type of jobs it asks about.
   */
  serving(queue: string, options?: ServingOptions): Promise<QueueServing>;
  /**
   * Tells what the token of this client may do.
   *
   * @throws {RefusedError} If the broker does not know it.
   */
  whoAmI(options?: CallOptions): Promise<Caller>;
  /**
   * Lists the workers that were seen in a while and what they have, those that were seen last first.
   *
   * @param page In which order, and how many are on a page.
   */
  workers(page?: PageRequest, options?: CallOptions): Listing<SeenWorker, WorkerPage>;
  /**
   * Gets one worker, with the ids of its jobs.
   *
   * @param id What the worker calls itself.
   * @throws {NotFoundError} If it was not seen in a while, and has nothing.
   */
  worker(id: string, options?: CallOptions): Promise<WorkerDetails>;
  /**
   * Takes a worker off the list until it is seen again. Its jobs stay its.
   *
   * @param id What the worker calls itself.
   * @throws {NotFoundError} If it is not on the list.
   */
  deregisterWorker(id: string, options?: CallOptions): Promise<void>;
  /**
   * Gives a worker no more jobs, at all brokers, until {@linkcode InsightClient.resumeWorker}: what it has, it finishes. It holds for
   * whoever calls itself so, over a stream or by calls, and also after a restart.
   *
   * @param id What the worker calls itself.
   * @throws {NotFoundError} If it was not seen in a while.
   */
  quietWorker(id: string, options?: CallOptions): Promise<void>;
  /**
   * Gives a worker jobs again.
   *
   * @param id What the worker calls itself.
   * @throws {NotFoundError} If it was not seen in a while.
   */
  resumeWorker(id: string, options?: CallOptions): Promise<void>;
  /**
   * Tells a worker to finish what it runs, and to stop. Ours emit `retired`; what starts them anew is not our business.
   *
   * @param id What the worker calls itself.
   * @returns On how many streams it was told.
   * @throws {NotFoundError} If it was not seen in a while.
   * @throws {RefusedError} If it has no open stream, or does not understand it.
   */
  stopWorker(id: string, options?: CallOptions): Promise<number>;
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
  const call = callOwn(createTransport(toClientSettings(options)));

  const groupPages: PageSource<FailureGroup, FailureGroupPage> = {
    load: (path, options) =>
      call({ route: insightRoutes.listFailures, path }, options, readFailureGroups),
    toPage: (groups, turns) => ({ groups, ...turns }),
    itemsOf: ({ groups }) => groups,
  };

  const jobPages = createJobPages(call, jobRoutes.list);

  const historyPages: PageSource<HistoryEntry, HistoryPage> = {
    load: (path, options) => call({ route: insightRoutes.listHistory, path }, options, readHistory),
    toPage: (history, turns) => ({ history, ...turns }),
    itemsOf: ({ history }) => history,
  };
  const queuePages: PageSource<QueueDetails, QueuePage> = {
    load: (path, options) => call({ route: jobRoutes.queues, path }, options, readQueueList),
    toPage: (queues, turns) => ({ queues, ...turns }),
    itemsOf: ({ queues }) => queues,
  };
  const batchPages: PageSource<OpenBatch, BatchPage> = {
    load: (path, options) =>
      call({ route: insightRoutes.listBatches, path }, options, readOpenBatches),
    toPage: (batches, turns) => ({ batches, ...turns }),
    itemsOf: ({ batches }) => batches,
  };
  const workerPages: PageSource<SeenWorker, WorkerPage> = {
    load: (path, options) => call({ route: insightRoutes.listWorkers, path }, options, readWorkers),
    toPage: (workers, turns) => ({ workers, ...turns }),
    itemsOf: ({ workers }) => workers,
  };

  return {
    jobs({ from, order, limit, sort, lastError, maxPayloadBytes, ...filter } = {}, options) {
      checkInteger("maxPayloadBytes", maxPayloadBytes, max32);
      const query = [
        ...toPageParams({ from, order, limit }),
        ...toFilterParams(filter),
        ...sort === undefined ? [] : [`sort=${toWireName(sort)}`],
        ...lastError ? ["last_error=true"] : [],
        ...maxPayloadBytes === undefined ? [] : [`max_payload=${maxPayloadBytes}`],
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
    stats: (queue, day, options) =>
      call(
        {
          route: insightRoutes.queueStats,
          params: { queue },
          query: day === undefined ? [] : [`day=${encodeURIComponent(day)}`],
        },
        options,
        readQueueStats,
      ),
    serving: (queue, { type, ...options } = {}) =>
      call(
        {
          route: insightRoutes.queueServing,
          params: { queue },
          query: type === undefined ? [] : [`type=${encodeURIComponent(type)}`],
        },
        options,
        readServing,
      ),
    queue: (queue, { age, ...options } = {}) =>
      call(
        { route: insightRoutes.getQueue, params: { queue }, query: toAge(age) },
        options,
        readQueueDetails,
      ),
    queues({ from, limit, age } = {}, options) {
      const query = ["detail=true", ...toPageParams({ from, limit }), ...toAge(age)];
      const path = withQuery(jobRoutes.queues.path, query);
      return createListing(queuePages, () => openPage(queuePages, path, options), options);
    },
    next: async (queue, limit, options) =>
      await call(
        { route: insightRoutes.nextOfQueue, params: { queue }, query: toPageParams({ limit }) },
        options,
        readJobs,
      ),
    history(id, page = {}, options) {
      const path = withQuery(toPath(insightRoutes.listHistory, { id }), toPageParams(page));
      return createListing(historyPages, () => openPage(historyPages, path, options), options);
    },
    record: (id, entry, options) =>
      call({ route: insightRoutes.addHistory, params: { id }, body: entry }, options, readEntry),
    batches(page = {}, options) {
      const path = withQuery(insightRoutes.listBatches.path, toPageParams(page));
      return createListing(batchPages, () => openPage(batchPages, path, options), options);
    },
    whoAmI: (options) => call({ route: insightRoutes.whoAmI }, options, readCaller),
    workers(page = {}, options) {
      const path = withQuery(insightRoutes.listWorkers.path, toPageParams(page));
      return createListing(workerPages, () => openPage(workerPages, path, options), options);
    },
    worker: (id, options) =>
      call({ route: insightRoutes.getWorker, params: { id } }, options, readWorker),
    deregisterWorker: (id, options) =>
      call({ route: insightRoutes.deleteWorker, params: { id } }, options, ignoreBody),
    quietWorker: (id, options) =>
      call({ route: insightRoutes.quietWorker, params: { id } }, options, ignoreBody),
    resumeWorker: (id, options) =>
      call({ route: insightRoutes.resumeWorker, params: { id } }, options, ignoreBody),
    stopWorker: (id, options) =>
      call({ route: insightRoutes.stopWorker, params: { id } }, options, readTold),
  };
}

function toAge(age: boolean | undefined): string[] {
  return age ? ["age=true"] : [];
}
