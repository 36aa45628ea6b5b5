/**
 * Tells the broker what came of jobs: successes in batches, failures, releases and successes
 * that say more one by one.
 *
 * Successes are sent at once; they gather only while a request is under way, and go together with the next one. So a
 * slow broker gets larger batches. There is no timer: the broker delivers a next job only when one is reported.
 *
 * A report is repeated until the broker itself has answered it. What a proxy before it says is no answer: a job whose
 * report was dropped would stay in flight for as long as the worker lives, and take a place from others. So a job whose
 * report the broker refuses is given back.
 *
 * @module
 */

import type { Clock, Random } from "../async/clock.ts";
import { createPool } from "../async/pool.ts";
import type { Client, SuccessManyOptions } from "../client/client.ts";
import { retry, type RetryPolicy } from "../client/retry.ts";
import { isMillraceError, mayPass, type ResponseError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ReportResult } from "../protocol/ack.ts";
import type { Failure } from "../protocol/failure.ts";
import type { Job } from "../protocol/job.ts";
import type { ReleaseTime } from "../protocol/release.ts";
import { isRefusalOfJobs, succeedAndEnqueue } from "./succeed-and-enqueue.ts";
import type { SuccessNews } from "./outcome.ts";
import type { Outage } from "./outage.ts";
import { createPauses } from "./pauses.ts";
import type { Refusal, ReportAnswer } from "./teller.ts";

/** What an acker needs of a client. */
export type AckerClient =
  & Pick<
    Client,
    "success" | "successMany" | "failure" | "release" | "releaseMany"
  >
  & Partial<Pick<Client, "enqueue">>;

/** What an acker needs. */
export interface AckerOptions {
  readonly client: AckerClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Gets told of what cannot be sent for the moment. */
  readonly outage: Outage;
  /** Ends the requests that are under way, and drops what waits. */
  readonly signal: AbortSignal;
  /** The broker has confirmed these successes, but for those that were not in flight. */
  acked(jobs: readonly Job[], result: ReportResult): void;
  /** The broker refused a report of so many jobs, of which this is the first. */
  refused(fields: Refusal): void;
  /** The broker refused the report of these jobs; `isReleased` if they were given back instead. */
  dropped(jobs: readonly Job[], isReleased: boolean): void;
}

/** A report of one job that is being sent. */
interface SingleReport {
  readonly job: Job;
  /** Sends it; is told whether it was sent before. */
  readonly send: (isRepeated: boolean) => Promise<unknown>;
  readonly done: (answer: ReportAnswer) => void;
}

/** Who hears what the broker says of a success that says more. */
export interface HeardFinish {
  /** It is confirmed; as for a failure. */
  readonly done: (answer: ReportAnswer) => void;
  /** What it says, such as the jobs that were to be stored with it, is refused, and so nothing was done. */
  readonly refused: (error: unknown) => void;
}

/** Reports what came of jobs; each report is sent until the broker confirms or refuses it. */
export interface Acker {
  /** The last refusal of a report, by the broker or by a proxy; undefined again when a report is confirmed. */
  readonly problem: unknown;
  /** The broker can be reached: what waits to be repeated is sent at once, unless it was asked to wait. */
  tryNow(): void;
  /** Reports a success, and what the job came to. */
  succeed(job: Job, result?: unknown): void;
  /** Reports a success that says more. */
  finish(job: Job, success: SuccessNews, heard: HeardFinish): void;
  /** Does not report a success that was not sent yet: that delivery is over. */
  withdraw(job: Job): void;
  /**
   * Reports a failure. Calls `done` when it is confirmed, with what the broker answered: false if the job was not in flight
   * at this delivery.
   */
  fail(job: Job, failure: Failure, done: (answer: ReportAnswer) => void): void;
  /** Gives a job back to a broker that knows how; `done` as above. */
  release(job: Job, time: ReleaseTime, done: (answer: ReportAnswer) => void): void;
  /** Resolves when there is nothing left to report. */
  idle(): Promise<void>;
}

