/**
 * The calls on leases. They are apart from the client, so that a program that only enqueues does not load them.
 *
 * @module
 */

import {
  type JobReference,
  readMissed,
  type ReportResult,
  toRun,
  toRuns,
} from "../protocol/ack.ts";
import { toTakeParams } from "../protocol/filter.ts";
import type { Job } from "../protocol/job.ts";
import { readJob } from "../protocol/job-read.ts";
import {
  type HeartbeatResult,
  readLeases,
  readTakenJobs,
  readTimedOut,
} from "../protocol/lease-read.ts";
import {
  type HeartbeatOptions,
  type TakeManyOptions,
  toHeartbeatsWire,
  toHeartbeatWire,
  toTakeManyWire,
} from "../protocol/lease-write.ts";
import { leaseRoutes } from "../protocol/routes.ts";
import { decodeOrThrow } from "./answer.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn, sendOwn } from "./endpoint.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport } from "./transport.ts";

/** What came of timeouts of many jobs. */
export interface TimeoutResult extends Pick<ReportResult, "notFound" | "refused"> {
  /** How many jobs were taken from their workers: all or none. */
  readonly timedOut: number;
}

/**
 * Jobs under leases: whoever takes one has it for a time, and longer with heartbeats. No connection is needed meanwhile,
 * and the broker may be started anew. Only a Millrace broker knows leases.
 *
 * Each call is rejected with one of the `MillraceError` family. A job that was taken under a lease is reported with the
 * client as any other: `client.success(job)` brings the token of its lease along.
 */
export interface LeasesClient {
  /**
   * Takes jobs, each under a lease.
   *
   * @param what What to take, and for how long.
   * @returns The jobs with their payloads; none if none is ready, or became so in time.
   * @throws {RefusedError} If a number is out of range.
   */
  take(what?: TakeManyOptions & CallOptions): Promise<Job[]>;
  /**
   * Says that the worker goes on with a job: its lease lasts its time from now on. It may have ended already, as long as the
   * job is nobody else's.
   *
   * @param job The job as it was taken; or its id, and then the broker does not know who says it.
   * @param news What else there is to say.
   * @returns The job without its payload; `leaseExpiresAt` is when its lease ends now.
   * @throws {RefusedError} If the job is not with the caller, or not any more; `reason` says why, and the work on it is to be
   * abandoned.
   * @throws {NotFoundError} If there is no such job any more.
   */
  heartbeat(job: JobReference, news?: HeartbeatOptions, options?: CallOptions): Promise<Job>;
  /**
   * Says so of many jobs.
   *
   * @param jobs The jobs as they were taken, or their ids.
   * @param news How long the leases last from now on.
   * @returns When the leases end, and which jobs are not with the caller any more. Those do not keep the others from it.
   */
  heartbeatMany(
    jobs: readonly JobReference[],
    news?: Pick<HeartbeatOptions, "leaseMs">,
    options?: CallOptions,
  ): Promise<HeartbeatResult>;
  /**
   * Takes a job from its worker, whoever that is: it is ready again at once, and no attempt is counted. What the worker
   * reports later is refused.
   *
   * @param id The job's id.
   * @returns The job without its payload.
   * @throws {RefusedError} If the job is not in flight; its `reason` is `not_running`.
   * @throws {NotFoundError} If there is no such job.
   */
  timeout(id: string, options?: CallOptions): Promise<Job>;
  /**
   * Takes jobs from their workers, all or none.
   *
   * @param ids The ids of the jobs.
   * @returns How many there were; if that is 0, which of them are not there, or not in flight.
   */
  timeoutMany(ids: readonly string[], options?: CallOptions): Promise<TimeoutResult>;
}

/**
 * Creates a client of the leases of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createClient, createLeases } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const leases = createLeases({ fetch: broker.fetch });
 * await client.enqueue({ type: "crawl", queue: "q", payload: { page: 1 } });
 *
 * const [job] = await leases.take({ queues: ["q"], leaseMs: 60_000, workerId: "crawler-1" });
 * await leases.heartbeat(job!, { progress: 0.5 });
 * await client.success(job!); // with the token of its lease
 * console.log(await client.count()); // 0
 * ```
 */
export function createLeases(options: ClientOptions): LeasesClient {
  const transport = createTransport(toClientSettings(options));

  const ask = callOwn(transport);
  const send = sendOwn(transport);

  return {
    async take({ signal, timeoutMs, workerId, ...what } = {}) {
      toTakeParams({ queues: what.queues }); // Names are checked as those of a stream are.
      const { waitMs = 0 } = what;
      const body = { ...toTakeManyWire(what), worker: workerId };
      const bounds = { signal, timeoutMs: timeoutMs ?? transport.settings.timeoutMs + waitMs };
      return await ask({ route: leaseRoutes.takeMany, body }, bounds, readTakenJobs);
    },
    async heartbeat(job, news = {}, options) {
      const run = toRun(job);
      const call = {
        route: leaseRoutes.heartbeat,
        params: { id: run.id },
        body: toHeartbeatWire(news, run),
      };
      return await ask(call, options, readJob);
    },
    async heartbeatMany(jobs, { leaseMs } = {}, options) {
      const runs = toRuns(jobs);
      const result = { jobs: [], notFound: [], refused: [] } as MutableResult;
      for (let at = 0; at < runs.length; at += mostIds) {
        const body = toHeartbeatsWire(runs.slice(at, at + mostIds), leaseMs);
        const call = { route: leaseRoutes.heartbeatMany, body, acceptStatus: 422 };
        const part = await ask(call, options, readLeases);
        result.jobs.push(...part.jobs);
        result.notFound.push(...part.notFound);
        result.refused.push(...part.refused);
      }
      return result;
    },
    timeout: (id, options) => ask({ route: leaseRoutes.timeout, params: { id } }, options, readJob),
    async timeoutMany(ids, options) {
      if (ids.length === 0) return { timedOut: 0, notFound: [] };
      const call = { route: leaseRoutes.timeoutMany, body: { ids }, acceptStatus: 422 };
      const { status, value } = await send(call, options);
      return decodeOrThrow(() =>
        status === 422
          ? { ...readMissed(value), timedOut: 0 }
          : { timedOut: readTimedOut(value), notFound: [] }
      );
    },
  };
}

/** The most ids in one request. */
const mostIds = 10_000;

type MutableResult = {
  -readonly [Member in keyof HeartbeatResult]: HeartbeatResult[Member][number][];
};
