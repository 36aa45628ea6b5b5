/**
 * The calls on what jobs wait for. They are apart from the client, so that a program that only enqueues does not load
 * them.
 *
 * @module
 */

import { type Dependency, toDependencyListWire } from "../protocol/dependency.ts";
import { type JobLinks, readLinks } from "../protocol/dependency-read.ts";
import type { Job } from "../protocol/job.ts";
import { readJob } from "../protocol/job-read.ts";
import { dependencyRoutes, jobRoutes } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport } from "./transport.ts";

/** Bounds of a call that lets a job wait for others. */
export interface AddDependenciesOptions extends CallOptions {
  /**
   * Whether each of the others has to be there: if one is not, the call is refused.
   *
   * @default {false}
   */
  readonly strict?: boolean | undefined;
}

/**
 * What the jobs of a Millrace broker wait for. Another server answers each call with a `NotFoundError`, as it has no such
 * endpoint.
 */
export interface DependenciesClient {
  /**
   * Tells which jobs a job waits for, and which wait for it.
   *
   * @param id The job's id.
   * @throws {NotFoundError} If there is no such job.
   */
  get(id: string, options?: CallOptions): Promise<JobLinks>;
  /**
   * Lets a blocked job wait for more jobs.
   *
   * @param id The job's id.
   * @param dependencies The others. Those that are not there, or have succeeded, are not waited for.
   * @returns The job as it is now.
   * @throws {NotFoundError} If there is no such job.
   * @throws {RefusedError} If it is not blocked, or would wait for itself by way of others; its status is 422.
   */
  add(
    id: string,
    dependencies: readonly (string | Dependency)[],
    options?: AddDependenciesOptions,
  ): Promise<Job>;
  /**
   * Lets a blocked job wait for some jobs no longer. Once it waits for none it is ready, or scheduled if it is due later.
   *
   * @param id The job's id.
   * @param ids The others; all of them when undefined.
   * @returns The job as it is now.
   * @throws {NotFoundError} If there is no such job.
   * @throws {RefusedError} If it is not blocked; its status is 422.
   */
  remove(id: string, ids?: readonly string[], options?: CallOptions): Promise<Job>;
}

/**
 * Creates a client of what jobs wait for, in the broker at `url`, or in one in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createClient, createDependencies } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const fetched = await client.enqueue({ type: "fetch", queue: "q", payload: 1 });
 * const parsed = await client.enqueue({
 *   type: "parse",
 *   queue: "q",
 *   payload: 1,
 *   dependsOn: [fetched.id],
 * });
 * console.log(parsed.status); // blocked
 *
 * const dependencies = createDependencies({ fetch: broker.fetch });
 * console.log((await dependencies.remove(parsed.id)).status); // ready
 * ```
 */
export function createDependencies(options: ClientOptions): DependenciesClient {
  const call = callOwn(createTransport(toClientSettings(options)));
  const { getDependencies, addDependencies, removeDependencies } = dependencyRoutes;
  return {
    get: (id, options) => call({ route: getDependencies, params: { id } }, options, readLinks),
    add(id, dependencies, { strict = false, ...options } = {}) {
      const body = toDependencyListWire(dependencies, strict);
      return call({ route: addDependencies, params: { id }, body }, options, readJob);
    },
    async remove(id, ids, options) {
      // No ids on the wire are all of them.
      if (ids?.length === 0) {
        return await call({ route: jobRoutes.get, params: { id } }, options, readJob);
      }
      const query = ids === undefined ? [] : [`id=${ids.map(encodeURIComponent).join(",")}`];
      return await call({ route: removeDependencies, params: { id }, query }, options, readJob);
    },
  };
}
