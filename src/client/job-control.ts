/**
 * The calls of a client that cancel jobs, try them again, and wait for their ends.
 *
 * @module
 */

import type { CancelCounts, CancelResult } from "../protocol/ends.ts";
import type { Job } from "../protocol/job.ts";
import type { BulkFilter } from "./bulk-filter.ts";
import type { CallOptions } from "./deadline.ts";
import type {
  CancelManyOptions,
  CancelOptions,
  FinishedEnd,
  JobEnd,
  WaitForOptions,
} from "./job-ends.ts";

/** Cancelling jobs, trying them again, and waiting for their ends: a part of {@linkcode Client}. */
export interface JobControl {
  /**
   * Cancels a job. One that waits is dead at once. Of one that runs, the worker is told: the signal of its handler is aborted
   * with a `JobCancelledError`; if the handler throws then, the job is dead, and if it returns, the job is done. Only a
   * Millrace broker can do that.
   *
   * @param id The job's id.
   * @param options Why, how long the worker has, and how long to wait for what becomes of it.
   * @returns What came of it, and the job.
   * @throws {NotFoundError} If there is no such job, or the server has no such call.
   *
   * @example
   * ```ts
   * import { createClient } from "@millrace/millrace/client";
   * import { createBroker } from "@millrace/millrace/broker";
   * import { openSqlite } from "@millrace/millrace/deno";
   *
   * await using broker = createBroker({ store: openSqlite(":memory:") });
   * const client = createClient({ fetch: broker.fetch });
   * const { id } = await client.enqueue({ type: "report", queue: "default", payload: null });
   *
   * const { outcome } = await client.cancel(id, { reason: "Ordered twice", forceAfterMs: 30_000 });
   * console.log(outcome); // cancelled
   * ```
   */
  cancel(id: string, options?: CancelOptions): Promise<CancelResult>;
  /**
   * Cancels all jobs that fit a filter and are not finished, as {@linkcode cancel}.
   *
   * @param filter Which jobs.
   * @param options Why, and how long the workers of those that run have.
   * @returns How many were dead at once, and of how many the workers are told.
   * @throws {TypeError} If the filter has no members and does not say `all: true`.
   * @throws {NotFoundError} If the server has no such call.
   */
  cancelMany(filter: BulkFilter, options?: CancelManyOptions): Promise<CancelCounts>;
  /**
   * Tries a job again that is dead, or completed and kept: it is ready at once, with all retries before it. Its error records
   * and its history stay. Only a Millrace broker can do that.
   *
   * @param id The job's id.
   * @returns The job as it is now.
   * @throws {RefusedError} If it is not finished; its status is 409.
   * @throws {NotFoundError} If there is no such job, or the server has no such call.
   */
  retry(id: string, options?: CallOptions): Promise<Job>;
  /**
   * Tries all finished jobs again that fit a filter, as {@linkcode retry}; mostly one with `status: "dead"`.
   *
   * @param filter Which jobs.
   * @returns How many there were.
   * @throws {TypeError} If the filter has no members and does not say `all: true`.
   * @throws {NotFoundError} If the server has no such call.
   */
  retryMany(filter: BulkFilter, options?: CallOptions): Promise<number>;
  /**
   * Waits until a job is done or dead. A Millrace broker says so at once, also of a job that it does not keep; another server
   * is asked again and again, after 100 ms at first and 5 s at last.
   *
   * @param id The job's id.
   * @returns What it came to, or what it died of.
   * @throws {NotFoundError} If there is no such job, or somebody deletes it; the message says why it may be gone. A job that
   * was done before the wait began is gone unless its retention keeps it.
   * @throws {TimeoutError} If it takes longer than `timeoutMs`.
   *
   * @example
   * ```ts
   * import { createClient } from "@millrace/millrace/client";
   * import { createBroker } from "@millrace/millrace/broker";
   * import { openSqlite } from "@millrace/millrace/deno";
   *
   * await using broker = createBroker({ store: openSqlite(":memory:") });
   * const client = createClient({ fetch: broker.fetch });
   * const { id } = await client.enqueue({ type: "sum", queue: "default", payload: [1, 2] });
   *
   * const end = client.waitFor(id, { timeoutMs: 10_000 });
   * for await (const job of await client.take()) {
   *   await client.success(job, { result: 3 });
   *   break;
   * }
   * const { outcome } = await end;
   * console.log(outcome); // completed
   * ```
   */
  waitFor(id: string, options?: WaitForOptions): Promise<FinishedEnd>;
  /**
   * Waits until all of these jobs are done, dead or gone.
   *
   * @param ids The ids of the jobs.
   * @returns How each ended, in the order of the ids.
   * @throws {TimeoutError} If it takes longer than `timeoutMs`.
   */
  waitFor(ids: readonly string[], options?: WaitForOptions): Promise<JobEnd[]>;
}
