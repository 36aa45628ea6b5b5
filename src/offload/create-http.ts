/**
 * Sends requests as jobs: what `fetch` is to a program that waits, for one that does not.
 *
 * @module
 */

import type { CallOptions } from "../client/deadline.ts";
import { show } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import { buildRequest, methods } from "./build-request.ts";
import {
  type CreateHttpOptions,
  createNames,
  type HttpDefaults,
  type HttpRequest,
  type HttpRequestOptions,
  requestNames,
} from "./http-options.ts";
import { type Merged, mergeOptions, nothingSaid } from "./merge-options.ts";
import { requestType } from "./records.ts";

/** Where requests are enqueued: a client, or an enqueuer; or what `inline` gives. */
export interface HttpTarget {
  /**
   * Stores a job.
   *
   * @param request The job.
   * @param options When the call ends, and the key that it goes by.
   */
  readonly enqueue: (
    request: EnqueueRequest,
    options?: CallOptions & { readonly idempotencyKey?: string | undefined },
  ) => Promise<{ readonly id: string }>;
}

/** What a request of one method is made by. */
export type HttpVerb = <Args = unknown>(
  url: string | URL,
  options?: HttpRequest<Args>,
) => Promise<string>;

/**
 * Enqueues requests. Each call gives the id of the request's job: that is the id of the request everywhere, as the header
 * `x-request-id`, in results and failures, and in logs.
 */
export interface Http {
  /** Enqueues a GET. */
  readonly get: HttpVerb;
  /** Enqueues a HEAD. */
  readonly head: HttpVerb;
  /** Enqueues a POST. */
  readonly post: HttpVerb;
  /** Enqueues a PUT. */
  readonly put: HttpVerb;
  /** Enqueues a PATCH. */
  readonly patch: HttpVerb;
  /** Enqueues a DELETE. */
  readonly delete: HttpVerb;
  /**
   * Enqueues a request of any method.
   *
   * @param method The method.
   * @param url The address.
   * @param options What is sent, and what handles the answer.
   * @returns The id of the request.
   * @throws {TypeError} If something is of a wrong kind, or cannot be sent.
   * @throws {RangeError} If a number is out of range.
   * @throws {PayloadError} If the arguments of the callback do not fit.
   */
  readonly request: <Args = unknown>(
    method: string,
    url: string | URL,
    options?: HttpRequest<Args>,
  ) => Promise<string>;
  /**
   * Puts a request together that is enqueued with other jobs: by `client.enqueueMany`, by `finish({ enqueue })` of a handler, or in
   * a flow.
   *
   * @param method The method.
   * @param url The address.
   * @param options What is sent, and what handles the answer.
   */
  readonly of: <Args = unknown>(
    method: string,
    url: string | URL,
    options?: HttpRequest<Args>,
  ) => PreparedJob;
  /**
   * The same with other defaults over these.
   *
   * @param defaults What is said of all requests.
   */
  readonly extend: (defaults: HttpDefaults) => Http;
}

/**
 * Creates what enqueues requests. It holds nothing and needs no closing, and runs wherever the client does: also in an edge
 * function, with `createEnqueuer`.
 *
 * @param target The client.
 * @param defaults What is said of all requests.
 * @throws {TypeError} If an option is not known.
 *
 * @example
 * ```ts
 * import { createEnqueuer } from "@millrace/millrace/client";
 * import { createHttp, defineHttpCallback, secret } from "@millrace/millrace/offload";
 *
 * const saveReply = defineHttpCallback<{ chatId: string }>("save-reply", {
 *   onComplete: (result, { args }) => console.log(args.chatId, result.text()),
 *   onError: (failure) => console.error(failure.message),
 * });
 *
 * const openai = createHttp(createEnqueuer({ url: "http://127.0.0.1:7890" }), {
 *   baseUrl: "https://api.openai.com/",
 *   headers: { authorization: secret("openai", { prefix: "Bearer " }) },
 * });
 *
 * export function ask(chatId: string, input: string) {
 *   return openai.post("v1/responses", {
 *     json: { model: "some-model", input },
 *     callback: saveReply,
 *     callbackArgs: { chatId },
 *     timeout: "10m",
 *   });
 * }
 * ```
 */
export function createHttp(target: HttpTarget, defaults: CreateHttpOptions = {}): Http {
  if (typeof target?.enqueue !== "function") {
    throw new TypeError(
      `Cannot create requests with ${show(target)}: expected a client`,
    );
  }
  const names = createNames;
  return toHttp(target, mergeOptions("createHttp", defaults, { names, before: nothingSaid }));
}

function toHttp(target: HttpTarget, before: Merged): Http {
  const prepare = (method: string, url: string | URL, options: object | undefined) =>
    buildRequest(
      method,
      url,
      mergeOptions<HttpRequestOptions>("request", options ?? {}, { names: requestNames, before }),
    );

  const send = async (
    method: string,
    url: string | URL,
    options: HttpRequestOptions | undefined,
  ): Promise<string> => {
    const request = await prepare(method, url, options);
    const { enqueueKey: idempotencyKey, signal } = options ?? {};
    return (await target.enqueue(request, { idempotencyKey, signal })).id;
  };
  const verbs = methods.map((method) => {
    const verb: HttpVerb = (url, options) => send(method, url, options as HttpRequestOptions);
    return [method.toLowerCase(), verb];
  });

  return {
    ...Object.fromEntries(verbs) as Pick<Http, Lowercase<typeof methods[number]>>,
    request: (method, url, options) => send(method, url, options as HttpRequestOptions),
    of: (method, url, options) => ({
      type: requestType,
      prepare: () => prepare(method, url, options),
    }),
    extend: (defaults) =>
      toHttp(target, mergeOptions("extend", defaults, { names: createNames, before })),
  };
}