/** The most successes that go with one request. */
const longestBatch = 1000;
/**
 * The most characters of results and their ids that go with one request, if there are several. A character has three bytes at
 * most, also in MessagePack, and a broker reads 1 MiB besides the list of ids: the rest of that is for deliveries and tokens.
 */
const mostResults = 256 * 1024;
/** The most single reports that are under way at a time. */
const mostSingle = 8;
/** The same of successes that say more, which may be all that a worker has: the broker commits together what comes together. */
const mostFinishes = 64;

/** A job whose report is refused comes again after this, in ms: its next report may be refused as well. */
const refusedDelayMs = 60_000;

/** Creates an acker. */
export function createAcker(options: AckerOptions): Acker {
  const { client, clock, random, logger, outage, signal, acked, dropped } = options;
  const pauses = createPauses(clock);
  const policy: RetryPolicy = {
    limit: Infinity,
    baseDelayMs: 250,
    maxDelayMs: 30_000,
    clock,
    delays: pauses.clock,
    random,
    isPassing: mayPass,
  };
  let problem: unknown;
  let waiting: Job[] = [];
  let sending: Promise<void> | undefined;

  const persist = <Result>(report: (isRepeated: boolean) => Promise<Result>): Promise<Result> =>
    retry((retries) => report(retries > 0).catch(warn), policy, signal);

  const warn = (error: unknown): never => {
    if (!signal.aborted && isMillraceError(error) && mayPass(error)) {
      outage.failed(error, "reports wait, and are sent again");
      // A short break of the network is no reason to be unhealthy; a proxy that refuses may need a person.
      if (!error.retryable) problem = error;
    }
    throw error;
  };

  /**
   * Sends a report until it is confirmed, and gives the answer. One that is refused is logged, and its jobs are given
   * back, because it would block the others for ever; the result is undefined then.
   */
  const sendReport = async <Result>(
    jobs: readonly Job[],
    report: (isRepeated: boolean) => Promise<Result>,
  ): Promise<Result | undefined> => {
    try {
      const result = await persist(report);
      problem = undefined;
      outage.over();
      return result;
    } catch (error) {
      if (signal.aborted) {
        dropped(jobs, true); // The end of the stream gives them back.
        return undefined;
      }
      problem = error;
      const [{ id, type }] = jobs as readonly [Job, ...Job[]];
      options.refused({ id, type, jobs: jobs.length, error });
      dropped(jobs, await giveBack(jobs));
      return undefined;
    }
  };

  /** Whether the broker took the jobs back. */
  const giveBack = async (jobs: readonly Job[]): Promise<boolean> => {
    // Only what counts deliveries knows how.
    if (jobs.some(({ deliveries }) => deliveries === undefined)) return false;
    try {
      await persist(() => client.releaseMany(jobs, { delayMs: refusedDelayMs }, { signal }));
      return true;
    } catch (error) {
      if (!signal.aborted) logger.error("Broker does not take jobs back", { error });
      return false;
    }
  };

  /** What jobs came to whose report waits or is under way. */
  const results = new Map<Job, { readonly value: unknown; readonly size: number }>();
  const toOptions = (jobs: readonly Job[]): SuccessManyOptions => {
    if (results.size === 0) return { signal };
    const values: Record<string, unknown> = Object.create(null); // An id may be `__proto__`.
    let count = 0;
    for (const job of jobs) {
      const result = results.get(job);
      if (result === undefined) continue;
      values[job.id] = result.value;
      count++;
    }
    return count === 0 ? { signal } : { signal, results: values };
  };

  /** How many of those that wait go with the next request. */
  const batchLength = (): number => {
    if (results.size === 0) return longestBatch;
    let size = 0;
    const end = waiting.findIndex((job) => {
      size += results.get(job)?.size ?? 0;
      return size > mostResults;
    });
    return end < 0 ? longestBatch : Math.min(Math.max(end, 1), longestBatch);
  };

  const sendSuccesses = async () => {
    while (!signal.aborted) {
      // Lets handlers that are about to return do so first; else many a batch would have a single id.
      await new Promise<void>((resolve) => clock.defer(resolve));
      if (waiting.length === 0 || signal.aborted) break;
      const jobs = waiting.slice(0, batchLength());
      waiting = waiting.slice(jobs.length);
      await sendBatch(jobs);
    }
    sending = undefined;
  };

  const sendBatch = async (jobs: readonly Job[]): Promise<void> => {
    const told = results.size === 0 ? [] : jobs.filter((job) => results.has(job));
    let refusal: { readonly error: unknown } | undefined;
    const result = await sendReport(jobs, async () => {
      try {
        return await client.successMany(jobs, toOptions(jobs));
      } catch (error) {
        if (told.length === 0 || !isRefusalOfJobs(error)) throw error;
        refusal = { error };
        return undefined;
      }
    });
    if (refusal === undefined) {
      for (const job of told) results.delete(job);
      if (result !== undefined) acked(jobs, result);
      return;
    }
    if (jobs.length === 1) {
      const [job] = jobs as readonly [Job];
      const { id, type } = job;
      logger.warn("Broker refuses the result of a job, which is done without", {
        id,
        type,
        ...refusal,
      });
      results.delete(job);
      return await sendBatch(jobs);
    }
    // Nothing was done. One result is enough for that, and the others are to be kept.
    const others = jobs.filter((job) => !results.has(job));
    if (others.length > 0) await sendBatch(others);
    for (const job of told) await sendBatch([job]);
  };

  const report = async ({ job, send, done }: SingleReport) => {
    const answer = await sendReport(
      [job],
      (isRepeated): Promise<ReportAnswer> =>
        send(isRepeated).then((job) => (job as Job | undefined) ?? true, asNotFound),
    );
    if (answer !== undefined) done(answer);
  };
  const singles = createPool<SingleReport>(mostSingle, report);
  const finishes = createPool<SingleReport>(mostFinishes, report);

  return {
    get problem() {
      return problem;
    },
    tryNow: pauses.end,
    succeed(job, result) {
      if (result !== undefined) {
        results.set(job, { value: result, size: JSON.stringify([job.id, result]).length });
      }
      waiting.push(job);
      sending ??= sendSuccesses();
    },
    finish(job, { payload, next, result, enqueue }, { done, refused }) {
      let refusal: { readonly error: unknown } | undefined;
      const send = async (): Promise<unknown> => {
        try {
          if (next !== undefined) return await client.success(job, { payload, next, signal });
          if (enqueue === undefined) return await client.success(job, { payload, signal });
          await succeedAndEnqueue(client, job, { payload, result, enqueue, signal });
        } catch (error) {
          if (!isRefusalOfJobs(error)) throw error;
          refusal = { error };
        }
      };
      const heard = (answer: ReportAnswer) =>
        refusal === undefined ? done(answer) : refused(refusal.error);
      finishes.add({ job, send, done: heard });
    },
    withdraw(job) {
      const at = waiting.indexOf(job);
      if (at < 0) return;
      waiting.splice(at, 1);
      results.delete(job);
    },
    fail(job, failure, done) {
      const send = (isRepeated: boolean) => client.failure(job, failure, { signal, isRepeated });
      singles.add({ job, send, done });
    },
    release(job, time, done) {
      singles.add({ job, send: () => client.release(job, time, { signal }), done });
    },
    async idle() {
      while (sending !== undefined || singles.running + finishes.running > 0) {
        await sending;
        await singles.idle();
        await finishes.idle();
      }
    },
  };
}

/** The broker says that the job is not in flight, or not at this delivery. */
function asNotFound(error: unknown): false {
  if (isMillraceError(error)) {
    const { status, fromBroker } = error as Partial<ResponseError>;
    if (status === 409 || (status === 404 && fromBroker)) return false;
  }
  throw error;
}
