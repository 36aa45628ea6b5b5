/**
 * The calls that put jobs by their ids and move them. They are apart from the client, so that a program that only enqueues
 * does not load them.
 *
 * @module
 */

import { readEnqueuedJob } from "../protocol/job-read.ts";
import type { EnqueuedJob, Job } from "../protocol/job.ts";
import { checkJobId } from "../protocol/job-id.ts";
import { readJob } from "../protocol/job-read.ts";
import {
  type PutConflict,
  type PutRequest,
  type RequeueRequest,
  toPutWire,
  toRequeueWire,
} from "../protocol/movement.ts";
import { movementRoutes } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import { demandKey } from "./idempotency-keys.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport } from "./transport.ts";

/** How a job is put. */
export interface PutOptions extends CallOptions {
  /**
   * What becomes of a job that is there already.
   *
   * @default {"replace"}
   */
  readonly onConflict?: PutConflict | undefined;
  /**
   * A name for the call: 1 to 255 visible ASCII characters. A Millrace broker does calls with one key once and answers the others
   * as the first one, for ten minutes unless its operator says otherwise. So what was put, and is done and gone since, is not
   * put again.
   */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Jobs with ids of their users' own, and jobs that are moved. Only a Millrace broker knows these calls.
 *
 * Each call is rejected with one of the `MillraceError` family: `RefusedError` for what is not allowed.
 */
export interface MovementClient {
  /**
   * Stores a job under an id. If there is one, whatever its status, it is written over and begins anew: it has no attempts,
   * and whoever runs it has lost it. Safe to call again.
   *
   * @param id 1 to 128 letters, digits and `. _ : -`, other than 25 digits and small letters; or the id of a job that the
   * broker has named.
   * @param request The job. A job that is there keeps what is left out.
   * @param options What becomes of a job that is there, and bounds of the call.
   * @returns The job. It is a `duplicate` if nothing was changed: the one that is kept, or the one that has the unique key.
   * @throws {TypeError} If the id cannot be one.
   * @throws {RefusedError} If the broker does not accept the job, or is none of Millrace.
   */
  put(id: string, request: PutRequest, options?: PutOptions): Promise<EnqueuedJob>;
  /**
   * Moves a job, whatever its status: it begins anew in its queue or another one, as {@linkcode put} has it.
   *
   * @param id The job's id.
   * @param changes Where to, and what else changes. Left out, it begins anew where it is.
   * @returns The job as it is now.
   * @throws {NotFoundError} If there is no such job, or the broker is none of Millrace.
   */
  requeue(id: string, changes?: RequeueRequest, options?: CallOptions): Promise<Job>;
}

/**
 * Creates what puts and moves the jobs of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createMovement } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const jobs = createMovement({ fetch: broker.fetch });
 *
 * // One job for each page, however often it is asked for.
 * const page = { type: "fetch", queue: "fetch", payload: { url: "https://example.org" } };
 * await jobs.put("page:example.org", page);
 * await jobs.put("page:example.org", page, { onConflict: "keep" });
 *
 * const moved = await jobs.requeue("page:example.org", { queue: "parse", delayMs: 60_000 });
 * console.log(moved.status); // scheduled
 * ```
 */
export function createMovement(options: ClientOptions): MovementClient {
  const call = callOwn(createTransport(toClientSettings(options)));

  return {
    async put(id, request, { onConflict, idempotencyKey, ...bounds } = {}) {
      const complaint = checkJobId(id);
      if (complaint !== undefined) throw new TypeError(`Cannot put a job: ${complaint}`);
      const body = toPutWire(request, onConflict);
      const key = demandKey(idempotencyKey);
      return await call(
        { route: movementRoutes.put, params: { id }, body, key },
        bounds,
        readEnqueuedJob,
      );
    },
    async requeue(id, changes = {}, options) {
      const body = toRequeueWire(changes);
      return await call({ route: movementRoutes.requeue, params: { id }, body }, options, readJob);
    },
  };
}
