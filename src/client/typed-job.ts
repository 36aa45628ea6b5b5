/**
 * Jobs of a definition: those whose payload has a known type.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import type { JobFilter } from "../protocol/filter.ts";
import type { Job } from "../protocol/job.ts";
import type { PageRequest } from "../protocol/page.ts";
import type { CallOptions } from "./deadline.ts";

/** Stands for the types of a definition where there is none. */
export interface ByHand {
  /** For the compiler only. */
  readonly byHand: never;
}

/** What knows a type of jobs and that of their payloads: a job definition. */
export interface JobKind<Payload> {
  /** The type of the jobs. */
  readonly type: string;
  /** Gives the request that stores a job; here it only tells the type of its payload. */
  readonly toRequest: (payload: Payload) => unknown;
}

/** A job with its payload. The type of that is the definition's word: nothing checks what is stored. */
export type TypedJob<Payload> = Job<Payload> & { readonly payload: Payload };

/** The jobs that a call gives: typed if it was given a definition. */
// In two steps, so that nothing is inferred from what a result is assigned to.
export type JobOf<Payload> = [Payload] extends [ByHand] ? Job
  : [Payload] extends [infer Known] ? TypedJob<Known>
  : never;

/** Which jobs to list, and how. */
export interface JobQuery extends JobFilter, PageRequest {
  /**
   * Whether each job comes with its last error record (`lastError`). Only a Millrace broker has it; others refuse the query.
   *
   * @default {false}
   */
  readonly lastError?: boolean | undefined;
}

/** Bounds of a look at a job, and what of it is shown. */
export interface GetOptions extends CallOptions {
  /**
   * Whether it comes with its last error record (`lastError`). Only a Millrace broker has it; from others it comes without.
   *
   * @default {false}
   */
  readonly lastError?: boolean | undefined;
}

/** What follows the first argument of `list` and `page`: a query only if that is a definition. */
export type QueryRest<Payload> = [Payload] extends [ByHand] ? [options?: CallOptions]
  : [query?: Omit<JobQuery, "type">, options?: CallOptions];

/** What follows the first argument of `count`: a filter only if that is a definition. */
export type FilterRest<Payload> = [Payload] extends [ByHand] ? [options?: CallOptions]
  : [filter?: Omit<JobFilter, "type">, options?: CallOptions];

/** What follows the first argument of `get`: an id only if that is a definition. */
export type GetRest<Payload> = [Payload] extends [ByHand] ? [options?: GetOptions]
  : [id: string, options?: GetOptions];

/**
 * Tells whether a job is of a definition, by its type. The payload is not checked: that is what `definition.parse` does.
 *
 * @param definition What kind of job it may be.
 * @param job A job of a listing, a page or a take stream.
 *
 * @example
 * ```ts
 * import { createClient, defineJob, isJobOf } from "@millrace/millrace/client";
 *
 * const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });
 * const client = createClient({ url: "http://127.0.0.1:7890" });
 *
 * export async function work() {
 *   for await (const job of await client.take({ queues: ["mail"] })) {
 *     if (isJobOf(mail, job)) console.log(job.payload.to);
 *     await client.success(job);
 *   }
 * }
 * ```
 */
export function isJobOf<Payload>(
  definition: JobKind<Payload>,
  job: Job,
): job is TypedJob<Payload> {
  return job.type === definition.type;
}

/** The arguments of a call that may begin with a definition, as it is without: the definition's type joins the filter. */
export function toFiltered<Filter extends JobFilter>(
  args: readonly unknown[],
): [filter: Filter | undefined, options: CallOptions | undefined] {
  const [what, ...rest] = args;
  return (isKind(what) ? [{ ...rest[0] as Filter, type: what.type }, rest[1]] : args) as [
    undefined,
    undefined,
  ];
}

/** The id that a `get` asks for, its options, and the type that the job must have. */
export function toIdentified(
  args: readonly unknown[],
): [id: string, options: GetOptions | undefined, type: string | undefined] {
  const [what, id, options] = args;
  return (isKind(what) ? [id, options, what.type] : args) as [string, undefined, string];
}

/**
 * Demands that a job is of a type; any, if undefined.
 *
 * @throws {NotFoundError} If it is of another.
 */
export function demandType(job: Job, type: string | undefined): Job {
  if (type === undefined || job.type === type) return job;
  throw new NotFoundError(`Job '${job.id}' is of type '${job.type}', not '${type}'`, 404);
}

function isKind(what: unknown): what is JobKind<unknown> {
  return typeof (what as Partial<JobKind<unknown>> | undefined)?.toRequest === "function";
}
