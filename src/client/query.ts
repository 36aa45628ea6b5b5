/**
 * Queries: which jobs are meant, said step by step, and asked for only when something is done with them. They are apart from
 * the client, so that a program that only enqueues does not load them.
 *
 * @module
 */

import type { JobFilter } from "../protocol/filter.ts";
import type { JobPatch } from "../protocol/patch.ts";
import type { Client, DeleteOptions } from "./client.ts";
import type { CallOptions } from "./deadline.ts";
import type { JobPage } from "./listing.ts";
import { narrow } from "./narrow.ts";
import type { ByHand, JobKind, JobOf } from "./typed-job.ts";

/** Demanded by a change of all jobs there are. */
export interface AllOptions {
  /**
   * Says that every job there is shall be changed, as the query has no filter.
   *
   * @default {false}
   */
  readonly all?: boolean | undefined;
}

/**
 * Some jobs. It never changes: each step gives another query. Nothing is asked of the broker before jobs are, and anew each
 * time.
 */
export interface Query<Payload = ByHand> extends AsyncIterable<JobOf<Payload>> {
  /**
   * Those of these jobs that fit a filter too.
   *
   * @param filter Which of them.
   * @throws {TypeError} If both say something that cannot be said together: two of `budget`, `tag`, `failureGroup` or `tracked`.
   */
  where(filter: JobFilter): Query<Payload>;
  /** The same jobs, the other way round: at first the youngest is the first. */
  reverse(): Query<Payload>;
  /** Goes through them page by page, as they are fetched. */
  pages(options?: CallOptions): AsyncIterable<JobPage<JobOf<Payload>>>;
  /** Gets the first of them; undefined if there is none. */
  first(options?: CallOptions): Promise<JobOf<Payload> | undefined>;
  /** Gets the last of them; undefined if there is none. */
  last(options?: CallOptions): Promise<JobOf<Payload> | undefined>;
  /**
   * Gets the first of them.
   *
   * @param count How many at most.
   */
  take(count: number, options?: CallOptions): Promise<JobOf<Payload>[]>;
  /** Counts them. */
  count(options?: CallOptions): Promise<number>;
  /**
   * Changes those of them that are not finished.
   *
   * @param patch What to change; what is left out stays.
   * @returns How many were changed.
   * @throws {TypeError} If there is no filter, and `all` does not say that this is meant.
   */
  update(patch: JobPatch, options?: CallOptions & AllOptions): Promise<number>;
  /**
   * Deletes them.
   *
   * @returns How many were deleted.
   * @throws {TypeError} If there is no filter, and `all` does not say that this is meant.
   */
  delete(options?: DeleteOptions & AllOptions): Promise<number>;
}

/** What a query needs of a client. */
export type QueryClient = Pick<Client, "list" | "page" | "count" | "patchMany" | "deleteMany">;

/**
 * Begins a query.
 *
 * @param client The client of the broker that has the jobs.
 * @param definition Of which kind they are; left out, all jobs are meant.
 *
 * @example
 * ```ts
 * import { createClient, defineJob, query } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });
 * await client.enqueueMany(mail, [{ to: "ann" }, { to: "bob" }], { delay: "1h" });
 *
 * const waiting = query(client, mail).where({ status: "scheduled" });
 * for await (const job of waiting.reverse()) console.log(job.payload.to); // bob, then ann
 * console.log(await waiting.where({ filter: '.to == "ann"' }).update({ readyAt: null })); // 1
 * console.log(await waiting.count()); // 1
 * ```
 */
export function query<Payload = ByHand>(
  client: QueryClient,
  definition?: JobKind<Payload>,
): Query<Payload> {
  const filter = definition === undefined ? {} : { type: definition.type };
  return createQuery(client, filter, "asc") as Query<Payload>;
}

/** The most that a page has room for. */
const mostOfPage = 2000;

function createQuery(client: QueryClient, filter: JobFilter, order: "asc" | "desc"): Query {
  const other = order === "asc" ? "desc" : "asc";
  const one = async (order: "asc" | "desc", options: CallOptions | undefined) =>
    (await client.page({ ...filter, order, limit: 1 }, options)).jobs[0];
  const list = (options?: CallOptions) => client.list({ ...filter, order }, options);
  return {
    where: (more) => createQuery(client, narrow(filter, more), order),
    reverse: () => createQuery(client, filter, other),
    pages: (options) => list(options).pages(),
    [Symbol.asyncIterator]: () => list()[Symbol.asyncIterator](),
    first: (options) => one(order, options),
    last: (options) => one(other, options),
    async take(count, options) {
      if (!Number.isInteger(count) || count < 0) {
        throw new RangeError(`Cannot take ${count} jobs: expected an integer of 0 or more`);
      }
      if (count === 0) return [];
      const limit = Math.min(count, mostOfPage);
      const jobs = [];
      for await (const page of client.list({ ...filter, order, limit }, options).pages()) {
        jobs.push(...page.jobs);
        if (jobs.length >= count) break;
      }
      return jobs.slice(0, count);
    },
    count: (options) => client.count(filter, options),
    update: async (patch, { all, ...options } = {}) =>
      await client.patchMany({ ...filter, all }, patch, options),
    delete: async ({ all, ...options } = {}) =>
      await client.deleteMany({ ...filter, all }, options),
  };
}
