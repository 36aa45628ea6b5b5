/**
 * The calls of those who work: taking jobs, and what a taken job ends with. To load them when the first is made was tried:
 * it saved an edge function 5 % of the client, and made how long a first call takes depend on the disk.
 *
 * @module
 */

import { NotFoundError, ProtocolError, RefusedError } from "../errors.ts";
import {
  type JobReference,
  readMissed,
  type RefusedRun,
  type ReportResult,
  toReportResult,
  toRun,
  toRuns,
  toRunsWire,
} from "../protocol/ack.ts";
import { readEnqueuedJobs, toEnqueueWire } from "../protocol/enqueue.ts";
import { type Failure, toFailureWire } from "../protocol/failure.ts";
import { readJob } from "../protocol/job-read.ts";
import type { Job } from "../protocol/job.ts";
import { toNextWire } from "../protocol/movement.ts";
import { type ReleaseTime, toReleaseTimeWire, toReleaseWire } from "../protocol/release.ts";
import { jobRoutes, workRoutes } from "../protocol/routes.ts";
import { type Answer, decodeOrThrow } from "./answer.ts";
import type { Client, FailureOptions, SuccessOptions } from "./client.ts";
import type { CallOptions } from "./deadline.ts";
import { resolveMany } from "./enqueue-args.ts";
import { openTake } from "./take.ts";
import { type ClientCall, ignoreBody, type Transport } from "./transport.ts";

/** The calls. */
export type WorkingCalls = Pick<
  Client,
  "take" | "success" | "successMany" | "failure" | "release" | "releaseMany"
>;

/** Creates the calls. */
export function createWorkingCalls(transport: Transport): WorkingCalls {
  const { call, serverClock, settings: { clock } } = transport;

  /** Sends a report of many runs. */
  const reportMany = async (
    route: ClientCall["route"],
    { jobs, more = {}, options }: {
      readonly jobs: readonly JobReference[];
      readonly more?: object | undefined;
      readonly options: CallOptions | undefined;
    },
  ): Promise<ReportResult> => {
    const runs = toRuns(jobs);
    const notFound: string[] = [];
    const stale: string[] = [];
    const refused: RefusedRun[] = [];
    for (let at = 0; at < runs.length; at += mostIds) {
      const body = { ...toRunsWire(runs.slice(at, at + mostIds)), ...more };
      const { status, value } = await transport.send({ route, body, acceptStatus: 422 }, options);
      if (status !== 422) continue;
      const missed = decodeOrThrow(() => readMissed(value));
      notFound.push(...missed.notFound);
      stale.push(...missed.stale ?? []);
      refused.push(...missed.refused ?? []);
    }
    return toReportResult(notFound, stale, refused);
  };

  /**
   * Whether a failure was received of which the answer was lost, by a server that knows no deliveries: the job has moved
   * on since.
   */
  const findReceived = async (
    job: JobReference,
    { id, signal }: { readonly id: string; readonly signal: AbortSignal },
  ): Promise<Answer | undefined> => {
    const look: ClientCall = { route: jobRoutes.get, params: { id } };
    const answer = await transport.send(look, { signal }).catch((error) => {
      // Who may report need not be allowed to look.
      if (error instanceof RefusedError && !error.retryable) return undefined;
      throw error;
    });
    if (answer === undefined) return undefined;
    const present = decodeOrThrow(() => readJob(answer.value));
    if (present.status !== "in_flight") {
      const { payload: _, ...rest } = answer.value as { readonly payload?: unknown };
      return { status: 200, value: rest };
    }
    const { attempts, dequeuedAt } = typeof job === "string" ? present : { ...present, ...job };
    if (attempts === present.attempts && dequeuedAt === present.dequeuedAt) return undefined;
    throw new RefusedError(`Job ${id} has been delivered again since`, 409);
  };

  return {
    take: (options) => openTake(transport, options),
    success: (async (job: JobReference, options: SuccessOptions = {}) => {
      const { payload, next, result, enqueue, ...bounds } = options;
      const { id, delivery, proof } = toRun(job);
      if (enqueue !== undefined && typeof job !== "string" && delivery === undefined) {
        throw new ProtocolError(`Only a Millrace broker can enqueue with the success of job ${id}`);
      }
      const query = delivery === undefined ? [] : [`delivery=${delivery}`];
      if (proof !== undefined) query.push(`lease_token=${encodeURIComponent(proof.token!)}`);
      const report: ClientCall = { route: workRoutes.success, params: { id }, query };
      if ([payload, next, result, enqueue].every((one) => one === undefined)) {
        return await call(report, bounds, ignoreBody);
      }
      const beside = enqueue && (await resolveMany([enqueue], clock)).what;
      const now = serverClock.now();
      const body = {
        payload,
        next: next && toNextWire(next),
        result,
        enqueue: beside?.map((one) => toEnqueueWire(one, now)),
      };
      const { status, value } = await transport.send({ ...report, body }, bounds);
      if (next === undefined && beside === undefined) return;
      // A 404 to a later try is an answer to the call: what became of the job, nobody knows.
      if (status === 404) throw new NotFoundError(`job '${id}' not found in in-flight set`, status);
      if (value === undefined) {
        const what = beside === undefined ? "'next' queue" : "jobs to enqueue with a success";
        throw new ProtocolError(`Server knows no ${what} and has taken job ${id} for done`);
      }
      return decodeOrThrow(() => beside === undefined ? readJob(value) : readEnqueuedJobs(value));
    }) as Client["success"],
    successMany: (jobs, { results, ...options } = {}) =>
      reportMany(workRoutes.successMany, { jobs, more: results && { results }, options }),
    async failure(job: JobReference, failure: Failure, options: FailureOptions = {}): Promise<Job> {
      const { id, delivery, proof } = toRun(job);
      const run = { delivery, token: proof?.token, now: serverClock.now() };
      const body = toFailureWire(failure, run);
      const { isRepeated = false, ...bounds } = options;
      const before: ClientCall["before"] = async (retries, signal) =>
        delivery === undefined && (isRepeated || retries > 0)
          ? await findReceived(job, { id, signal })
          : undefined;
      const report: ClientCall = { route: workRoutes.failure, params: { id }, body, before };
      return await call(report, bounds, readJob);
    },
    async release(job: JobReference, time: ReleaseTime = {}, options?: CallOptions): Promise<Job> {
      const run = toRun(job);
      const params = { id: run.id };
      const body = toReleaseWire(time, run);
      return await call({ route: workRoutes.release, params, body }, options, readJob);
    },
    releaseMany: (jobs, time = {}, options) =>
      reportMany(workRoutes.releaseMany, { jobs, more: toReleaseTimeWire(time), options }),
  };
}

/** The most ids in one request. */
const mostIds = 10_000;
