/**
 * What a worker of requests is made from.
 *
 * @module
 */

import type { Duration } from "../async/duration.ts";
import type { Client } from "../client/client.ts";
import type { Logger } from "../log.ts";
import type { Names } from "../options.ts";
import type { WorkerLeases } from "../worker/lease-keeper.ts";
import type { Middleware } from "../worker/middleware.ts";
import type { WorkerClient } from "../worker/options.ts";
import type { AnyHttpCallback } from "./define-http-callback.ts";
import { type HttpSendOptions, sendNames } from "./send-options.ts";

/** What a worker of requests is made from. */
export interface HttpWorkerOptions extends HttpSendOptions {
  /** The client of the broker that the requests come from. */
  readonly client: WorkerClient & Partial<Pick<Client, "errors">>;
  /**
   * The leases of the same broker (`createLeases`): a request is this worker's until it is done, whatever becomes of connections
   * and of the broker's process, and a worker that is lost is noticed when its leases end. Needs a Millrace broker.
   *
   * @default {none: requests are the worker's as long as its stream is open}
   */
  readonly leases?: WorkerLeases | undefined;
  /**
   * How long a lease lasts, in ms; 1000 or more. It is renewed three times in that time.
   *
   * @default {60000}
   */
  readonly leaseMs?: number | undefined;
  /**
   * The callbacks that are handled here. None, if another program handles them.
   *
   * @default {[]}
   */
  readonly callbacks?: readonly AnyHttpCallback[] | undefined;
  /**
   * Layers around each request and each callback, the first one outermost, as those of any worker: `traceJobs`, for example.
   *
   * @default {[]}
   */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * How many requests are under way at a time. No more are taken.
   *
   * @default {256}
   */
  readonly maxInFlight?: number | undefined;
  /**
   * How many of them go to one origin. Others wait in the queue, uncharged. For a limit over many workers give requests a
   * budget.
   *
   * @default {no limit but `maxInFlight`}
   */
  readonly maxPerOrigin?: number | undefined;
  /**
   * How often a request is sent again whose worker was lost; then it has failed, as `lost`. From 0 to 20; needs `leases`.
   *
   * @default {3}
   */
  readonly maxRecoveries?: number | undefined;
  /**
   * How many callbacks run at a time.
   *
   * @default {10}
   */
  readonly callbackConcurrency?: number | undefined;
  /**
   * The queue of the requests.
   *
   * @default {"http"}
   */
  readonly queue?: string | undefined;
  /**
   * The queue of the callbacks.
   *
   * @default {"http-callbacks"}
   */
  readonly callbackQueue?: string | undefined;
  /**
   * How long requests have to come to their end when the worker stops, in ms, unless `stop` says otherwise.
   *
   * @default {25000}
   */
  readonly graceMs?: number | undefined;
  /** The same, in ms or as text (`"25s"`); in the place of `graceMs`. */
  readonly grace?: Duration | undefined;
  /**
   * How often what is left in stores of payloads is deleted there, in ms; about, so that many workers do not do it at once. Left
   * are bodies of requests that were sent again, or given up. `Infinity` for never.
   *
   * @default {3600000}
   */
  readonly sweepMs?: number | undefined;
  /** What the broker calls this worker; the worker of the callbacks has `-callbacks` behind it. */
  readonly workerId?: string | undefined;
  /**
   * Gets told what happens, as that of any worker. Addresses are shown without their query.
   *
   * @default {warnings and errors on the console}
   */
  readonly logger?: Logger | false | undefined;
}

/** The names of the members. */
export const httpWorkerNames: Names<HttpWorkerOptions> = {
  ...sendNames,
  client: 1,
  leases: 1,
  leaseMs: 1,
  callbacks: 1,
  middleware: 1,
  maxInFlight: 1,
  maxPerOrigin: 1,
  maxRecoveries: 1,
  callbackConcurrency: 1,
  queue: 1,
  callbackQueue: 1,
  graceMs: 1,
  grace: 1,
  sweepMs: 1,
  workerId: 1,
  logger: 1,
};
