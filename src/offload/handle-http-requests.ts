/**
 * Sends requests, in any worker.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import { guardLogger } from "../guard-logger.ts";
import { checkOptions, type Names } from "../options.ts";
import type { JobHandler } from "../worker/handle.ts";
import { demandWhole } from "../worker/options.ts";
import type { AnyHttpCallback } from "./define-http-callback.ts";
import { createHttpMonitor } from "./http-events.ts";
import { createOrigins } from "./origins.ts";
import type { Payloads } from "./payloads/create-payloads.ts";
import {
  type DiscardPayload,
  discardType,
  readRecord,
  requestQueue,
  requestType,
} from "./records.ts";
import { createRequestHandler, type RequestHandlerOptions } from "./request-handler.ts";
import { type HttpSendOptions, sendNames, toSendSettings } from "./send-options.ts";

/** What {@linkcode handleHttpRequests} needs. */
export interface HandleHttpRequestsOptions extends HttpSendOptions {
  /**
   * Tells how often a request was tried, or lost with its worker: the client of the worker.
   *
   * @default {every failure of the job counts as a try, and none as a loss}
   */
  readonly client?: Pick<Client, "errors"> | undefined;
  /**
   * How many requests go to one origin at a time. Others wait in the queue, uncharged.
   *
   * @default {no limit but that of the worker}
   */
  readonly maxPerOrigin?: number | undefined;
  /**
   * How often a request is sent again whose worker was lost; then it has failed, as `lost`. Losses are known of workers with
   * leases.
   *
   * @default {3}
   */
  readonly maxRecoveries?: number | undefined;
  /**
   * The queue of the requests.
   *
   * @default {"http"}
   */
  readonly queue?: string | undefined;
}

const names: Names<HandleHttpRequestsOptions> = {
  ...sendNames,
  client: 1,
  maxPerOrigin: 1,
  maxRecoveries: 1,
  queue: 1,
};

/**
 * Makes the handlers of requests for a worker of your own, such as that of a test kit. `createHttpWorker` has them, with places of
 * their own, events and counters.
 *
 * @param options What is needed to send requests.
 * @returns What `handlers` of a worker takes.
 * @throws {TypeError} If an option is of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { openSqlite } from "@millrace/millrace/deno";
 * import {
 *   createHttp,
 *   defineHttpCallback,
 *   handleHttpCallbacks,
 *   handleHttpRequests,
 * } from "@millrace/millrace/offload";
 * import { createTestKit } from "@millrace/millrace/testing";
 *
 * const noted = defineHttpCallback("noted", {
 *   onComplete: (result) => console.log(result.text()),
 *   onError: (failure) => console.error(failure.kind),
 * });
 * const fakeFetch: typeof fetch = () => Promise.resolve(new Response("Hello"));
 *
 * await using kit = createTestKit({
 *   store: openSqlite(":memory:"),
 *   handlers: ({ client, clock }) => [
 *     ...handleHttpRequests({ client, clock, fetch: fakeFetch }),
 *     handleHttpCallbacks({ callbacks: [noted] }),
 *   ],
 * });
 * await createHttp(kit.client).get("https://api.example/", { callback: noted });
 * await kit.drain(); // Hello
 * ```
 */
export function handleHttpRequests(options: HandleHttpRequestsOptions = {}): JobHandler[] {
  checkOptions("handleHttpRequests", options, names);
  return createRequestHandlers(options, {
    callbacks: [],
    monitor: createHttpMonitor(guardLogger(false)),
    recall: { running: new Set(), releasing: new Set() },
  });
}

/** The handlers, for who listens to them. */
export function createRequestHandlers(
  options: HandleHttpRequestsOptions,
  own: Pick<RequestHandlerOptions, "monitor" | "recall"> & {
    readonly callbacks: readonly AnyHttpCallback[];
  },
): JobHandler[] {
  const { maxPerOrigin, maxRecoveries = 3, queue = requestQueue } = options;
  if (maxPerOrigin !== undefined) demandWhole("maxPerOrigin", maxPerOrigin, 1);
  demandWhole("maxRecoveries", maxRecoveries, 0);
  if (maxRecoveries > mostRecoveries) {
    throw new RangeError(
      `Cannot use 'maxRecoveries' ${maxRecoveries}: expected an integer from 0 to ${mostRecoveries}`,
    );
  }
  const settings = toSendSettings(options);
  const run = createRequestHandler({
    ...own,
    settings,
    client: options.client,
    origins: createOrigins(maxPerOrigin ?? Infinity, settings.random),
    maxRecoveries,
  });
  const base = { queue, timeoutMs: undefined, parse: (payload: unknown) => payload };
  return [
    { ...base, type: requestType, run },
    { ...base, type: discardType, run: (payload) => discard(payload, settings.payloads) },
  ];
}

/** A job has 25 tries: what it is lost for must leave some. */
const mostRecoveries = 20;

async function discard(given: unknown, payloads: Payloads): Promise<void> {
  const { payloads: packed } = readRecord<DiscardPayload>("a deletion", given, {
    payloads: "object",
  });
  for (const one of packed) await payloads.discard(one);
}
