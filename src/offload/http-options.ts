/**
 * What can be said of requests: once for all of them, or for each.
 *
 * @module
 */

import type { Duration } from "../async/duration.ts";
import type { Names } from "../options.ts";
import type { BudgetUse } from "../protocol/budget-request.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { AnyHttpCallback, HttpCallbackOf } from "./define-http-callback.ts";
import type { Payloads } from "./payloads/create-payloads.ts";
import type { CallbackJob } from "./records.ts";
import type { HttpRetryOptions } from "./retry-options.ts";
import type { SecretRef } from "./secret.ts";

/** Headers: an object, pairs, or `Headers`. Undefined takes one away that stands in the defaults. */
export type HttpHeaders =
  | Headers
  | readonly (readonly [name: string, value: string | SecretRef])[]
  | Readonly<Record<string, string | SecretRef | undefined>>;

/** The value of a parameter of the query. Null and undefined take one away that stands in the defaults. */
export type HttpParam = string | number | boolean | null | undefined;

/** Parameters of the query; a list repeats the name. */
export type HttpParams = Readonly<Record<string, HttpParam | SecretRef | readonly HttpParam[]>>;

/** What can be said once for many requests; each may say otherwise. */
export interface HttpDefaults {
  /** What addresses are resolved against, as `new URL(address, baseUrl)` does it: let it end in a slash. */
  readonly baseUrl?: string | URL | undefined;
  /** Headers; those of a request are added, and win. A value may be a `secret`. */
  readonly headers?: HttpHeaders | undefined;
  /** Parameters that are added to the query; those of a request are added, and win. A value may be a `secret`. */
  readonly params?: HttpParams | undefined;
  /**
   * How long the exchange may take, redirects and the body and all, in ms.
   *
   * @default {60000}
   */
  readonly timeoutMs?: number | undefined;
  /** The same, in ms or as text (`"10m"`); in the place of `timeoutMs`. */
  readonly timeout?: Duration | undefined;
  /**
   * How long each hop of redirects may take, in ms.
   *
   * @default {no limit but `timeoutMs`}
   */
  readonly hopTimeoutMs?: number | undefined;
  /**
   * How long the other side may be silent within a body, in ms; for answers that come bit by bit.
   *
   * @default {no limit but `timeoutMs`}
   */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * How many redirects are followed; with 0 a redirect is an answer.
   *
   * @default {5}
   */
  readonly maxRedirects?: number | undefined;
  /**
   * How many bytes an answer may have, decoded.
   *
   * @default {1048576}
   */
  readonly maxBytes?: number | undefined;
  /**
   * Where answers go whose status is not from 200 to 299: to `onComplete` as all others, or to `onError`.
   *
   * @default {"complete"}
   */
  readonly httpErrors?: "complete" | "error" | undefined;
  /** The signers that the request goes through before it is sent, by their names at the worker, in order. */
  readonly sign?: string | readonly string[] | undefined;
  /** Headers that are not sent on to another origin, besides those that hold secrets and credentials. */
  readonly sensitiveHeaders?: readonly string[] | undefined;
  /**
   * Whether redirects from `https:` to `http:` are followed.
   *
   * @default {false}
   */
  readonly allowInsecureRedirects?: boolean | undefined;
  /**
   * How often the worker sends the request again at once when the connection fails before there is an answer. Only with methods
   * that may be repeated, or an `idempotencyKey`.
   *
   * @default {0}
   */
  readonly transportRetries?: number | undefined;
  /**
   * When the request is sent again later: how often, or more about it. Whatever its method: say it of requests that may come
   * twice.
   *
   * @default {0}
   */
  readonly retry?: number | HttpRetryOptions | undefined;
  /** What handles the answer: a callback, or the name of one that another program has. */
  readonly callback?: HttpCallbackOf<never> | string | undefined;
  /**
   * What the job of the request has: its `queue`, `priority`, `tags`, `meta`, `budgets` and so on. Members that a
   * request has replace those of the defaults.
   *
   * @default {the queue is "http", all else as of any job}
   */
  readonly job?: HttpJobSettings | undefined;
  /**
   * What the job of the callback has: its `queue`, `priority`, `retryLimit` and so on. It has the `meta` of the request's job.
   *
   * @default {the queue is "http-callbacks", all else as of any job}
   */
  readonly callbackJob?: CallbackJob | undefined;
}

