/**
 * The calls on tags. They are apart from the client, so that a program that only enqueues does not load them.
 *
 * @module
 */

import type { Job } from "../protocol/job.ts";
import { type PageRequest, toPageParams } from "../protocol/page.ts";
import { tagRoutes, toPath } from "../protocol/routes.ts";
import type { TagCount } from "../protocol/tags.ts";
import {
  readTagCounts,
  readTags,
  readTrackedPage,
  toTopParams,
  type TrackedItems,
} from "../protocol/tags-read.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import {
  createJobPages,
  createListing,
  type JobPage,
  type Listing,
  openPage,
  type PageSource,
  type PageTurns,
} from "./listing.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport, ignoreBody, withQuery } from "./transport.ts";

/** Which tags to list. */
export interface TopTagsQuery {
  /**
   * How many jobs have each at least.
   *
   * @default {1}
   */
  readonly min?: number | undefined;
  /**
   * How many tags, from 1 to 2000.
   *
   * @default {50}
   */
  readonly limit?: number | undefined;
  /** The last one of the list before: goes on behind it. */
  readonly from?: TagCount | undefined;
}

/**
 * The tags of the jobs of one broker, and which of the jobs are tracked.
 *
 * Calls fail as those of a `Client` do, and are repeated when the network or the server fails for the moment. Only a
 * Millrace broker has tags: another server is told from a missing job by the message of the `NotFoundError`.
 */
export interface TagsClient {
  /**
   * Adds tags to a job, whatever its status. It goes to the end of those that have them.
   *
   * @param id The job's id.
   * @param tags One, or several; those that it has already it keeps once.
   * @returns All its tags, in the order in which they were added.
   * @throws {NotFoundError} If there is no such job.
   * @throws {RefusedError} If a tag cannot be one, or the job would have more than 20.
   */
  add(id: string, tags: string | readonly string[], options?: CallOptions): Promise<string[]>;
  /**
   * Takes tags from a job, whatever its status. Those that it does not have are passed over.
   *
   * @param id The job's id.
   * @param tags One, or several.
   * @returns The tags that it has left.
   * @throws {NotFoundError} If there is no such job.
   */
  remove(id: string, tags: string | readonly string[], options?: CallOptions): Promise<string[]>;
  /**
   * Lists the tags that are used, those of most jobs first.
   *
   * @param query Which, and how many.
   * @throws {RangeError} If a number cannot be sent.
   */
  top(query?: TopTagsQuery, options?: CallOptions): Promise<TagCount[]>;
  /**
   * Lists the jobs that have a tag, in the order in which they got it; one that got it again counts from then on. By id, and
   * together with other conditions, they are listed by `client.list({ tag })`.
   *
   * @param tag The tag.
   * @param query In which order, and how many to fetch at a time (`limit`).
   * @returns A listing; it fetches page after page while it is gone through.
   */
  jobs(
    tag: string,
    query?: Omit<PageRequest, "from">,
    options?: CallOptions,
  ): Listing<Job, JobPage>;
  /**
   * Tracks a job, whatever its status: it shows `tracked`, and is listed by {@linkcode tracked} until it is untracked, also
   * when it has ended and is gone.
   *
   * @param id The job's id.
   * @throws {NotFoundError} If there is no such job.
   */
  track(id: string, options?: CallOptions): Promise<void>;
  /**
   * Tracks a job no more. Succeeds whether or not there is such a job.
   *
   * @param id The job's id.
   */
  untrack(id: string, options?: CallOptions): Promise<void>;
  /**
   * Gets a page of the tracked jobs, in the order in which they were tracked, and the ids of those that are gone.
   *
   * @param query In which order, and how many jobs.
   */
  tracked(query?: Omit<PageRequest, "from">, options?: CallOptions): Promise<TrackedPage>;
}

/** A page of tracked jobs. */
export interface TrackedPage extends PageTurns<TrackedPage> {
  /** Those that are stored, with their payloads. */
  readonly jobs: readonly Job[];
  /** The ids of all that are stored no more, in the order in which they went; of the last 1,000. */
  readonly expired: readonly string[];
}

/**
 * Creates a client of the tags of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * It holds no connection and needs no closing.
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createClient, createTags } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const tags = createTags({ fetch: broker.fetch });
 *
 * const job = await client.enqueue({ type: "crawl", queue: "q", payload: 1, tags: ["news"] });
 * console.log(await tags.add(job.id, "slow")); // [ "news", "slow" ]
 * console.log(await client.count({ tag: "slow" })); // 1
 * ```
 */
export function createTags(options: ClientOptions): TagsClient {
  const call = callOwn(createTransport(toClientSettings(options)));

  const pages = createJobPages(call, tagRoutes.listTagged);

  const trackedPages: PageSource<TrackedItems, TrackedPage> = {
    load: (path, options) => call({ route: tagRoutes.listTracked, path }, options, readTrackedPage),
    toPage: ([items], turns) => ({ ...items!, ...turns }),
    itemsOf: (page) => [page],
  };

  return {
    add(id, tags, options) {
      const body = { tags: toList(tags) };
      return call({ route: tagRoutes.addTags, params: { id }, body }, options, readTags);
    },
    remove(id, tags, options) {
      const query = [`tag=${toList(tags).map(encodeURIComponent).join(",")}`];
      return call({ route: tagRoutes.removeTags, params: { id }, query }, options, readTags);
    },
    async top(query = {}, options) {
      const params = toTopParams(query);
      return await call({ route: tagRoutes.listTags, query: params }, options, readTagCounts);
    },
    jobs(tag, query = {}, options) {
      const path = withQuery(toPath(tagRoutes.listTagged, { tag }), toPageParams(query));
      return createListing(pages, () => openPage(pages, path, options), options);
    },
    track: (id, options) => call({ route: tagRoutes.track, params: { id } }, options, ignoreBody),
    untrack: (id, options) =>
      call({ route: tagRoutes.untrack, params: { id } }, options, ignoreBody),
    async tracked(query = {}, options) {
      const path = withQuery(tagRoutes.listTracked.path, toPageParams(query));
      return await openPage(trackedPages, path, options);
    },
  };
}

function toList(tags: string | readonly string[]): readonly string[] {
  return typeof tags === "string" ? [tags] : tags;
}