/** What the job of a request has. How often it is tried is not said here: see `retry`. */
export interface HttpJobSettings extends
  Pick<
    EnqueueRequest,
    | "priority"
    | "readyAt"
    | "retention"
    | "uniqueKey"
    | "uniqueWhile"
    | "dependsOn"
    | "tags"
    | "history"
    | "meta"
  > {
  /** The queue: that of the worker that sends requests. */
  readonly queue?: string | undefined;
  /** The budgets that it draws on; a function gives them by the address, such as one for each host. */
  readonly budgets?: readonly BudgetUse[] | ((url: URL) => readonly BudgetUse[]) | undefined;
}

/** What is said when a client of requests is created, and not later. */
export interface CreateHttpOptions extends HttpDefaults {
  /** Puts large requests into a store, and encrypts them; the worker needs the same. */
  readonly payloads?: Payloads | undefined;
  /**
   * The callbacks that there are: a name that none of them has is refused.
   *
   * @default {not known here}
   */
  readonly callbacks?: readonly (AnyHttpCallback | string)[] | undefined;
}

/** What can be said of one request. */
export interface HttpRequestOptions extends HttpDefaults {
  /** The body, as JSON; also null, false and 0. Not together with `body`. */
  readonly json?: unknown;
  /** The body. Not of GET and HEAD. */
  readonly body?: string | Uint8Array | URLSearchParams | undefined;
  /**
   * A name of what is asked for, sent as `idempotency-key` by each try, so that a server does it once; true is the id of the
   * request.
   */
  readonly idempotencyKey?: string | true | undefined;
  /** How long to wait before the request is sent, in ms or as text. */
  readonly delay?: Duration | undefined;
  /**
   * A name of what is enqueued, such as the id of an event: calls with one key store one request. Not what the other server is
   * sent, which is `idempotencyKey`. Not of `of`.
   *
   * @default {one that the client makes}
   */
  readonly enqueueKey?: string | undefined;
  /** Ends the enqueuing, and not the request. Not of `of`. */
  readonly signal?: AbortSignal | undefined;
}

/** The arguments of the callback: needed if it needs some. */
export type CallbackArgs<Args> = unknown extends Args
  ? { readonly callbackArgs?: Readonly<Record<string, unknown>> | undefined }
  : Record<never, never> extends Args ? { readonly callbackArgs?: Args | undefined }
  : { readonly callbackArgs: Args };

/** What is said of a request whose callback takes `Args`. */
export type HttpRequest<Args> =
  & Omit<HttpRequestOptions, "callback">
  & { readonly callback?: HttpCallbackOf<Args> | string | undefined }
  & CallbackArgs<NoInfer<Args>>;

const defaultNames: Names<HttpDefaults> = {
  baseUrl: 1,
  headers: 1,
  params: 1,
  timeoutMs: 1,
  timeout: 1,
  hopTimeoutMs: 1,
  idleTimeoutMs: 1,
  maxRedirects: 1,
  maxBytes: 1,
  httpErrors: 1,
  sign: 1,
  sensitiveHeaders: 1,
  allowInsecureRedirects: 1,
  transportRetries: 1,
  retry: 1,
  callback: 1,
  job: 1,
  callbackJob: 1,
};

/** The members of `createHttp`. */
export const createNames: Names<CreateHttpOptions> = {
  ...defaultNames,
  payloads: 1,
  callbacks: 1,
};

/** The members of a request. */
export const requestNames: Names<HttpRequestOptions & { readonly callbackArgs?: unknown }> = {
  ...defaultNames,
  json: 1,
  body: 1,
  callbackArgs: 1,
  idempotencyKey: 1,
  delay: 1,
  enqueueKey: 1,
  signal: 1,
};
